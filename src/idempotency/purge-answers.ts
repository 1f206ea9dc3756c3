import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { scheduleRecurring, type WorkHandler } from '../jobs/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { deleteAnswers, PURGE_BATCH_ROWS } from './store.ts'

export const PURGE_ANSWERS = 'idempotency.trim'

const HOUR_MS = 3_600_000
/** For how long an answer is repeated, in milliseconds. */
export const ANSWER_RETENTION_MS = 24 * HOUR_MS
/** The pause between two batches, in which other work can run, in milliseconds. */
const NEXT_PART_MS = 1

/** Schedules the purge of an environment's answers, once an hour by the clock. */
export const scheduleAnswerPurge = (tx: Tx, app: App, scope: Scope) =>
  scheduleRecurring(tx, app, { scope, kind: PURGE_ANSWERS, afterMs: HOUR_MS })

/** Deletes one batch of answers that are too old. Runs again soon if there are more. */
export const purgeAnswers: WorkHandler = async (tx, work, now) => {
  const forgotten = await deleteAnswers(tx, work.scope, now - ANSWER_RETENTION_MS)
  return now + (forgotten < PURGE_BATCH_ROWS ? HOUR_MS : NEXT_PART_MS)
}
