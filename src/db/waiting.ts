import { setTimeout as delay } from 'node:timers/promises'
import { MigrationError } from './migration.ts'

/** Milliseconds between two lines that say what is waited for. */
const TELL_MS = 10_000

export type WaitBudget = {
  /** Ends the wait at once: `migrate` then rejects with the reason of the signal. */
  signal?: AbortSignal | undefined
  /** How long all waiting together may take, in milliseconds. */
  patienceMs?: number | undefined
  /** Told what is waited for when a wait begins, and every ten seconds. */
  onWait?: ((what: string) => void) | undefined
}

/** Something holds what a migration needs. It changed nothing that was not finished; try later. */
export class MigrationLater extends MigrationError {
  override readonly name = 'MigrationLater'
}

export type MigrationWait = {
  readonly signal: AbortSignal | undefined
  /** Pauses because of `what`. Throws `MigrationLater` when the patience is used up. */
  pause(what: string, ms: number): Promise<void>
}

/** The waits of one migration, which share one patience. Paced by the machine's clock. */
export function createWaiting({ signal, patienceMs = 300_000, onWait }: WaitBudget): MigrationWait {
  let waitedMs = 0
  let toldAtMs = Number.NEGATIVE_INFINITY
  let since = performance.now()
  return {
    signal,
    pause: async (what, ms) => {
      const now = performance.now()
      // What was done between two pauses was waiting, too: an attempt that came to nothing.
      if (waitedMs > 0) waitedMs += now - since
      if (waitedMs >= patienceMs)
        throw new MigrationLater(
          `the schema is not up to date yet: after ${Math.round(patienceMs / 1000)} s it still ` +
            `waits for ${what}; try again when that has ended`,
        )
      if (now - toldAtMs >= TELL_MS) {
        toldAtMs = now
        onWait?.(`waiting for ${what}`)
      }
      await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {})
      signal?.throwIfAborted()
      waitedMs += performance.now() - now
      since = performance.now()
    },
  }
}
