import { closedUntil } from '../../customers/index.ts'
import { column, row, type Sql, sql, type Tx } from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Window } from '../../kernel/period.ts'
import type { Scope } from '../../kernel/scope.ts'
import { markHash, totalRow, windowRow } from '../totals/index.ts'
import type { MeterSubject, WindowTotal } from '../types.ts'
import { type ComparisonQuery, comparison } from './comparison.ts'

/** A stored total, and whether its window must always have one. */
export type TotalRow = WindowTotal & { isKept: boolean }

/** A window whose total differs from its records. */
export type TotalDifference = MeterSubject & {
  /** Null: it is missing. */
  stored: TotalRow | null
  recounted: TotalRow
}

/** A window whose distinct values differ from those of its records. */
export type DistinctValuesDifference = MeterSubject & {
  window: Window
  /** Distinct values of records that are not stored. */
  missing: number
  /** Stored distinct values that no record has. */
  unfounded: number
}

const totalsOf = (customerKey: Uuid): Sql =>
  sql`(select * from usage_totals where customer_key = ${customerKey}::uuid)`

/**
 * `pieces`: the records of a customer by subject, day and distinct value, split wherever a window
 * of `stored` begins or ends, so that each window consists of whole pieces. Reads the records once
 * for any number of windows.
 */
const piecesOf = (customerKey: Uuid, stored: Sql, condition: Sql): Sql => sql`
  cuts as (
    select feature_key, resource_key, array_agg(distinct cut order by cut) as cuts
    from ${stored} as stored cross join lateral (values (window_start), (window_end)) as of (cut)
    where isfinite(cut) and cut <> date_trunc('day', cut, 'UTC')
    group by feature_key, resource_key
  ),
  pieces as (
    select counted.feature_key, event.resource_key, piece.day, piece.begins_at, piece.mark_hash,
      count(*) as count, sum(counted.amount) as sum, min(counted.amount) as min,
      max(counted.amount) as max, max(event.occurred_at) as last_at,
      max(event.occurred_at) filter (where event.kind = 'SET') as set_at
    from usage_events event
      cross join lateral unnest(event.feature_keys, event.amounts, event.marks)
        as counted (feature_key, amount, mark)
      left join cuts on cuts.feature_key = counted.feature_key
        and cuts.resource_key = event.resource_key
      cross join lateral (
        select day, greatest(day, cuts.cuts[width_bucket(event.occurred_at, cuts.cuts)]),
          ${markHash}
        from (select date_trunc('day', event.occurred_at, 'UTC')) as of (day)
      ) as piece (day, begins_at, mark_hash)
    where event.customer_key = ${customerKey}::uuid and counted.feature_key is not null
      and ${condition}
    group by counted.feature_key, event.resource_key, piece.day, piece.begins_at, piece.mark_hash
  )`

/**
 * `parts`: the pieces of each window of `windows`. They are joined by day, because there may be
 * years of hourly windows and as many pieces.
 */
const parts = sql`
  days as materialized (
    select feature_key, resource_key, window_start, window_end, day
    from windows cross join lateral generate_series(date_trunc('day', window_start, 'UTC'),
      window_end - interval '1 millisecond', interval '24 hours') as each (day)
    where isfinite(window_start) and isfinite(window_end)
  ),
  parts as (
    select days.window_start, days.window_end, piece.*
    from days join pieces piece using (feature_key, resource_key, day)
    where piece.begins_at >= days.window_start and piece.begins_at < days.window_end
    union all
    select endless.window_start, endless.window_end, piece.*
    from windows endless join pieces piece using (feature_key, resource_key)
    where not (isfinite(endless.window_start) and isfinite(endless.window_end))
      and piece.begins_at >= endless.window_start and piece.begins_at < endless.window_end
  )`

/** The same condition as that of the function `isAlwaysKept` in `types.ts`. */
const isAlwaysKept = sql`
  ((window_start = '-infinity' and window_end = 'infinity') or
    (window_start = date_trunc('day', window_start, 'UTC')
      and window_end = window_start + interval '24 hours'))`

/**
 * `made`: the totals that a customer must have, computed from its records and open reservations:
 * those of all windows with a stored total, and of those that must always have one.
 */
