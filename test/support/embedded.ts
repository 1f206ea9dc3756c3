import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { clusterOf, temporaryDirs } from '../../src/embedded-postgres/location.ts'
import type { Connection } from '../../src/embedded-postgres/probe.ts'
import { clusterName } from '../../src/embedded-postgres/processes.ts'
import type { EmbeddedLog } from '../../src/embedded-postgres/server-log.ts'
import { recordedHome } from '../../src/embedded-postgres/state-file.ts'
import { canEnter, databaseUser } from '../../src/embedded-postgres/user.ts'

const FOLDER = join(import.meta.dirname, '../../src/embedded-postgres')

export const isRoot = process.getuid?.() === 0

/** Creates a log that stores its messages. */
export function memoryLog(): EmbeddedLog & { messages: string[] } {
  const messages: string[] = []
  const keep = (_fields: object, message: string) => void messages.push(message)
  return { messages, info: keep, warn: keep, error: keep }
}

/**
 * Returns a path for a data directory in a new temporary directory of mode 0700, as `mktemp -d`
 * makes it. If root runs the test, the database cannot be inside it. After the test, its processes
 * are killed and its files are removed.
 */
export function privateDataDir(t: TestContext): string {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'bursar-embedded-')))
  const dataDir = join(parent, 'data')
  t.after(() => cleanUp(parent, dataDir))
  return dataDir
}

/** The same in a directory that everybody may enter, so that root's database can be inside it. */
export function dataDirOf(t: TestContext, name = 'data'): string {
  const parent = enterableDir()
  const dataDir = join(parent, name)
  t.after(() => cleanUp(parent, dataDir))
  return dataDir
}

/** Creates a directory that the database's user can enter, even if only root can enter `TMPDIR`. */
function enterableDir(): string {
  const base = temporaryDirs().find((each) => canEnter(each, databaseUser('/nowhere')))
  const path = realpathSync(mkdtempSync(join(base ?? tmpdir(), 'bursar-embedded-')))
  chmodSync(path, 0o755)
  return path
}

let template: Promise<string> | null = null
/** Where `template` is. It is removed when the process ends, which can run several test files. */
let templateDir: string | null = null
process.once('exit', () => {
  if (templateDir !== null) cleanUp(dirname(templateDir), templateDir)
})

/** Returns a copy of a data directory that was started before, because `initdb` is slow. */
export async function startedDataDir(t: TestContext): Promise<string> {
  template ??= makeTemplate()
  const dataDir = dataDirOf(t)
  const copied = spawnSync('cp', ['-a', await template, dataDir])
  if (copied.status !== 0) throw new Error(String(copied.stderr))
  return dataDir
}

async function makeTemplate(): Promise<string> {
  const dataDir = join(enterableDir(), 'data')
  templateDir = dataDir
  const { startEmbedded } = await import('../../src/embedded-postgres/index.ts')
  await (await startEmbedded({ dataDir, log: memoryLog() })).stop()
  return dataDir
}

/** Running owners. Those of a failed test are killed, or they would start their database again. */
const owners = new Set<ChildProcess>()

function cleanUp(parent: string, dataDir: string): void {
  for (const owner of owners) owner.kill('SIGKILL')
  owners.clear()
  const home = recordedHome(dataDir)
  if (home) {
    for (const pid of processesOf(clusterOf(home))) process.kill(pid, 'SIGKILL')
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
    rmSync(`${home}.lock`, { force: true })
    for (const name of globSync(`${home}.old-*`)) rmSync(name, { recursive: true })
  }
  rmSync(parent, { recursive: true, force: true, maxRetries: 5 })
  if (home && !home.startsWith(parent)) removeIfEmpty(dirname(home))
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch {
    // It contains the database of another test.
  }
}

/** Returns all running processes of a cluster, without using the code under test. */
export function processesOf(clusterDir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      const title = commandLine(name)
      return title.includes(clusterDir) || title.includes(`${clusterName(clusterDir)}:`)
    })
    .map(Number)
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

/** Waits until a condition is true. Fails after half a minute. */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3_000; tries++) {
    if (isTrue()) return
    await delay(10)
  }
  throw new Error(`this never became true: ${what}`)
}

/** Runs one statement on a new connection. */
export async function query(
  connection: Connection | { connectionString: string },
  sql: string,
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(connection)
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** A process that starts the database of a directory and reports with one line of JSON. */
export type Owner = { child: ChildProcess; report: Promise<Report> }
export type Report = { connection: Connection; clusterDir: string } | { failed: string }

/**
 * Starts `embedded-owner.ts`. With `uid` it becomes that user before it loads anything from
 * `folder`, which then must be readable to that user.
 */
export function startOwner(
  dataDir: string,
  options: { leave?: boolean; uid?: number; folder?: string } = {},
): Owner {
  const script = join(import.meta.dirname, 'embedded-owner.ts')
  const child = spawn(process.execPath, [script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      OWNER: JSON.stringify({ folder: FOLDER, ...options, dataDir }),
    },
  })
  const report = new Promise<Report>((resolve, reject) => {
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
      if (text.endsWith('\n')) resolve(JSON.parse(text) as Report)
    })
    child.once('exit', () => reject(new Error('the owner ended without a report')))
  })
  report.catch(() => {})
  owners.add(child)
  return { child, report }
}

/** Kills the owner with SIGKILL. Its database keeps running. */
export async function killOwner(owner: Owner): Promise<void> {
  owner.child.kill('SIGKILL')
  if (owner.child.exitCode === null && owner.child.signalCode === null) {
    await once(owner.child, 'exit')
  }
}

/** Returns the report of an owner whose start succeeded. */
export async function started(owner: Owner): Promise<Exclude<Report, { failed: string }>> {
  const report = await owner.report
  if ('failed' in report) throw new Error(report.failed)
  return report
}
