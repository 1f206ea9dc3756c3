import { setTimeout as delay } from 'node:timers/promises'
import { MigrationError } from './migration.ts'

/** The interval of the messages about a wait, in milliseconds. */
const REPORT_MS = 10_000

export type WaitBudget = {
  /** Ends the wait at once. `migrate` then rejects with the reason of the signal. */
  signal?: AbortSignal | undefined
  /** How long all waits together may take, in milliseconds. */
  patienceMs?: number | undefined
  /** Called with the reason when a wait begins, and every 10 s. */
  onWait?: ((what: string) => void) | undefined
}

/** Another session holds a lock that a migration needs. Finished migrations remain applied. */
export class MigrationLater extends MigrationError {
  override readonly name = 'MigrationLater'
}

export type MigrationWait = {
  readonly signal: AbortSignal | undefined
  /** Pauses because of `what`. Throws `MigrationLater` when the time is used up. */
  pause(what: string, ms: number): Promise<void>
}

/** Creates the waits of one migration. They share one time limit and use the machine's clock. */
export function createMigrationWait(budget: WaitBudget): MigrationWait {
  const { signal, patienceMs = 300_000, onWait } = budget
  let waitedMs = 0
  let reportedAtMs = Number.NEGATIVE_INFINITY
  let since = performance.now()
  return {
    signal,
    pause: async (what, ms) => {
      const now = performance.now()
      // The time between two pauses counts, too, because it was spent on an attempt that failed.
      if (waitedMs > 0) waitedMs += now - since
      if (waitedMs >= patienceMs)
        throw new MigrationLater(
          `the schema is not up to date yet: after ${Math.round(patienceMs / 1000)} s, its ` +
            `migration still waits for ${what}; try again when that has ended`,
        )
      if (now - reportedAtMs >= REPORT_MS) {
        reportedAtMs = now
        onWait?.(`waiting for ${what}`)
      }
      await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {})
      signal?.throwIfAborted()
      waitedMs += performance.now() - now
      since = performance.now()
    },
  }
}