const totalsMade = (customerKey: Uuid): Sql => sql`
  ${piecesOf(customerKey, totalsOf(customerKey), sql`true`)},
  holds as (
    select feature_key, resource_key, occurred_at, amount from reservations
    where customer_key = ${customerKey}::uuid and status = 'open'
  ),
  windows as (
    select feature_key, resource_key, window_start, window_end
    from ${totalsOf(customerKey)} as stored
    union
    select feature_key, resource_key, window_start, window_end
    from (
        select feature_key, resource_key, day from pieces
        union
        select feature_key, resource_key, date_trunc('day', occurred_at, 'UTC') from holds
      ) as used
      cross join lateral (values
        (timestamptz '-infinity', timestamptz 'infinity'), (day, day + interval '24 hours')
      ) as always (window_start, window_end)
  ),
  ${parts},
  held as (
    select query.feature_key, query.resource_key, query.window_start, query.window_end,
      sum(hold.amount) as held
    from windows query join holds hold on hold.feature_key = query.feature_key
      and hold.resource_key = query.resource_key and hold.occurred_at >= query.window_start
      and hold.occurred_at < query.window_end
    group by 1, 2, 3, 4
  ),
  made as (
    select feature_key, resource_key, window_start, window_end,
      ${isAlwaysKept} as is_kept, coalesce(sum(part.count), 0)::bigint as count,
      coalesce(sum(part.sum), 0) as sum, min(part.min) as min, max(part.max) as max,
      count(distinct part.mark_hash) as distinct_count, coalesce(held, 0) as held,
      coalesce(max(part.last_at), '-infinity') as last_at, max(part.set_at) as set_at
    from windows
      left join parts part using (feature_key, resource_key, window_start, window_end)
      left join held using (feature_key, resource_key, window_start, window_end)
    group by feature_key, resource_key, window_start, window_end, held
  )`

/**
 * An instant. Distinct values of windows that ended by then may have been purged, so their number
 * is not compared. `forgotten` is included, because earlier versions purged distinct values without
 * storing up to which instant.
 */
const forgottenAt = ({ customerKey, forgotten }: UsageQuery): Sql => sql`
  greatest(${instantToWire(forgotten)}::timestamptz, ${closedUntil(sql`${customerKey}::uuid`)})`

/** The columns in which two totals of a window are compared, without distinct values. */
const figuresOf = (total: Sql): Sql => sql`
  (${total}.is_kept, ${total}.count, ${total}.sum, ${total}.min, ${total}.max, ${total}.held,
    ${total}.last_at, ${total}.set_at)`

/** A total as JSON, with each column as text. */
const totalJson = (total: Sql): Sql => sql`
  json_build_object('window_start', ${total}.window_start::text,
    'window_end', ${total}.window_end::text, 'is_kept', ${total}.is_kept::text,
    'count', ${total}.count::text,
    'sum', ${total}.sum::text, 'min', ${total}.min::text, 'max', ${total}.max::text,
    'distinct_count', ${total}.distinct_count::text, 'held', ${total}.held::text,
    'last_at', ${total}.last_at::text, 'set_at', ${total}.set_at::text)`

const meteredColumns = { featureKey: column.uuid, resourceKey: column.uuid }
const isKeptRow = row({ isKept: column.oneOf('true', 'false') })
const totalFromJson: column.Decode<TotalRow> = (raw) => {
  const total = column.json<column.RawRow>()(raw)
  return { ...totalRow(total), isKept: isKeptRow(total).isKept === 'true' }
}
const totalDifferenceRow = row<TotalDifference>({
  ...meteredColumns,
  stored: column.nullable(totalFromJson),
  recounted: column.from('made', totalFromJson),
})

/** Distinct values are compared only in windows that ended after `forgotten`. */
type UsageQuery = ComparisonQuery & { forgotten: Instant }

/** Returns the first `limit` totals of a customer that differ from its records. */
export const compareTotals = comparison(
  totalDifferenceRow,
  (query: UsageQuery) => sql`
    with ${totalsMade(query.customerKey)}
    select made.feature_key, made.resource_key, count(*) over () as differing,
      case when stored.customer_key is not null then ${totalJson(sql`stored`)} end as stored,
      ${totalJson(sql`made`)} as made
    from made left join ${totalsOf(query.customerKey)} as stored
      using (feature_key, resource_key, window_start, window_end)
    where ${figuresOf(sql`made`)} is distinct from ${figuresOf(sql`stored`)}
      or (made.window_end > ${forgottenAt(query)}
        and made.distinct_count <> stored.distinct_count)
    order by made.feature_key, made.resource_key, made.window_start, made.window_end
    limit ${query.limit}::integer`,
)

