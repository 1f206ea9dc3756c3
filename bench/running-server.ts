import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export const API_KEY = 'bench-key-of-the-loopback-server'

/** The ways to start a server: as a bare process, or by `npm start`. */
export const WAYS = {
  process: [process.execPath, '--disable-warning=ExperimentalWarning', 'src/cli/main.ts', 'serve'],
  npm: ['npm', 'start', '--silent'],
} as const

export type RunningServer = {
  readonly url: string
  readonly pid: number
  /** The time from the spawn to the line with the address, in milliseconds. */
  readonly startMs: number
  /** Stops the server. Rejects if it does not exit with 0. */
  stop(): Promise<void>
}

/** Environment variables in addition to those of all measured servers. */
export type Settings = Readonly<Record<string, string>>

const running = new Set<ChildProcess>()

/**
 * Starts the real server on a data directory and a free port. `root` is the folder of the checkout
 * whose server it is.
 */
export function startServer(
  dataDir: string,
  way: keyof typeof WAYS = 'process',
  settings: Settings = {},
  root = ROOT,
): Promise<RunningServer> {
  const [program, ...args] = WAYS[way]
  const start = performance.now()
  const child = spawn(program, args, {
    cwd: root,
    env: { ...environment(dataDir), ...settings },
    // By the channel the server notices when this process ends. npm would not pass it on.
    stdio: ['ignore', 'pipe', 'pipe', way === 'process' ? 'ipc' : 'ignore'],
  })
  running.add(child)
  let output = ''
  let errors = ''
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  ended.then(() => running.delete(child)).catch(() => {})
  child.stderr?.on('data', (text) => {
    errors = (errors + text).slice(-4000)
  })
  const stop = async () => {
    child.kill('SIGTERM')
    const code = await ended
    if (code !== 0) throw new Error(`the server ended with ${code}\n${errors}`)
  }
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (text) => {
      output += text
      const url = /listening on (http:\S+)/.exec(output)?.[1]
      if (url === undefined || child.pid === undefined) return
      resolve({ url, pid: child.pid, startMs: performance.now() - start, stop })
    })
    ended.then(() => reject(new Error(`the server did not start\n${output}${errors}`)), reject)
  })
}

/** Kills all servers when the run is aborted. */
export function killServers(): void {
  for (const child of running) child.kill('SIGTERM')
}

/** Omits the configuration of the user's own server. */
function environment(dataDir: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => name !== 'DATABASE_URL' && !name.startsWith('BURSAR_'),
  )
  return {
    ...Object.fromEntries(kept),
    BURSAR_DATA_DIR: dataDir,
    BURSAR_PORT: '0',
    BURSAR_API_KEY: API_KEY,
  }
}
