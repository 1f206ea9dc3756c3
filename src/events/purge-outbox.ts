import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { scheduleRecurring, type WorkHandler } from '../jobs/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { FORGOTTEN_AT_ONCE, forgetBefore } from './outbox.ts'

export const PURGE_OUTBOX = 'outbox.trim'

const DAY_MS = 86_400_000
/** Other work gets its turn in between. */
const NEXT_PART_MS = 1

/** Every environment's outbox is trimmed once a day of its clock. Called when one is made. */
export const scheduleOutboxPurge = (tx: Tx, app: App, scope: Scope) =>
  scheduleRecurring(tx, app, { scope, kind: PURGE_OUTBOX, afterMs: DAY_MS })

/** A part at a time, until nothing is left that is too old. */
export const purgeOutbox: WorkHandler = async (tx, work, now, app) => {
  const before = now - app.config.eventRetentionDays * DAY_MS
  const forgotten = await forgetBefore(tx, work.scope, before)
  return forgotten < FORGOTTEN_AT_ONCE ? now + DAY_MS : now + NEXT_PART_MS
}
