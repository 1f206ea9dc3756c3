import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import type { WorkHandler } from '../jobs/index.ts'
import { NEXT_BATCH_MS, PURGE_BATCH_ROWS, scheduleRecurring } from '../jobs/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { deleteEventsBefore } from './outbox.ts'

export const PURGE_OUTBOX = 'outbox.trim'

const DAY_MS = 86_400_000

/**
 * The outbox of an environment is purged once a day of its clock. Call this when an environment is
 * created.
 */
export const scheduleOutboxPurge = (tx: Tx, app: App, scope: Scope) =>
  scheduleRecurring(tx, app, { scope, kind: PURGE_OUTBOX, afterMs: DAY_MS })

/** Deletes one batch at a time, until no expired events are left. */
export const purgeOutbox: WorkHandler = async (tx, work, now, app) => {
  const before = now - app.config.eventRetentionDays * DAY_MS
  const forgotten = await deleteEventsBefore(tx, work.scope, before)
  return forgotten < PURGE_BATCH_ROWS ? now + DAY_MS : now + NEXT_BATCH_MS
}
