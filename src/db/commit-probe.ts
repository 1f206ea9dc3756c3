import { setTimeout as delay } from 'node:timers/promises'
import { ApiError } from '../kernel/errors.ts'
import { translated } from './failures.ts'

/** How long to probe the outcome of a COMMIT, and the pause between two probes, in milliseconds. */
const PROBE_LIMIT_MS = 1500
const PAUSE_MS = 50

/** The connection was lost before the response to COMMIT. The transaction may be committed. */
export class CommitOutcomeUnknown extends Error {
  readonly result: unknown
  constructor(cause: unknown, result: unknown) {
    super('the answer to COMMIT was lost', { cause })
    this.result = result
  }
}

/**
 * Runs a transaction. If the response to COMMIT is lost, `wasCommitted` finds out whether the
 * transaction was committed. If it was, returns its result, otherwise runs it again. 503 if the
 * outcome is not known within 1.5 s, or if there is no `wasCommitted`.
 */
export async function withCommitProbe<T>(
  transact: () => Promise<T>,
  wasCommitted: (() => Promise<boolean>) | null,
): Promise<T> {
  const deadline = performance.now() + PROBE_LIMIT_MS
  for (;;) {
    try {
      return await transact()
    } catch (error) {
      if (!(error instanceof CommitOutcomeUnknown)) throw error
      const outcome = wasCommitted ? await probe(wasCommitted, deadline) : null
      if (outcome === null) throw translated(error.cause, 'it may have been written all the same')
      if (outcome) return error.result as T
    }
  }
}

/** Retries until the deadline while the database is unavailable. Then returns null. */
async function probe(
  wasCommitted: () => Promise<boolean>,
  deadline: number,
): Promise<boolean | null> {
  while (performance.now() < deadline) {
    try {
      return await wasCommitted()
    } catch (error) {
      const cause = error instanceof CommitOutcomeUnknown ? error.cause : error
      if (!(translated(cause) instanceof ApiError)) throw error
      await delay(PAUSE_MS)
    }
  }
  return null
}
