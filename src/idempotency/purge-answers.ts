import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import type { WorkHandler } from '../jobs/index.ts'
import { NEXT_BATCH_MS, PURGE_BATCH_ROWS, scheduleRecurring } from '../jobs/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { deleteAnswers } from './store.ts'

export const PURGE_ANSWERS = 'idempotency.trim'

const HOUR_MS = 3_600_000
/** For how long a stored response is returned to repetitions, in milliseconds. */
export const ANSWER_RETENTION_MS = 24 * HOUR_MS

/** Schedules the purge of an environment's stored responses, once an hour by the clock. */
export const scheduleAnswerPurge = (tx: Tx, app: App, scope: Scope) =>
  scheduleRecurring(tx, app, { scope, kind: PURGE_ANSWERS, afterMs: HOUR_MS })

/** Deletes one batch of responses that are too old. Runs again soon if there are more. */
export const purgeAnswers: WorkHandler = async (tx, work, now) => {
  const forgotten = await deleteAnswers(tx, work.scope, now - ANSWER_RETENTION_MS)
  return now + (forgotten < PURGE_BATCH_ROWS ? HOUR_MS : NEXT_BATCH_MS)
}
