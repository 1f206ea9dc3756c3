import type { App } from '../app.ts'
import { runDueWork } from './due-work.ts'
import type { WorkHandlers } from './types.ts'

/** How often the machine's time is used to look for due work, in milliseconds. */
const POLL_MS = 1000

export type JobRunner = {
  /** Runs what is due now and waits for it. */
  runNow(): Promise<number>
  /** Stops looking; resolves when the piece that is running has ended. */
  stop(): Promise<void>
}

/**
 * Looks for due work once a second. One pass at a time; a failing database only costs a log line.
 */
export function startJobRunner(app: App, handlers: WorkHandlers): JobRunner {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let pass: Promise<number> = Promise.resolve(0)

  const runNow = (): Promise<number> => {
    pass = pass.catch(() => 0).then(() => (stopped ? 0 : runDueWork(app, handlers)))
    return pass
  }
  const wait = () => {
    if (stopped) return
    timer = setTimeout(() => {
      runNow()
        .catch((error) => app.log.warn({ err: error }, 'looking for due work failed'))
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
