import { column, milliseconds, type Reader, readValue, row, type Sql, sql } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { LIFETIME } from '../../kernel/period.ts'
import { quantityFromSql } from '../../kernel/quantity.ts'
import type { Total, UsageAmount, UsageQuery } from '../types.ts'
import { tallyOfWindow, tallyRow, windowsAsked } from './aggregate-store.ts'
import { usageOf } from './usage-of.ts'

type TotalJson = {
  start: number | null
  end: number | null
  tally: Record<'count' | 'sum' | 'min' | 'max' | 'distinct_count', string | null>
  held: string
  lastAt: number | null
}

/** JSON has no infinity: an unbounded end is null. */
const bound = (at: Sql): Sql => sql`case when isfinite(${at}) then ${milliseconds(at)} end`

/**
 * A scalar subquery for `findUsage`: the totals of a subject whose windows contain `at`, including
 * the lifetime. A statement can contain it to read usage together with other facts. The parameters
 * are expressions of that statement. `totalsFromJson` decodes the result.
 */
export const totalsAt = (
  metered: { customerKey: Sql; featureKey: Sql; resourceKey: Sql },
  at: Sql,
): Sql => sql`(
  select coalesce(json_agg(json_build_object('start', ${bound(sql`total.window_start`)},
    'end', ${bound(sql`total.window_end`)}, 'lastAt', ${bound(sql`total.last_at`)},
    'held', total.held::text,
    'tally', json_build_object('count', total.count::text, 'sum', total.sum::text,
      'min', total.min::text, 'max', total.max::text,
      'distinct_count', total.distinct_count::text))), '[]')
  from usage_totals total
  where total.customer_key = ${metered.customerKey} and total.feature_key = ${metered.featureKey}
    and total.resource_key = ${metered.resourceKey}
    and total.window_end > ${at}
    and total.window_start <= ${at})`

const totalsJson = column.json<TotalJson[]>()

/** Decodes the column of `totalsAt`. */
export const totalsFromJson = (raw: string | null): Total[] =>
  totalsJson(raw).map(({ start, end, tally, held, lastAt }) => ({
    window: { start: start ?? LIFETIME.start, end: end ?? LIFETIME.end },
    tally: tallyRow(tally),
    held: quantityFromSql(held),
    lastAt: lastAt ?? LIFETIME.start,
  }))

const usedRow = row({ tally: column.group(tallyRow), held: column.quantity })

/**
 * Returns the usage of a customer in windows, in the order of the queries, in one statement. Usage
 * without a stored total is computed from days, records and reservations. That time grows with the
 * number of reservations and of records in a day, or in the whole window for distinct values.
 */
export async function readTotals(
  reader: Reader,
  customerKey: Uuid,
  queries: readonly UsageQuery[],
): Promise<UsageAmount[]> {
  if (queries.length === 0) return []
  const found = await reader.many(
    usedRow,
    sql`
    select coalesce(total.count, made.count, 0) as count,
      coalesce(total.sum, made.sum, 0) as sum, coalesce(total.min, made.min) as min,
      coalesce(total.max, made.max) as max,
      coalesce(total.distinct_count, made.distinct_count, 0) as distinct_count,
      coalesce(total.held, made.held, 0) as held
    from ${windowsAsked(queries.map((query) => ({ ...query, customerKey })))}
      left join usage_totals lifetime on lifetime.customer_key = query.customer_key
        and lifetime.feature_key = query.feature_key
        and lifetime.resource_key = query.resource_key
        and lifetime.window_end = 'infinity' and lifetime.window_start = '-infinity'
      left join usage_totals total on total.customer_key = query.customer_key
        and total.feature_key = query.feature_key and total.resource_key = query.resource_key
        and total.window_end = query.window_end and total.window_start = query.window_start
      left join lateral (
        select made.* from (select) one cross join lateral (${tallyOfWindow}) as made
        where total.customer_key is null
          and (lifetime.last_at >= query.window_start or lifetime.held > 0)
      ) as made on true
    order by query.position`,
  )
  return queries.map(({ aggregate }, index) => {
    const used = required(found[index], 'usage of a window')
    return { usage: usageOf(used.tally, aggregate), held: used.held }
  })
}

/**
 * Returns whether any usage of a customer's feature occurred at `since` or later, for any resource.
 */
export const isCountedSince = (
  reader: Reader,
  { customerKey, featureKey }: Pick<UsageQuery, 'featureKey'> & { customerKey: Uuid },
  since: Instant,
): Promise<boolean> =>
  readValue(
    reader,
    column.boolean,
    sql`
    select exists (
      select from usage_totals
      where customer_key = ${customerKey}::uuid and feature_key = ${featureKey}::uuid
        and window_end = 'infinity' and window_start = '-infinity'
        and last_at >= ${instantToWire(since)}::timestamptz)`,
  )
