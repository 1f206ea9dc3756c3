import type { App } from '../../app.ts'
import { lockForPurge } from '../../customers/index.ts'
import { column, row, sql, type Tx } from '../../db/index.ts'
import type { WorkHandler } from '../../jobs/index.ts'
import { NEXT_BATCH_MS, PURGE_BATCH_ROWS, scheduleRecurring } from '../../jobs/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Scope } from '../../kernel/scope.ts'
import { KEPT_MS } from '../dedup/index.ts'
import { makePartitions } from '../records/index.ts'

export const PURGE_USAGE = 'usage.trim'

const DAY_MS = 86_400_000
/** If others have locked rows, how long to wait before these are tried again, in milliseconds. */
const HELD_MS = 60_000

/** The retention of windows that have ended, in milliseconds. */
export const closedKeptMs = ({ config }: Pick<App, 'config'>): number =>
  config.windowRetentionDays * DAY_MS

/** How many rows of a batch are due, and how many of them were deleted. */
export type PurgeCount = { due: number; gone: number }

/**
 * Returns when to continue: at once if there may be more, later if all remaining rows are locked.
 */
export function nextPurge(parts: readonly PurgeCount[], now: Instant): Instant {
  const isHeld = ({ due, gone }: PurgeCount) => due > gone
  if (parts.some((part) => part.gone === PURGE_BATCH_ROWS || (part.gone > 0 && isHeld(part))))
    return now + NEXT_BATCH_MS
  return now + (parts.some(isHeld) ? HELD_MS : DAY_MS)
}

/** Schedules the purge of an environment's usage, once a day by the clock. */
export const schedulePurge = (tx: Tx, app: App, scope: Scope): Promise<number> =>
  scheduleRecurring(tx, app, { scope, kind: PURGE_USAGE, afterMs: DAY_MS })

/**
 * Deletes expired deduplication keys. Also deletes totals, distinct values and reservations that
 * are older than the retention. Each run deletes one batch. The last run of a day creates the
 * partitions of the next months.
 */
export const purgeUsage: WorkHandler = async (tx, { scope }, now, app) => {
  const before = now - closedKeptMs(app)
  const forgotten = await Promise.all([
    forgetNames(tx, scope, now),
    forgetTotals(tx, scope, before),
    forgetMarks(tx, scope, before),
    forgetEnded(tx, scope, { before, madeBefore: now - KEPT_MS.keyed - DAY_MS }),
  ])
  const next = nextPurge(forgotten, now)
  if (next === now + DAY_MS) await makePartitions(app)
  return next
}

const gone = (count: number): PurgeCount => ({ due: count, gone: count })

const forgetNames = async (tx: Tx, scope: Scope, now: Instant): Promise<PurgeCount> =>
  gone(
    await tx.execute(sql`
    delete from usage_keys where (customer_key, key_hash) in (
      select customer_key, key_hash from usage_keys
      where environment_key = ${scope.environmentKey}::uuid
        and kept_until <= ${instantToWire(now)}::timestamptz
      order by kept_until limit ${PURGE_BATCH_ROWS}::integer for update skip locked)`),
  )

const forgetTotals = async (tx: Tx, scope: Scope, before: Instant): Promise<PurgeCount> =>
  gone(
    await tx.execute(sql`
    delete from usage_totals
    where (customer_key, feature_key, resource_key, window_end, window_start) in (
      select customer_key, feature_key, resource_key, window_end, window_start from usage_totals
      where environment_key = ${scope.environmentKey}::uuid
        and window_end < ${instantToWire(before)}::timestamptz and not is_kept
      order by window_end limit ${PURGE_BATCH_ROWS}::integer for update skip locked)`),
  )

export const purgeRow = row({ due: column.integer, gone: column.integer })

const forgetMarks = (tx: Tx, scope: Scope, before: Instant): Promise<PurgeCount> => {
  const key = sql`customer_key, feature_key, resource_key, mark_hash, window_end, window_start`
  return tx.one(
    purgeRow,
    sql`
    with due as materialized (
      select ${key} from usage_marks
      where environment_key = ${scope.environmentKey}::uuid
        and window_end < ${instantToWire(before)}::timestamptz
      order by window_end limit ${PURGE_BATCH_ROWS}::integer
    ),
    ${lockForPurge(sql`due`, before)},
    gone as (
      delete from usage_marks
      where (${key}) in (select ${key} from due join free using (customer_key))
      returning 1
    )
    select (select count(*) from due) as due, (select count(*) from gone) as gone`,
  )
}

/**
 * Deletes reservations that ended before both instants. Repetitions need a reservation as long as
 * its deduplication key is stored, which is counted from its creation.
 */
const forgetEnded = async (
  tx: Tx,
  scope: Scope,
  { before, madeBefore }: { before: Instant; madeBefore: Instant },
): Promise<PurgeCount> =>
  gone(
    await tx.execute(sql`
      delete from reservations where (customer_key, reservation_key) in (
        select customer_key, reservation_key from reservations
        where environment_key = ${scope.environmentKey}::uuid and status <> 'open'
          and updated_at < ${instantToWire(Math.min(before, madeBefore))}::timestamptz
        order by updated_at limit ${PURGE_BATCH_ROWS}::integer for update skip locked)`),
  )
