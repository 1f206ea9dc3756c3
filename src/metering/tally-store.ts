import { column, type Row, row, type Sql, sql } from '../db/index.ts'
import { firstKeyAt } from '../kernel/ids.ts'
import { boundToSql } from '../kernel/period.ts'
import { AHEAD_LIMIT_MS, type Tally, type WindowOf } from './types.ts'

export const tallyColumns = {
  count: column.bigint,
  sum: column.quantity,
  min: column.nullable(column.quantity),
  max: column.nullable(column.quantity),
  distinct_count: column.bigint,
}
export const tallyRow = row(tallyColumns)

export const tallyOf = (found: Row<typeof tallyRow>): Tally => ({
  count: found.count,
  sum: found.sum,
  min: found.min,
  max: found.max,
  distinct: found.distinct_count,
})

/** What is kept of the mark of `counted`: 128 bits, as `hashOfMark` makes them. */
export const markHash = sql`
  substr(encode(sha256(convert_to(counted.mark, 'UTF8')), 'hex'), 1, 32)::uuid`

/** The windows as a relation `query`, in their order (`position`, from 1). */
export const windowsAsked = (windows: readonly WindowOf[]): Sql => sql`
  unnest(
    ${windows.map(({ customerKey }) => customerKey)}::uuid[],
    ${windows.map(({ featureKey }) => featureKey)}::uuid[],
    ${windows.map(({ resourceKey }) => resourceKey)}::uuid[],
    ${windows.map(({ window }) => boundToSql(window.start))}::timestamptz[],
    ${windows.map(({ window }) => boundToSql(window.end))}::timestamptz[],
    ${windows.map(({ window }) => firstKeyAt(window.start - AHEAD_LIMIT_MS))}::uuid[]
  ) with ordinality as query (customer_key, feature_key, resource_key, window_start, window_end,
    first_key, position)`

/**
 * The records that counted in the window of `query`, one for each: `event`, and of what it counted
 * for the `amount` and the `mark`. `first_key` leaves out the partitions that were closed before.
 */
export const recordsOfWindow = sql`
  usage_events event
    cross join lateral unnest(event.feature_keys, event.amounts, event.marks)
      as counted (feature_key, amount, mark)
  where event.customer_key = query.customer_key and event.resource_key = query.resource_key
    and event.occurred_at >= query.window_start and event.occurred_at < query.window_end
    and event.event_key >= query.first_key and counted.feature_key = query.feature_key`

/** The tally of these records; a select that may be given further conditions. */
export const tallyOfRecords = sql`
  select count(*) as count, coalesce(sum(counted.amount), 0) as sum, min(counted.amount) as min,
    max(counted.amount) as max, count(distinct counted.mark) as distinct_count,
    max(event.occurred_at) as last_at,
    max(event.occurred_at) filter (where event.kind = 'SET') as set_at
  from ${recordsOfWindow}`

/** What is held in the window of `query`. */
export const heldInWindow = sql`(
  select coalesce(sum(held.amount), 0) from reservations held
  where held.customer_key = query.customer_key and held.feature_key = query.feature_key
    and held.resource_key = query.resource_key and held.status = 'open'
    and held.occurred_at >= query.window_start and held.occurred_at < query.window_end)`
