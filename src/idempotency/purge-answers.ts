import { allGone, type Purge } from '../jobs/index.ts'
import { deleteAnswers } from './store.ts'

const HOUR_MS = 3_600_000
/** For how long a stored response is returned to repetitions, in milliseconds. */
export const ANSWER_RETENTION_MS = 24 * HOUR_MS

/** Deletes stored responses that are too old. */
export const answerPurge: Purge = {
  kind: 'idempotency.trim',
  everyMs: HOUR_MS,
  async runStep(tx, scope, now) {
    return [allGone(await deleteAnswers(tx, scope, now - ANSWER_RETENTION_MS))]
  },
}
