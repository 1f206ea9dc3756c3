import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { scheduleRecurring, type WorkHandler } from '../jobs/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { FORGOTTEN_AT_ONCE, forgetAnswers } from './store.ts'

export const TRIM_ANSWERS = 'idempotency.trim'

const HOUR_MS = 3_600_000
/** For how long an answer counts, in milliseconds. */
export const KEPT_MS = 24 * HOUR_MS
/** Other work gets its turn in between. */
const NEXT_PART_MS = 1

/** An environment that has answers is trimmed once an hour of its clock. */
export const scheduleTrimming = (tx: Tx, app: App, scope: Scope) =>
  scheduleRecurring(tx, app, { scope, kind: TRIM_ANSWERS, afterMs: HOUR_MS })

/** A part at a time, until nothing is left that is too old. */
export const trimAnswers: WorkHandler = async (tx, work, now) => {
  const forgotten = await forgetAnswers(tx, work.scope, now - KEPT_MS)
  return now + (forgotten < FORGOTTEN_AT_ONCE ? HOUR_MS : NEXT_PART_MS)
}
