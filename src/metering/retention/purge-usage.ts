import type { App } from '../../app.ts'
import { lockForPurge } from '../../customers/index.ts'
import { column, row, sql, type Tx } from '../../db/index.ts'
import { allGone, PURGE_STEP_ROWS, type Purge, type PurgeCount } from '../../jobs/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Scope } from '../../kernel/scope.ts'
import { KEPT_MS } from '../dedup/index.ts'
import { makePartitions } from '../records/index.ts'

const DAY_MS = 86_400_000

/** The retention of windows that have ended, in milliseconds. */
export const closedKeptMs = ({ config }: Pick<App, 'config'>): number =>
  config.windowRetentionDays * DAY_MS

/**
 * Deletes expired deduplication keys. Also deletes totals, distinct values and reservations that
 * are older than the retention. When nothing is left, it creates the partitions of the next months.
 */
export const usagePurge: Purge = {
  kind: 'usage.trim',
  everyMs: DAY_MS,
  runStep(tx, scope, now, app) {
    const before = now - closedKeptMs(app)
    return Promise.all([
      forgetNames(tx, scope, now),
      forgetTotals(tx, scope, before),
      forgetMarks(tx, scope, before),
      forgetEnded(tx, scope, { before, madeBefore: now - KEPT_MS.keyed - DAY_MS }),
    ])
  },
  async next(_tx, _scope, now, app) {
    await makePartitions(app)
    return now + DAY_MS
  },
}

const forgetNames = async (tx: Tx, scope: Scope, now: Instant): Promise<PurgeCount> =>
  allGone(
    await tx.execute(sql`
    delete from usage_keys where (customer_key, key_hash) in (
      select customer_key, key_hash from usage_keys
      where environment_key = ${scope.environmentKey}::uuid
        and kept_until <= ${instantToWire(now)}::timestamptz
      order by kept_until limit ${PURGE_STEP_ROWS}::integer for update skip locked)`),
  )

const forgetTotals = async (tx: Tx, scope: Scope, before: Instant): Promise<PurgeCount> =>
  allGone(
    await tx.execute(sql`
    delete from usage_totals
    where (customer_key, feature_key, resource_key, window_end, window_start) in (
      select customer_key, feature_key, resource_key, window_end, window_start from usage_totals
      where environment_key = ${scope.environmentKey}::uuid
        and window_end < ${instantToWire(before)}::timestamptz and not is_kept
      order by window_end limit ${PURGE_STEP_ROWS}::integer for update skip locked)`),
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
      order by window_end limit ${PURGE_STEP_ROWS}::integer
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
  allGone(
    await tx.execute(sql`
      delete from reservations where (customer_key, reservation_key) in (
        select customer_key, reservation_key from reservations
        where environment_key = ${scope.environmentKey}::uuid and status <> 'open'
          and updated_at < ${instantToWire(Math.min(before, madeBefore))}::timestamptz
        order by updated_at limit ${PURGE_STEP_ROWS}::integer for update skip locked)`),
  )