/** `made`: the distinct values of the windows of `windows`. */
const marksMade = (customerKey: Uuid): Sql => sql`
  ${piecesOf(customerKey, sql`windows`, sql`event.marks is not null`)},
  ${parts},
  made as (
    select distinct feature_key, resource_key, window_start, window_end, mark_hash
    from parts where mark_hash is not null
  )`

const marksDifferenceRow = row<DistinctValuesDifference>({
  ...meteredColumns,
  window: column.group(windowRow),
  missing: column.integer,
  unfounded: column.integer,
})

/**
 * Returns the first `limit` windows of a customer whose distinct values differ from those of its
 * records. If a window has no total or ended long ago, it is no difference that its distinct values
 * are missing.
 */
export const compareMarks = comparison(
  marksDifferenceRow,
  (query: UsageQuery) => sql`
    with marks as (
      select feature_key, resource_key, window_start, window_end, mark_hash from usage_marks
      where customer_key = ${query.customerKey}::uuid
    ),
    windows as (
      select feature_key, resource_key, window_start, window_end,
        bool_or(needs_marks) as needs_marks
      from (
        select feature_key, resource_key, window_start, window_end,
          window_end > ${forgottenAt(query)} as needs_marks
        from ${totalsOf(query.customerKey)} as stored
        union all
        select feature_key, resource_key, window_start, window_end, false from marks
      ) as of
      group by 1, 2, 3, 4
    ),
    ${marksMade(query.customerKey)},
    compared as (
      select feature_key, resource_key, window_start, window_end,
        count(*) filter (where not is_stored) as missing,
        count(*) filter (where not is_made) as unfounded
      from (
        select feature_key, resource_key, window_start, window_end, mark_hash,
          bool_or(is_stored) as is_stored, bool_or(not is_stored) as is_made
        from (
          select *, true as is_stored from marks
          union all
          select *, false from made
        ) as of
        group by 1, 2, 3, 4, 5
      ) as mark
      group by 1, 2, 3, 4
    )
    select feature_key, resource_key, window_start, window_end, unfounded,
      case when needs_marks then missing else 0 end as missing, count(*) over () as differing
    from compared join windows using (feature_key, resource_key, window_start, window_end)
    where unfounded > 0 or (needs_marks and missing > 0)
    order by feature_key, resource_key, window_start, window_end limit ${query.limit}::integer`,
)

/** Replaces the totals of a customer with totals computed from its records. */
export const rewriteTotals = (tx: Tx, scope: Scope, customerKey: Uuid): Promise<number> =>
  tx.execute(sql`
    with ${totalsMade(customerKey)}
    insert into usage_totals as stored (customer_key, feature_key, resource_key, window_end,
      window_start, environment_key, is_kept, count, sum, min, max, distinct_count, held, last_at,
      set_at)
    select ${customerKey}::uuid, feature_key, resource_key, window_end, window_start,
      ${scope.environmentKey}::uuid, is_kept, count, sum, min, max, distinct_count, held, last_at,
      set_at
    from made
    on conflict (customer_key, feature_key, resource_key, window_end, window_start) do update set
      is_kept = excluded.is_kept, count = excluded.count, sum = excluded.sum,
      min = excluded.min, max = excluded.max, distinct_count = excluded.distinct_count,
      held = excluded.held, last_at = excluded.last_at, set_at = excluded.set_at
    where ${figuresOf(sql`stored`)} is distinct from ${figuresOf(sql`excluded`)}
      or stored.distinct_count <> excluded.distinct_count`)

/**
 * Replaces the distinct values of a customer with those of its records, in all windows that have
 * totals.
 */
export const rewriteMarks = (tx: Tx, scope: Scope, customerKey: Uuid): Promise<number> =>
  tx.execute(sql`
    with windows as (
      select feature_key, resource_key, window_start, window_end
      from ${totalsOf(customerKey)} as stored
    ),
    ${marksMade(customerKey)},
    gone as (
      delete from usage_marks mark
      where mark.customer_key = ${customerKey}::uuid and not exists (
        select from made
        where made.feature_key = mark.feature_key and made.resource_key = mark.resource_key
          and made.window_start = mark.window_start and made.window_end = mark.window_end
          and made.mark_hash = mark.mark_hash)
    )
    insert into usage_marks (customer_key, feature_key, resource_key, mark_hash, window_end,
      window_start, environment_key)
    select ${customerKey}::uuid, feature_key, resource_key, mark_hash, window_end, window_start,
      ${scope.environmentKey}::uuid
    from made on conflict do nothing`)
