import { column, type Reader, row, type Sql, sql } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { firstKeyAt, type Uuid } from '../kernel/ids.ts'
import { boundToSql, LIFETIME } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { quantityFromSql } from '../kernel/quantity.ts'
import { type Aggregate, AHEAD_LIMIT_MS, type Total, type UsageQuery } from './types.ts'

type TotalJson = {
  start: number | null
  end: number | null
  aggregate: Aggregate
  value: string
  lastAt: number
}

const milliseconds = (at: Sql): Sql => sql`(extract(epoch from ${at}) * 1000)::bigint`
/** JSON has no infinity: an end that is none is null. */
const bound = (at: Sql): Sql => sql`case when isfinite(${at}) then ${milliseconds(at)} end`

/**
 * The totals of what is metered whose windows `at` lies in, the lifetime among them; for
 * `findUsage`. A scalar subquery, so that a statement can read usage along with what it belongs to;
 * `totalsFromJson` reads its column. The parts are expressions of that statement.
 */
export const totalsAt = (
  metered: { customerKey: Sql; featureKey: Sql; resourceKey: Sql },
  at: Instant,
): Sql => sql`(
  select coalesce(json_agg(json_build_object('start', ${bound(sql`total.window_start`)},
    'end', ${bound(sql`total.window_end`)}, 'aggregate', total.aggregate,
    'value', total.value::text, 'lastAt', ${milliseconds(sql`total.last_at`)})), '[]')
  from usage_totals total
  where total.customer_key = ${metered.customerKey} and total.feature_key = ${metered.featureKey}
    and total.resource_key = ${metered.resourceKey}
    and total.window_end > ${instantToWire(at)}::timestamptz
    and total.window_start <= ${instantToWire(at)}::timestamptz)`

const totalsJson = column.json<TotalJson[]>()

export const totalsFromJson = (raw: string | null): Total[] =>
  totalsJson(raw).map((total) => ({
    window: { start: total.start ?? LIFETIME.start, end: total.end ?? LIFETIME.end },
    aggregate: total.aggregate,
    value: quantityFromSql(total.value),
    lastAt: total.lastAt,
  }))

/** The usage that the records of a window make, of those that counted for a feature. */
const usageOfRecords = (customerKey: Uuid): Sql => sql`(
  select round(coalesce(case query.aggregate
    when 'SUM' then sum(counted.amount)
    when 'MAX' then max(counted.amount)
    when 'MIN' then min(counted.amount)
    when 'AVG' then avg(counted.amount)
    when 'UNIQUE' then count(distinct counted.mark)
  end, 0), 10)
  from usage_events event
    cross join lateral unnest(event.feature_keys, event.amounts, event.marks)
      as counted (feature_key, amount, mark)
  where event.customer_key = ${customerKey}::uuid and event.resource_key = query.resource_key
    and event.occurred_at >= query.window_start and event.occurred_at < query.window_end
    and event.event_key >= query.first_key and counted.feature_key = query.feature_key)`

const valueRow = row({ value: column.text })

/**
 * Usage of a customer in windows, signed, in the order of the queries. One statement. What is not
 * kept as a total is made out of its records, which takes as long as there are records.
 */
export async function readTotals(
  reader: Reader,
  customerKey: Uuid,
  queries: readonly UsageQuery[],
): Promise<Quantity[]> {
  if (queries.length === 0) return []
  const found = await reader.many(
    valueRow,
    sql`
    select case
      when lifetime.last_at is null or lifetime.last_at < query.window_start then 0
      when total.aggregate = query.aggregate then total.value
      else ${usageOfRecords(customerKey)}
    end as value
    from unnest(
      ${queries.map(({ featureKey }) => featureKey)}::uuid[],
      ${queries.map(({ resourceKey }) => resourceKey)}::uuid[],
      ${queries.map(({ window }) => boundToSql(window.start))}::timestamptz[],
      ${queries.map(({ window }) => boundToSql(window.end))}::timestamptz[],
      ${queries.map(({ window }) => firstKeyAt(window.start - AHEAD_LIMIT_MS))}::uuid[],
      ${queries.map(({ aggregate }) => aggregate)}::text[]
    ) with ordinality as query (feature_key, resource_key, window_start, window_end, first_key,
      aggregate, position)
      left join usage_totals lifetime on lifetime.customer_key = ${customerKey}::uuid
        and lifetime.feature_key = query.feature_key
        and lifetime.resource_key = query.resource_key
        and lifetime.window_end = 'infinity' and lifetime.window_start = '-infinity'
      left join usage_totals total on total.customer_key = ${customerKey}::uuid
        and total.feature_key = query.feature_key and total.resource_key = query.resource_key
        and total.window_end = query.window_end and total.window_start = query.window_start
    order by query.position`,
  )
  return queries.map((_, index) =>
    quantityFromSql(required(found[index], 'usage of a window').value),
  )
}
