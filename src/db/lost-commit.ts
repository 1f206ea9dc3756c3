import { setTimeout as delay } from 'node:timers/promises'
import { ApiError } from '../kernel/errors.ts'
import { translated } from './failures.ts'
import type { Tx } from './types.ts'

/** How long to find out what became of a COMMIT, and the pause between two attempts. */
const FIND_OUT_MS = 1500
const PAUSE_MS = 50

/** The connection went away before COMMIT was answered: it may have happened. */
export class LostCommit extends Error {
  readonly result: unknown
  constructor(cause: unknown, result: unknown) {
    super('the answer to COMMIT was lost', { cause })
    this.result = result
  }
}

export type Transact = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>

/**
 * Runs work in a transaction. When COMMIT was not answered, finds out what became of it, and begins
 * anew if it came to nothing. What cannot be found out in time is 503, as it is without
 * `isDurable`.
 */
export async function resolvingLostCommits<T>(
  transact: Transact,
  work: (tx: Tx) => Promise<T>,
  isDurable: ((tx: Tx) => Promise<boolean>) | undefined,
): Promise<T> {
  const deadline = performance.now() + FIND_OUT_MS
  for (;;) {
    try {
      return await transact(work)
    } catch (error) {
      if (!(error instanceof LostCommit)) throw error
      const found = isDurable ? await findOut(() => transact(isDurable), deadline) : null
      if (found === null) throw translated(error.cause, 'it may have been written all the same')
      if (found) return error.result as T
    }
  }
}

/** Null when the database did not tell before the deadline. */
async function findOut(ask: () => Promise<boolean>, deadline: number): Promise<boolean | null> {
  while (performance.now() < deadline) {
    try {
      return await ask()
    } catch (error) {
      const cause = error instanceof LostCommit ? error.cause : error
      if (!(translated(cause) instanceof ApiError)) throw error
      await delay(PAUSE_MS)
    }
  }
  return null
}
