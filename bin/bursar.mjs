#!/usr/bin/env node
// The bootstrap: `node bin/bursar.mjs <command> [args…]`. It runs on Node 20 without node_modules:
//   1. installs the dependencies if they are not those of package-lock.json,
//   2. finds a Node that runs TypeScript: this one from version 24, else that in node_modules,
//   3. runs the command with it, passes signals on, and ends with its exit code. The command
//      `run <script.ts>` runs a script of this project. All others go to src/cli/main.ts.
// The command has an IPC channel to this process. Its event `disconnect` means that this process
// has ended.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const MODULES = join(ROOT, 'node_modules')
const STAMP = join(MODULES, '.bursar-stamp')
/** Exists while a bootstrap installs. It contains the pid of that bootstrap. */
const INSTALLING = join(ROOT, '.bursar-install.tmp')
/**
 * An installation that takes longer counts as dead. Its pid does not show that, because another
 * process may have it by now.
 */
const STALE_MS = 15 * 60_000
const OLDEST_NODE = 24
/**
 * Where Node keeps compiled sources. With it, a process starts with 1.0 instead of 1.7 s of work,
 * and an idle server has 132 instead of 167 MB. Node does without it if it cannot write there.
 */
const COMPILED = join(MODULES, '.cache/compiled')
const OPTIONS = {
  env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || COMPILED },
}

const [command, ...args] = process.argv.slice(2)
if (command === 'run' && !args[0]) fail('run needs the path of a script of this project.')
await install(command === 'run')
const script = command === 'run' ? args.shift() : 'src/cli/main.ts'
if (command !== undefined && command !== 'run') args.unshift(command)
const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
const end = await runScript(script, args, stdio)
if (end.error) fail(`The Node in node_modules does not run on this system (${end.error.code}).`)
process.exit(end.code)

/** Installs the dependencies of the lockfile if others are there. One process at a time. */
async function install(withDev) {
  const wanted = fs.readFileSync(join(ROOT, 'package-lock.json'))
  const hash = createHash('sha256').update(wanted).digest('hex')
  if (isInstalled(hash, wanted, withDev)) return
  process.stderr.write('installing dependencies…\n')
  while (!takeTurn()) await new Promise((done) => setTimeout(done, 200))
  const giveBack = () => fs.rmSync(INSTALLING, { force: true })
  process.once('exit', giveBack)
  // Another process may have installed them meanwhile.
  if (!isInstalled(hash, wanted, withDev)) {
    await runNpm(hash)
    // So that the first start, too, finds the sources compiled. It does not matter if this fails.
    await runScript('src/cli/main.ts', ['--help'], 'ignore')
  }
  process.off('exit', giveBack)
  giveBack()
}

async function runNpm(hash) {
  const npmArgs = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund']
  const npm = await run('npm', npmArgs, { cwd: ROOT, stdio: 'pipe' })
  if (npm.error) fail(`npm, which installs the dependencies, does not start (${npm.error.code}).`)
  process.stderr.write(npm.code === 0 ? '' : npm.output)
  if (npm.code !== 0) fail(`"npm ci" in ${ROOT} ended with ${npm.code}.`, npm.code)
  fs.writeFileSync(STAMP, hash)
  try {
    // npm links only the programs of dependencies. With this link, npx finds ours at once.
    fs.symlinkSync('../../bin/bursar.mjs', join(MODULES, '.bin/bursar'))
  } catch {
    // The link exists or cannot be created. Then npx finds the program by package.json.
  }
}

/**
 * Returns whether the dependencies are those of the lockfile: by the stamp of an earlier
 * installation, or by npm's own record if somebody else ran npm.
 */
function isInstalled(hash, wanted, withDev) {
  if (readOrNull(STAMP) === hash) return true
  const record = readOrNull(join(MODULES, '.package-lock.json'))
  if (record === null) return false
  const present = JSON.parse(record).packages
  return Object.entries(JSON.parse(wanted).packages).every(([path, own]) => {
    const found = present[path]
    if (!found) return path === '' || own.optional || own.devOptional || (own.dev && !withDev)
    return found.version === own.version && found.integrity === own.integrity
  })
}

/** Returns whether this process may install. Another one may be installing. */
function takeTurn() {
  try {
    fs.writeFileSync(INSTALLING, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') fail(`The dependencies cannot be installed (${error.message}).`)
  }
  const ageMs = Date.now() - (fs.statSync(INSTALLING, { throwIfNoEntry: false })?.mtimeMs ?? 0)
  const pid = Number(readOrNull(INSTALLING))
  // If the file is empty, its process is about to write the pid, or was killed before that.
  const isStale = ageMs > STALE_MS || (pid ? !isAlive(pid) : ageMs > 5_000)
  if (isStale) fs.rmSync(INSTALLING, { force: true })
  return false
}

function runScript(script, scriptArgs, stdio) {
  const nodeArgs = ['--disable-warning=ExperimentalWarning', resolve(ROOT, script), ...scriptArgs]
  return run(findNode(), nodeArgs, { ...OPTIONS, stdio })
}

function findNode() {
  if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) return process.execPath
  const node = join(MODULES, `node-${process.platform}-${process.arch}/bin/node`)
  if (!fs.existsSync(node)) {
    const why = `this is ${process.versions.node}, and no other one came with the dependencies`
    fail(
      `Bursar needs Node ${OLDEST_NODE} or newer; ${why} for ${process.platform}-${process.arch}.`,
    )
  }
  try {
    fs.accessSync(node, fs.constants.X_OK)
  } catch {
    // Some ways to copy a project lose the permissions of its files.
    fs.chmodSync(node, 0o755)
  }
  return node
}

/**
 * Runs a program to its end and passes signals on. If a signal has killed it, `code` is 128 + the
 * number of the signal.
 */
function run(program, programArgs, options) {
  const child = spawn(program, programArgs, options)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  let output = ''
  const collect = (text) => {
    output += text
  }
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  return new Promise((done) => {
    child.once('error', (error) => done({ code: 1, error, output }))
    child.once('close', (code, signal) => {
      done({ code: code ?? 128 + constants.signals[signal], output })
    })
  })
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function readOrNull(path) {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function fail(sentence, code = 1) {
  process.stderr.write(`${sentence}\n`)
  process.exit(code)
}
