import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import { scheduleRecurring } from './due-work.ts'
import type { WorkHandler, WorkHandlers } from './types.ts'

/** The most rows that one statement of a purge deletes: a small part of what its timeout allows. */
export const PURGE_STEP_ROWS = 5000

/** The pause between two steps of a purge, in which other work can run, in milliseconds. */
const NEXT_STEP_MS = 1
/** If others have locked rows, how long to wait before these are tried again, in milliseconds. */
const LOCKED_MS = 60_000

/** How many rows a step found to be due, and how many of them it deleted. */
export type PurgeCount = { due: number; gone: number }

/** Returns the count of a step that deleted all rows that were due. */
export const allGone = (rows: number): PurgeCount => ({ due: rows, gone: rows })

/** Deletes what is older than its retention, in each environment. */
export type Purge = {
  /** The kind of due work. */
  kind: string
  /** The first run is this long after the purge is scheduled, in milliseconds. */
  everyMs: number
  /** Deletes rows of each kind, at most `PURGE_STEP_ROWS` in a statement. */
  runStep(tx: Tx, scope: Scope, now: Instant, app: App): Promise<readonly PurgeCount[]>
  /**
   * Called when nothing is left to delete. Returns the instant of the next run, or null if the
   * purge ends until it is scheduled again. Without it, the next run is after `everyMs`.
   */
  next?(tx: Tx, scope: Scope, now: Instant, app: App): Promise<Instant | null>
}

/** Schedules a purge of an environment, unless it is scheduled already. */
export const schedulePurge = (
  tx: Tx,
  app: App,
  { kind, everyMs }: Purge,
  scope: Scope,
): Promise<number> => scheduleRecurring(tx, app, { scope, kind, afterMs: everyMs })

/** Returns the handlers of purges, by kind. */
export const purgeWork = (purges: readonly Purge[]): WorkHandlers =>
  Object.fromEntries(purges.map((purge) => [purge.kind, handlerOf(purge)]))

/** Continues soon if there may be more rows, and later if all remaining rows are locked. */
const handlerOf =
  (purge: Purge): WorkHandler =>
  async (tx, { scope }, now, app) => {
    const counts = await purge.runStep(tx, scope, now, app)
    if (counts.some(hasMore)) return now + NEXT_STEP_MS
    if (counts.some(isLocked)) return now + LOCKED_MS
    return purge.next ? purge.next(tx, scope, now, app) : now + purge.everyMs
  }

const isLocked = ({ due, gone }: PurgeCount): boolean => due > gone

const hasMore = (count: PurgeCount): boolean =>
  count.gone >= PURGE_STEP_ROWS || (count.gone > 0 && isLocked(count))
