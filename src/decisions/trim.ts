import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import type { WorkHandler } from '../jobs/index.ts'
import { NEXT_BATCH_MS, PURGE_BATCH_ROWS, scheduleRecurring } from '../jobs/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { countDecisions, deleteBeyond, deleteOutside } from './decision-store.ts'
import { deleteMinutesOutside, hasMinutes } from './minute-store.ts'

export const TRIM_DECISIONS = 'decisions.trim'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** How long the counts of minutes are kept. */
const MINUTES_KEPT_MS = 2 * DAY_MS
/** A server writes at most one denial in this time. */
const MS_PER_DENIAL = 10

/** Schedules trimming after a write for an environment, unless it is already scheduled. */
export const scheduleTrim = (tx: Tx, app: App, scope: Scope) =>
  scheduleRecurring(tx, app, { scope, kind: TRIM_DECISIONS, afterMs: MINUTE_MS })

/**
 * Deletes what is too old, and the oldest denials beyond the configured number. It runs again about
 * when a server that writes as many denials as it may would reach that number. If nothing is left,
 * it does not run again.
 */
export const trimDecisions: WorkHandler = async (tx, { scope }, now, app) => {
  const { decisionRows, decisionRetentionDays } = app.config
  const ahead = now + DAY_MS
  const deleted = [
    await deleteOutside(tx, scope, { before: now - decisionRetentionDays * DAY_MS, ahead }),
    await deleteBeyond(tx, scope, decisionRows),
    await deleteMinutesOutside(tx, scope, { before: now - MINUTES_KEPT_MS, ahead }),
  ]
  if (deleted.some((rows) => rows >= PURGE_BATCH_ROWS)) return now + NEXT_BATCH_MS
  const kept = await countDecisions(tx, scope, decisionRows)
  if (kept === 0 && !(await hasMinutes(tx, scope))) return null
  const room = (decisionRows - kept) * MS_PER_DENIAL
  return now + Math.min(HOUR_MS, Math.max(MINUTE_MS, room))
}
