import type { App } from '../app.ts'
import { createAnalyseGrown } from '../db/index.ts'
import { WrongClock } from '../kernel/errors.ts'
import { putWorkRight, runDueWork } from './due-work.ts'
import type { WorkHandlers } from './types.ts'

/** How often the machine's time is used to look for due work, in milliseconds. */
const POLL_MS = 1000
/** What was loaded is looked for every so many times. */
const LOOKS_UNTIL_ANALYSED = 10
/** Work that is due far too late is looked for at first, and then every so many times: hourly. */
const LOOKS_UNTIL_PUT_RIGHT = 3600

export type JobRunner = {
  /** Runs what is due now and waits for it. */
  runNow(): Promise<number>
  /** Stops looking; resolves when the piece that is running has ended. */
  stop(): Promise<void>
}

/**
 * Looks for due work once a second, and every ten for tables that have grown. One pass at a time; a
 * failing database only costs a log line, and a wrong clock none: that is told where it turns.
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
      pass = pass.catch(() => 0).then(() => (stopped ? 0 : putWorkRight(app)))
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
