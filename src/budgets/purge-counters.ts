import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { scheduleRecurring, type WorkHandler } from '../jobs/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { closedKeptMs, nextPurge } from '../metering/retention/index.ts'
import { deleteClosedCounters, noteEnds } from './closed-store.ts'

export const PURGE_COUNTERS = 'budgets.trim'

const DAY_MS = 86_400_000

/** Schedules the purge of an environment's counters, once a day by the clock. */
export const scheduleCounterPurge = (tx: Tx, app: App, scope: Scope): Promise<number> =>
  scheduleRecurring(tx, app, { scope, kind: PURGE_COUNTERS, afterMs: DAY_MS })

/** Deletes counters of windows that ended before the retention, one batch at a time. */
export const purgeCounters: WorkHandler = async (tx, { scope }, now, app) => {
  const noted = await noteEnds(tx, scope)
  const forgotten = await deleteClosedCounters(tx, scope, now - closedKeptMs(app))
  return nextPurge([{ due: noted, gone: noted }, forgotten], now)
}
