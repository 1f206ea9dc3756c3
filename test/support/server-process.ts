import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { templateDataDir } from './connection.ts'
import { until, within } from './deadline.ts'
import { clusterDirOf, processesOn } from './processes.ts'
import { stateCacheSettings } from './state-cache.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The configured key of each server that a test starts, unless the test sets another one. */
export const API_KEY = 'process-test-key-0123456789'

/** How a server is started. `node`: without the bootstrap. `npm`: by `npm start`. */
export type Way = 'node' | 'npm'
export type End = { code: number | null; signal: NodeJS.Signals | null }
export type StartLine = { url: string; database: string }

/** One start of the real server. `settings` are environment variables; null unsets one. */
export type Launch = { settings?: Record<string, string | null>; way?: Way }

export type ServerProcess = {
  /** The pid of the spawned process, which has its own process group. */
  readonly pid: number
  readonly ended: Promise<End>
  hasEnded(): boolean
  /** Returns its output so far. */
  stdout(): string
  stderr(): string
  /** Waits for the start line. Fails if the process ends without one. */
  started(): Promise<StartLine>
  /** Sends a signal only to the spawned process. */
  kill(signal: NodeJS.Signals): void
  /** Sends a signal to its whole group, as Ctrl-C at a terminal does. */
  killGroup(signal: NodeJS.Signals): void
  /** Waits until the process has ended. */
  end(): Promise<End>
}

/** A data directory for one test, and the servers that run on it. */
export type Place = {
  readonly dataDir: string
  launch(launch?: Launch): ServerProcess
  /** Launches a server and waits for its start line. */
  start(launch?: Launch): Promise<ServerProcess & StartLine>
  /** Returns the processes that work on the data directory. */
  processes(): string[]
}

/**
 * Creates a place. When the test ends, its processes are killed and its files removed. Its database
 * exists and is migrated, but has no environment yet. With `isNew`, the data directory does not
 * exist, for tests of the first start.
 */
export function openPlace(t: TestContext, { isNew = false } = {}): Place {
  const base = mkdtempSync(join(tmpdir(), 'bursar-process-'))
  // If root runs the test, the database runs as another user, who must be able to enter.
  chmodSync(base, 0o755)
  const dataDir = join(base, 'data')
  const template = isNew ? null : templateDataDir()
  if (template !== null) {
    const copied = spawnSync('cp', ['-a', template, dataDir])
    assert.equal(copied.status, 0, String(copied.stderr))
  }
  const launch = (options: Launch = {}) => launchServer(dataDir, options)
  t.after(async () => {
    await killAll(dataDir)
    const home = dirname(clusterDirOf(dataDir))
    for (const path of [home, `${home}.lock`, base]) rmSync(path, { recursive: true, force: true })
  })
  return {
    dataDir,
    launch,
    start: async (options) => {
      const server = launch(options)
      return { ...server, ...(await server.started()) }
    },
    processes: () => processesOn(dataDir).map(({ pid, title }) => `${pid} ${title}`),
  }
}

async function killAll(dataDir: string): Promise<void> {
  await until(`the processes on ${dataDir} are gone`, () => {
    const left = processesOn(dataDir)
    for (const { pid } of left) signal(pid, 'SIGKILL')
    return left.length === 0
  })
}

/** Sends a signal to a process, which may have ended meanwhile. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH')
  }
}

/**
 * Returns the environment of a program. It contains what the program needs, but no variables of the
 * test runner, npm or a debugger.
 */
function environment(dataDir: string, settings: Record<string, string | null>) {
  const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'NODE_COMPILE_CACHE', 'npm_config_cache']
  const all = {
    ...Object.fromEntries(inherited.map((name) => [name, process.env[name] ?? null])),
    BURSAR_DATA_DIR: dataDir,
    BURSAR_PORT: '0',
    BURSAR_API_KEY: API_KEY,
    ...stateCacheSettings(),
    ...settings,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as Record<
    string,
    string
  >
}

function launchServer(dataDir: string, { settings = {}, way = 'node' }: Launch): ServerProcess {
  const [program, args] =
    way === 'npm'
      ? ['npm', ['start', '--silent']]
      : [process.execPath, [join(ROOT, 'src/cli/main.ts'), 'serve']]
  const child = spawn(program, args, {
    cwd: ROOT,
    detached: true,
    env: environment(dataDir, settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  let hasEnded = false
  const ended = endOf(child).finally(() => {
    hasEnded = true
  })
  const pid = child.pid ?? 0
  const told = () => `stdout: ${stdout()}\nstderr: ${stderr().slice(-4000)}`
  return {
    pid,
    ended,
    hasEnded: () => hasEnded,
    stdout,
    stderr,
    started: () =>
      until(`the start line\n${told()}`, () => {
        const line = startLineOf(stdout())
        assert.ok(line !== null || !hasEnded, `the server ended before its start line\n${told()}`)
        return line
      }),
    kill: (name) => signal(pid, name),
    killGroup: (name) => signal(-pid, name),
    end: () => within(`the end of the server`, ended),
  }
}

function startLineOf(stdout: string): StartLine | null {
  const match = /^Bursar is listening on (\S+) \(database: (.+)\)$/m.exec(stdout)
  const [, url, database] = match ?? []
  return url === undefined || database === undefined ? null : { url, database }
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  return () => text
}

/** Waits for `exit`, not `close`: a process left behind could keep the pipes open for ever. */
function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signalName) => resolve({ code, signal: signalName }))
  })
}

/** Stops a server and asserts that it ends with 0 and leaves no process behind. */
export async function endCleanly(place: Place, server: ServerProcess): Promise<void> {
  server.kill('SIGTERM')
  await assertCleanEnd(place, server)
}

/** Asserts that a server has ended with 0, and that no process works on its data directory. */
export async function assertCleanEnd(place: Place, server: ServerProcess): Promise<void> {
  const end = await server.end()
  const left = place.processes()
  assert.deepEqual(end, { code: 0, signal: null }, server.stderr().slice(-4000))
  assert.deepEqual(left, [], 'processes were left behind')
}
