import { allGone, type Purge } from '../jobs/index.ts'
import { countDecisions, deleteBeyond, deleteOutside } from './decision-store.ts'
import { deleteMinutesOutside, hasMinutes } from './minute-store.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** How long the counts of minutes are kept. */
const MINUTES_KEPT_MS = 2 * DAY_MS
/** A server writes at most one denial in this time. */
const MS_PER_DENIAL = 10

/**
 * Deletes what is too old, and the oldest denials beyond the configured number. It is scheduled
 * after each write. It runs again at about the earliest time at which one server could reach that
 * number. If nothing is left, it does not run again.
 */
export const decisionPurge: Purge = {
  kind: 'decisions.trim',
  everyMs: MINUTE_MS,
  async runStep(tx, scope, now, app) {
    const { decisionRows, decisionRetentionDays } = app.config
    const ahead = now + DAY_MS
    return [
      await deleteOutside(tx, scope, { before: now - decisionRetentionDays * DAY_MS, ahead }),
      await deleteBeyond(tx, scope, decisionRows),
      await deleteMinutesOutside(tx, scope, { before: now - MINUTES_KEPT_MS, ahead }),
    ].map(allGone)
  },
  async next(tx, scope, now, app) {
    const { decisionRows } = app.config
    const kept = await countDecisions(tx, scope, decisionRows)
    if (kept === 0 && !(await hasMinutes(tx, scope))) return null
    const room = (decisionRows - kept) * MS_PER_DENIAL
    return now + Math.min(HOUR_MS, Math.max(MINUTE_MS, room))
  },
}
