import type { App } from '../app.ts'
import { createAnalyseGrown } from '../db/index.ts'
import { WrongClock } from '../kernel/errors.ts'
import { machine } from '../kernel/watched-clock.ts'
import { correctDueTimes, runDueWork } from './due-work.ts'
import type { WorkHandlers } from './types.ts'

/** The interval at which the runner looks for due work, in milliseconds of the machine's time. */
const POLL_MS = 1000
/** How often tables that have grown are analysed, in milliseconds of the machine's time. */
const ANALYSED_MS = 10_000
/** How often work that is due impossibly late is corrected, first at the start. */
const PUT_RIGHT_MS = 3_600_000

export type JobRunner = {
  /** Runs all work that is due now. Resolves when it is finished. */
  runNow(): Promise<number>
  /** Stops looking. Resolves when the running work has ended. */
  stop(): Promise<void>
}

/**
 * Looks for due work once a second, or again at once while some goes on, and for grown tables every
 * ten seconds, one pass at a time. A failure of the database is only logged. A wrong clock is not
 * logged here, because the clock itself reports when it turns wrong.
 */
export function startJobRunner(app: App, handlers: WorkHandlers): JobRunner {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let pass: Promise<number> = Promise.resolve(0)

  let goesOn = false
  const noteGoingOn = () => {
    goesOn = true
  }
  const runNow = (): Promise<number> => {
    pass = pass.catch(() => 0).then(() => (stopped ? 0 : runDueWork(app, handlers, noteGoingOn)))
    return pass
  }
  const analyseGrown = createAnalyseGrown(app.db)
  const isTimeToCorrect = every(PUT_RIGHT_MS, 0)
  const isTimeToAnalyse = every(ANALYSED_MS, ANALYSED_MS)
  const look = async () => {
    goesOn = false
    if (isTimeToCorrect()) {
      pass = pass.catch(() => 0).then(() => (stopped ? 0 : correctDueTimes(app)))
      await pass
    }
    await runNow()
    if (stopped || !isTimeToAnalyse()) return
    pass = pass.then(() => analyseGrown()).then(() => 0)
    await pass
  }
  const wait = () => {
    if (stopped) return
    const looking = () =>
      look()
        .catch((error) => {
          if (error instanceof WrongClock) return
          app.log.warn({ err: error }, 'looking for due work failed')
        })
        .finally(wait)
    timer = setTimeout(looking, goesOn ? 0 : POLL_MS)
  }
  wait()

  return {
    runNow,
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await pass.catch(() => 0)
    },
  }
}

/** Returns a function that is true once in each interval, first after `firstMs` milliseconds. */
function every(intervalMs: number, firstMs: number): () => boolean {
  let next = machine.monotonic() + firstMs
  return () => {
    const now = machine.monotonic()
    if (now < next) return false
    next = now + intervalMs
    return true
  }
}
