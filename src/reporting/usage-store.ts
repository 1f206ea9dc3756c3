import { column, type Reader, readValue, row, rowReader, type Sql, sql } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { firstKeyAt, type Uuid } from '../kernel/ids.ts'
import type { Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type { Scope } from '../kernel/scope.ts'
import { AHEAD_LIMIT_MS } from '../metering/index.ts'

/** Usage of a feature in a range. `customerKeys`: null for all customers of the environment. */
export type UsageOf = {
  scope: Scope
  featureKey: Uuid
  customerKeys: readonly Uuid[] | null
  range: Window
}

const startOf = ({ range }: UsageOf) => sql`${instantToWire(range.start)}::timestamptz`
const endOf = ({ range }: UsageOf) => sql`${instantToWire(range.end)}::timestamptz`

const isDay = (of: UsageOf): Sql => sql`
  day.feature_key = ${of.featureKey}::uuid and day.is_kept and isfinite(day.window_end)
  and day.window_end > ${startOf(of)} and day.window_end <= ${endOf(of)}`

/** The totals `day` of the days of a range. Its ends must be those of days. */
const daysOf = (of: UsageOf): Sql =>
  of.customerKeys === null
    ? sql`usage_totals day where day.environment_key = ${of.scope.environmentKey}::uuid
        and ${isDay(of)}`
    : sql`unnest((select ${of.customerKeys}::uuid[])) as own (customer_key)
        cross join lateral (
          select day.* from usage_totals day
          where day.customer_key = own.customer_key and ${isDay(of)} offset 0
        ) as day where true`

/** Returns how many totals of days a range has, but at most `most` + 1. */
export const countDays = (reader: Reader, of: UsageOf, most: number): Promise<number> =>
  readValue(
    reader,
    column.integer,
    sql`
    select count(*) from (select from ${daysOf(of)} limit ${most + 1}::integer) as found`,
  )

/** Returns how many records counted in the days of a range. */
export const countRecordsOf = (reader: Reader, of: UsageOf): Promise<bigint> =>
  readValue(
    reader,
    column.bigint,
    sql`select coalesce(sum(day.count), 0)::bigint from ${daysOf(of)}`,
  )

const amountRow = row({ at: column.instant, amount: column.quantity })
const amountOfRow = row({
  at: column.instant,
  key: column.nullable(column.uuid),
  amount: column.quantity,
})

/** The usage of a group in a day or an hour. */
export type AmountOf = { at: Instant; key: Uuid | null; amount: Quantity }

/** Returns the usage of each day that has any. */
export const sumDays = (
  reader: Reader,
  of: UsageOf,
): Promise<{ at: Instant; amount: Quantity }[]> =>
  reader.many(
    amountRow,
    sql`
    select day.window_start as at, sum(day.sum) as amount from ${daysOf(of)}
    group by day.window_start`,
  )

/** Returns the usage of each customer in each day that has any. */
export const sumDaysByCustomer = (reader: Reader, of: UsageOf): Promise<AmountOf[]> =>
  reader.many(
    amountOfRow,
    sql`
    select day.window_start as at, day.customer_key as key, sum(day.sum) as amount
    from ${daysOf(of)}
    group by day.window_start, day.customer_key`,
  )

/** The largest groups, and the sum of all groups. */
export type CustomerRanks = {
  top: readonly { key: Uuid; amount: Quantity }[]
  groups: number
}

const rankRow = row({ key: column.uuid, amount: column.quantity, groups: column.integer })

/** Returns the customers with the most usage, at most `limit`. */
export async function rankCustomers(
  reader: Reader,
  of: UsageOf,
  limit: number,
): Promise<CustomerRanks> {
  const found = await reader.many(
    rankRow,
    sql`
    select day.customer_key as key, sum(day.sum) as amount, count(*) over () as groups
    from ${daysOf(of)}
    group by day.customer_key
    order by sum(day.sum) desc, day.customer_key limit ${limit}::integer`,
  )
  return { top: found, groups: found[0]?.groups ?? 0 }
}

/**
 * The records `event` of named customers in a range, and what each `counted`. The key bounds the
 * acceptance, so that PostgreSQL reads only some partitions.
 */
const recordsOf = (of: UsageOf): Sql => sql`
  unnest((select ${of.customerKeys ?? []}::uuid[])) as own (customer_key)
  cross join lateral (
    select event.* from usage_events event
    where event.customer_key = own.customer_key and event.occurred_at >= ${startOf(of)}
      and event.occurred_at < ${endOf(of)}
      and event.event_key >= ${firstKeyAt(of.range.start - AHEAD_LIMIT_MS)}::uuid
    offset 0
  ) as event
  cross join lateral unnest(event.feature_keys, event.amounts) as counted (feature_key, amount)`

const isCounted = (of: UsageOf) => sql`counted.feature_key = ${of.featureKey}::uuid`

/** Returns the usage of each customer in each hour that has any, from the records. */
export const sumHoursByCustomer = (reader: Reader, of: UsageOf): Promise<AmountOf[]> =>
  reader.many(
    amountOfRow,
    sql`
    select date_trunc('hour', event.occurred_at, 'UTC') as at, event.customer_key as key,
      sum(counted.amount) as amount
    from ${recordsOf(of)} where ${isCounted(of)}
    group by 1, 2`,
  )

/**
 * Returns the usage of each entity that dimensions named, in each hour or day that has any. The key
 * null stands for records that named no entity. A record that named several counts for each.
 */
export const sumByEntity = (
  reader: Reader,
  of: UsageOf & { unit: 'hour' | 'day'; limit: number },
): Promise<AmountOf[]> =>
  reader.many(
    amountOfRow,
    sql`
    select date_trunc(${of.unit}::text, event.occurred_at, 'UTC') as at, named.key,
      sum(counted.amount) as amount
    from ${recordsOf(of)}
      left join lateral unnest(event.direct_entity_keys) as named (key) on true
    where ${isCounted(of)}
    group by 1, 2 limit ${of.limit}::integer`,
  )

const nameRow = row({ key: column.uuid, id: column.text, name: column.nullable(column.text) })

/** Returns the ids and names of customers. */
export const nameCustomers = rowReader(
  nameRow,
  (keys: readonly Uuid[]) => sql`
    select customer_key as key, id, name from customers
    where customer_key = any(${keys}::uuid[])`,
)

/** Returns the ids and names of entities of a customer. */
export const nameEntities = rowReader(
  nameRow,
  (customerKey: Uuid, keys: readonly Uuid[]) => sql`
    select entity_key as key, id, display_name as name from entities
    where customer_key = ${customerKey}::uuid and entity_key = any(${keys}::uuid[])`,
)
