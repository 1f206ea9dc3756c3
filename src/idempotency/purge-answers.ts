import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { scheduleRecurring, type WorkHandler } from '../jobs/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { deleteAnswers, PURGE_BATCH_ROWS } from './store.ts'

export const PURGE_ANSWERS = 'idempotency.trim'

const HOUR_MS = 3_600_000
/** For how long an answer counts, in milliseconds. */
export const ANSWER_RETENTION_MS = 24 * HOUR_MS
/** Between two batches, other work can run. */
const NEXT_PART_MS = 1

/** An environment that has answers is trimmed once an hour of its clock. */
export const scheduleAnswerPurge = (tx: Tx, app: App, scope: Scope) =>
  scheduleRecurring(tx, app, { scope, kind: PURGE_ANSWERS, afterMs: HOUR_MS })

/** A part at a time, until nothing is left that is too old. */
export const purgeAnswers: WorkHandler = async (tx, work, now) => {
  const forgotten = await deleteAnswers(tx, work.scope, now - ANSWER_RETENTION_MS)
  return now + (forgotten < PURGE_BATCH_ROWS ? HOUR_MS : NEXT_PART_MS)
}
