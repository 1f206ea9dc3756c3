import { column, numberedRows, row, type Sql, sql } from '../../db/index.ts'
import { firstKeyAt } from '../../kernel/ids.ts'
import { dayOf, LIFETIME, type Window } from '../../kernel/period.ts'
import { windowOfColumns } from '../columns.ts'
import { AHEAD_LIMIT_MS, type PartialAggregate, type WindowOf } from '../types.ts'

/** Decodes the columns of a partial aggregate. */
export const tallyRow = row<PartialAggregate>({
  count: column.bigint,
  sum: column.quantity,
  min: column.nullable(column.quantity),
  max: column.nullable(column.quantity),
  distinct: column.from('distinct_count', column.bigint),
})

/** An SQL expression: the same 128-bit hash of the distinct value of `counted` as `hashOfMark`. */
export const markHash = sql`
  substr(encode(sha256(convert_to(counted.mark, 'UTF8')), 'hex'), 1, 32)::uuid`

/**
 * The windows as a relation `query` with their `position` from 1. The whole days within a window
 * are those from `days_start` to `days_end`. If it contains no whole day, both columns are its end.
 */
export function windowsAsked(windows: readonly WindowOf[]): Sql {
  const asked = windows.map((each) => ({ ...each, days: wholeDays(each.window) }))
  return sql`
    ${numberedRows(asked, {
      ...windowOfColumns,
      days_start: ['timestamptz', ({ days }) => days.start],
      days_end: ['timestamptz', ({ days }) => days.end],
      first_key: ['uuid', ({ window }) => firstKeyAt(window.start - AHEAD_LIMIT_MS)],
    })} as query`
}

/** Returns the range of days that lie entirely within a window. */
function wholeDays({ start, end }: Window): Window {
  if (end === LIFETIME.end) return { start: end, end }
  if (start === LIFETIME.start) return { start, end: dayOf(end).start }
  const first = dayOf(start)
  const days = { start: first.start === start ? start : first.end, end: dayOf(end).start }
  return days.start < days.end ? days : { start: end, end }
}

/**
 * One row per record that counted in a part of the window of `query`: `event`, and the `amount` and
 * `mark` that it counted. `first_key` excludes partitions from before the window.
 */
const recordsBetween = (start: Sql, end: Sql): Sql => sql`
  usage_events event
    cross join lateral unnest(event.feature_keys, event.amounts, event.marks)
      as counted (feature_key, amount, mark)
  where event.customer_key = query.customer_key and event.resource_key = query.resource_key
    and event.occurred_at >= ${start} and event.occurred_at < ${end}
    and event.event_key >= query.first_key and counted.feature_key = query.feature_key`

/** The records of the whole window. */
export const recordsOfWindow = recordsBetween(sql`query.window_start`, sql`query.window_end`)

const eachOf = (records: Sql): Sql => sql`
  select 1, counted.amount, counted.amount, counted.amount, event.occurred_at from ${records}`

/**
 * A condition: whether any record ever had a distinct value. The meter of the feature may have
 * another aggregation today.
 */
const hasMarks = sql`
  exists (
    select from usage_totals lifetime
    where lifetime.customer_key = query.customer_key and lifetime.feature_key = query.feature_key
      and lifetime.resource_key = query.resource_key and lifetime.window_end = 'infinity'
      and lifetime.window_start = '-infinity' and lifetime.distinct_count > 0)`

/**
 * The partial aggregate of the window of `query`, and what is held in it. It adds the stored totals
 * of its whole days and the records before and after them. Distinct values cannot be added up: if
 * there are any, they are computed from all records.
 */
export const tallyOfWindow = sql`
  select coalesce(sum(part.count), 0)::bigint as count, coalesce(sum(part.sum), 0) as sum,
    min(part.min) as min, max(part.max) as max,
    coalesce(case when ${hasMarks}
      then (select count(distinct counted.mark) from ${recordsOfWindow}) end, 0) as distinct_count,
    max(part.last_at) as last_at, (
      select max(event.occurred_at) from ${recordsOfWindow} and event.kind = 'SET') as set_at, (
      select coalesce(sum(hold.amount), 0) from reservations hold
      where hold.customer_key = query.customer_key and hold.feature_key = query.feature_key
        and hold.resource_key = query.resource_key and hold.status = 'open'
        and hold.occurred_at >= query.window_start and hold.occurred_at < query.window_end) as held
  from (
    select day.count, day.sum, day.min, day.max, day.last_at
    from usage_totals day
    where day.customer_key = query.customer_key and day.feature_key = query.feature_key
      and day.resource_key = query.resource_key and day.window_end > query.days_start
      and day.window_end <= query.days_end and day.is_kept
    union all
    ${eachOf(recordsBetween(sql`query.window_start`, sql`query.days_start`))}
    union all
    ${eachOf(recordsBetween(sql`query.days_end`, sql`query.window_end`))}
  ) as part (count, sum, min, max, last_at)`
