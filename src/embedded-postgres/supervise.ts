import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { acceptsConnections, type Connection } from './probe.ts'
import { readPidFile, stopLeftovers } from './processes.ts'
import { type ProgramExit, startProgram } from './program.ts'
import { type EmbeddedLog, forwardLog } from './server-log.ts'
import { EmbeddedStartError, explainFailure } from './start-errors.ts'
import type { DatabaseUser } from './user.ts'

/** The parameters with which the postmaster of a cluster is started. */
export type Launch = {
  binaries: string
  flags: string[]
  clusterDir: string
  user: DatabaseUser
  connection: Connection
  log: EmbeddedLog
}

type Run = {
  pid: number
  startedAt: number
  ended: Promise<ProgramExit>
  hasEnded: boolean
  tail: () => string
  kill: (signal: NodeJS.Signals) => void
}

const POLL_MS = 10
/** The interval of the log lines during a long start. A recovery may have to replay much WAL. */
const STILL_STARTING_MS = 10_000
/**
 * How long a fast shutdown may take, which writes a checkpoint. Then an immediate shutdown follows,
 * and the next start recovers.
 */
const FAST_STOP_MS = 10_000
const IMMEDIATE_STOP_MS = 5_000
const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 5_000
/** After a run of this length, the backoff starts again from its minimum. */
const GOOD_RUN_MS = 60_000

/** Keeps one postmaster running, from `start` to `stop`. */
export class Supervisor {
  readonly #launch: Launch
  readonly #stopping = new AbortController()
  #run: Run
  #supervision: Promise<void>
  #stopped: Promise<void> | null = null

  private constructor(launch: Launch, run: Run) {
    this.#launch = launch
    this.#run = run
    process.on('exit', this.#onExit)
    this.#supervision = this.#restartUntilStopped()
  }

  /** Starts the database. Throws an `EmbeddedStartError` if it ends before it is ready. */
  static async start(launch: Launch): Promise<Supervisor> {
    const run = startPostmaster(launch)
    try {
      if (await untilReady(launch, run)) return new Supervisor(launch, run)
    } catch (error) {
      await endRun(run)
      throw new EmbeddedStartError(
        `The embedded PostgreSQL refuses connections (${(error as Error).message}).`,
        { cause: error },
      )
    }
    const { spawnCode } = await run.ended
    // Its last lines may still be in the pipe.
    await delay(2 * POLL_MS)
    throw explainFailure(
      { spawnCode, output: run.tail() },
      { clusterDir: launch.clusterDir, uid: launch.user.uid },
    )
  }

  /** Resolves once a connection is accepted. Rejects only if the database is being stopped. */
  async ready(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      if (await isReady(this.#launch, this.#run).catch(() => false)) return
      await delay(POLL_MS)
    }
    throw new Error('the embedded database is stopped')
  }

  /** Ends the supervision and stops the database, cleanly if it does not take long. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#stopping.abort()
    process.off('exit', this.#onExit)
    const { log, clusterDir, connection } = this.#launch
    const isClean = await endRun(this.#run)
    await this.#supervision
    if (isClean) return
    log.warn({}, 'the embedded database did not stop cleanly; the next start recovers it')
    await stopLeftovers(clusterDir, connection.host)
  }

  /** If the server exits without `stop`, the signal makes the database stop cleanly. */
  readonly #onExit = () => this.#run.kill('SIGINT')

  async #restartUntilStopped(): Promise<void> {
    const { log, clusterDir, connection } = this.#launch
    const { signal } = this.#stopping
    let failures = 0
    for (;;) {
      const end = await this.#run.ended
      if (signal.aborted) return
      failures = performance.now() - this.#run.startedAt > GOOD_RUN_MS ? 1 : failures + 1
      const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS)
      log.error({ ...end, backoffMs }, 'the embedded database ended; it is started again')
      await delay(backoffMs, null, { signal }).catch(() => {})
      if (signal.aborted) return
      await stopLeftovers(clusterDir, connection.host).catch((error) => {
        log.error(
          { err: error },
          'left-over processes of the embedded database could not be stopped',
        )
      })
      if (signal.aborted) return
      this.#run = startPostmaster(this.#launch)
      const run = this.#run
      const logReady = () => log.info({}, 'the embedded database accepts connections again')
      void untilReady(this.#launch, run).then((isUp) => isUp && logReady(), logRefusal(log))
    }
  }
}

function logRefusal(log: EmbeddedLog): (error: Error) => void {
  return (error) => log.error({ err: error }, 'the embedded database refuses connections')
}

function startPostmaster(launch: Launch): Run {
  const { child, ended } = startProgram(join(launch.binaries, 'bin/postgres'), launch.flags, {
    user: launch.user,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const tail = child.stderr ? forwardLog(child.stderr, launch.log) : () => ''
  const run: Run = {
    pid: child.pid ?? 0,
    startedAt: performance.now(),
    ended,
    hasEnded: false,
    tail,
    kill: (signal) => child.kill(signal),
  }
  void ended.then(() => {
    run.hasEnded = true
  })
  return run
}

/** Returns true once connections are accepted, or false if the postmaster ends before. */
async function untilReady(launch: Launch, run: Run): Promise<boolean> {
  let reportedAt = performance.now()
  while (!run.hasEnded) {
    if (await isReady(launch, run)) return true
    if (performance.now() - reportedAt > STILL_STARTING_MS) {
      launch.log.warn({}, 'the embedded database is still starting; it may be recovering')
      reportedAt = performance.now()
    }
    await delay(POLL_MS)
  }
  return false
}

/** Reads the pid file first: this is cheaper, and each refused connection is a line in the log. */
async function isReady(launch: Launch, run: Run): Promise<boolean> {
  const pidFile = readPidFile(launch.clusterDir)
  if (run.hasEnded || !pidFile?.ready || pidFile.pid !== run.pid) return false
  return acceptsConnections(launch.connection)
}

/** Stops a run with ever harder signals. Returns whether it ended cleanly, now or before. */
async function endRun(run: Run): Promise<boolean> {
  const steps = [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
    ['SIGKILL', IMMEDIATE_STOP_MS],
  ] as const
  for (const [signal, waitMs] of steps) {
    if (!run.hasEnded) run.kill(signal)
    const timer = new AbortController()
    const late = delay(waitMs, null, { signal: timer.signal }).catch(() => null)
    const end = await Promise.race([run.ended, late])
    timer.abort()
    if (end) return signal === 'SIGINT' && end.code === 0
  }
  return false
}
