import type { App } from '../app.ts'
import { sql, type Tx } from '../db/index.ts'
import { scheduleUnlessNoted, type WorkHandler } from '../jobs/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import { makePartitions } from './partitions.ts'

export const TRIM_USAGE = 'usage.trim'

export const DAY_MS = 86_400_000
/** Later records of a closed window are so rare that it may as well be made again. */
export const CLOSED_KEPT_MS = 35 * DAY_MS
/** Other work gets its turn in between. */
const NEXT_PART_MS = 1
/** Rows of one statement: well within its time, whatever has piled up. */
const FORGOTTEN_AT_ONCE = 5000

/** An environment that has usage is trimmed once a day of its clock. */
export const scheduleTrimming = (tx: Tx, app: App, scope: Scope): Promise<number> =>
  scheduleUnlessNoted(tx, app, {
    scope,
    customerKey: null,
    kind: TRIM_USAGE,
    subject: '',
    dueAt: app.clock.now() + DAY_MS,
  })

/**
 * Removes names that are no longer remembered, and totals of windows that closed long ago, a part
 * at a time. Makes the partitions of the next months as well: all of usage grows with the clock.
 */
export const trimUsage: WorkHandler = async (tx, { scope }, now, app) => {
  const before = now - CLOSED_KEPT_MS
  const forgotten = await Promise.all([
    forgetNames(tx, scope, now),
    forgetTotals(tx, scope, before),
    forgetMarks(tx, scope, before),
  ])
  if (forgotten.some((count) => count === FORGOTTEN_AT_ONCE)) return now + NEXT_PART_MS
  await makePartitions(app)
  return now + DAY_MS
}

const forgetNames = (tx: Tx, scope: Scope, now: Instant): Promise<number> =>
  tx.execute(sql`
    delete from usage_keys where (customer_key, key_hash) in (
      select customer_key, key_hash from usage_keys
      where environment_key = ${scope.environmentKey}::uuid
        and kept_until <= ${instantToWire(now)}::timestamptz
      order by kept_until limit ${FORGOTTEN_AT_ONCE}::integer for update skip locked)`)

const forgetTotals = (tx: Tx, scope: Scope, before: Instant): Promise<number> =>
  tx.execute(sql`
    delete from usage_totals
    where (customer_key, feature_key, resource_key, window_end, window_start) in (
      select customer_key, feature_key, resource_key, window_end, window_start from usage_totals
      where environment_key = ${scope.environmentKey}::uuid
        and window_end < ${instantToWire(before)}::timestamptz and not is_kept
      order by window_end limit ${FORGOTTEN_AT_ONCE}::integer for update skip locked)`)

const forgetMarks = (tx: Tx, scope: Scope, before: Instant): Promise<number> =>
  tx.execute(sql`
    delete from usage_marks
    where (customer_key, feature_key, resource_key, mark_hash, window_end, window_start) in (
      select customer_key, feature_key, resource_key, mark_hash, window_end, window_start
      from usage_marks
      where environment_key = ${scope.environmentKey}::uuid
        and window_end < ${instantToWire(before)}::timestamptz
      order by window_end limit ${FORGOTTEN_AT_ONCE}::integer for update skip locked)`)
