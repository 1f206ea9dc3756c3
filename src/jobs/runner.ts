import type { App } from '../app.ts'
import { createAnalyseGrown } from '../db/index.ts'
import { WrongClock } from '../kernel/errors.ts'
import { correctDueTimes, runDueWork } from './due-work.ts'
import type { WorkHandlers } from './types.ts'

/** The interval at which the runner looks for due work, in milliseconds of the machine's time. */
const POLL_MS = 1000
/** Tables that have grown are analysed at every tenth look, that is every 10 s. */
const LOOKS_UNTIL_ANALYSED = 10
/**
 * Work that is due impossibly late is corrected at the start and at every 3600th look, that is
 * hourly.
 */
const LOOKS_UNTIL_PUT_RIGHT = 3600

export type JobRunner = {
  /** Runs all work that is due now. Resolves when it is finished. */
  runNow(): Promise<number>
  /** Stops looking. Resolves when the running work has ended. */
  stop(): Promise<void>
}

/**
 * Looks for due work once a second, and for grown tables every ten seconds, one pass at a time. A
 * failure of the database is only logged. A wrong clock is not logged here, because the clock
 * itself reports when it turns wrong.
 */
export function startJobRunner(app: App, handlers: WorkHandlers): JobRunner {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let pass: Promise<number> = Promise.resolve(0)

  const runNow = (): Promise<number> => {
    pass = pass.catch(() => 0).then(() => (stopped ? 0 : runDueWork(app, handlers)))
    return pass
  }
  const analyseGrown = createAnalyseGrown(app.db)
  let looks = 0
  const look = async () => {
    if (looks % LOOKS_UNTIL_PUT_RIGHT === 0) {
      pass = pass.catch(() => 0).then(() => (stopped ? 0 : correctDueTimes(app)))
      await pass
    }
    await runNow()
    looks += 1
    if (looks % LOOKS_UNTIL_ANALYSED !== 0 || stopped) return
    pass = pass.then(() => analyseGrown()).then(() => 0)
    await pass
  }
  const wait = () => {
    if (stopped) return
    timer = setTimeout(() => {
      look()
        .catch((error) => {
          if (error instanceof WrongClock) return
          app.log.warn({ err: error }, 'looking for due work failed')
        })
        .finally(wait)
    }, POLL_MS)
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
