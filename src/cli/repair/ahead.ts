import { column, nothing, type Reader, row, type Sql, sql, type Tx } from '../../db/index.ts'
import type { Ahead } from '../../kernel/ahead.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import { firstKeyAt, type Uuid } from '../../kernel/ids.ts'
import { partitionsAhead } from '../../metering/records/index.ts'
import { nameOf, TIMED_TABLES, type TimedTable } from './instants.ts'

/** A column with instants in the future that cannot be there: how many rows, and the farthest. */
export type ColumnAhead = { table: string; column: string; rows: number; farthest: Instant }

const instant = (at: Instant): Sql => sql`${instantToWire(at)}::timestamptz`

const foundRow = row({ rows: column.integer, farthest: column.nullable(column.instant) })

/** Returns the columns with instants later than `beyond`. Reads whole tables. */
export async function findAhead(reader: Reader, beyond: Instant): Promise<ColumnAhead[]> {
  const found: ColumnAhead[] = []
  for (const { table, past, key } of TIMED_TABLES)
    for (const each of past) {
      const { rows, farthest } = await reader.one(
        foundRow,
        sql`
        select count(*) as rows, max(${each}) as farthest from ${table}
        where ${each} > ${instant(beyond)} ${keyedFrom(key, beyond)}`,
      )
      if (farthest !== null)
        found.push({ table: nameOf(table), column: nameOf(each), rows, farthest })
    }
  const months = await partitionsAhead(reader, beyond)
  const farthest = months.at(-1)
  if (farthest !== undefined)
    found.push({ table: 'usage_events', column: 'partitions', rows: months.length, farthest })
  return found
}

const keyedFrom = (key: Sql | undefined, beyond: Instant): Sql =>
  key === undefined ? nothing : sql`and ${key} >= ${firstKeyAt(beyond)}::uuid`

/** Returns the condition that any instant of a row is later than `beyond`. */
function isAhead({ past, key }: TimedTable, beyond: Instant): Sql {
  const any = past
    .map((each) => sql`${each} > ${instant(beyond)}`)
    .reduce((all, each) => sql`${all} or ${each}`)
  return sql`(${any}) ${keyedFrom(key, beyond)}`
}

export type CustomerAhead = { customerKey: Uuid; environmentKey: Uuid }

const customerRow = row<CustomerAhead>({ customerKey: column.uuid, environmentKey: column.uuid })

/** The customers of one page, whose keys are in memory. Each page reads whole tables. */
const PAGE = 10_000

/**
 * Returns a page of the customers with instants later than `beyond`, ordered by key and beginning
 * after the key `after`. `next` is the last key of the page, or null if it is the last page.
 */
export async function customersAhead(
  reader: Reader,
  { beyond, after }: { beyond: Instant; after: Uuid | null },
): Promise<{ customers: CustomerAhead[]; next: Uuid | null }> {
  const parts = TIMED_TABLES.filter(({ isOfCustomers, past }) => isOfCustomers && past.length > 0)
    .map(
      (each) => sql`
      select customer_key, environment_key from ${each.table} where ${isAhead(each, beyond)}`,
    )
    .reduce((all, part) => sql`${all} union ${part}`)
  const customers = await reader.many(
    customerRow,
    sql`
    select customer_key, environment_key from (${parts}) as ahead
    ${after === null ? nothing : sql`where customer_key > ${after}::uuid`}
    order by customer_key limit ${PAGE}::integer`,
  )
  return { customers, next: customers[PAGE - 1]?.customerKey ?? null }
}

/**
 * Moves instants in the future to the present in tables whose rows are independent (`by: 'row'`):
 * those of a customer, or, if the key is null, those that belong to no customer.
 */
export async function turnRowsBack(
  tx: Tx,
  { at, beyond }: Ahead,
  customerKey: Uuid | null,
): Promise<void> {
  for (const each of TIMED_TABLES) {
    if (each.by !== 'row' || each.isOfCustomers !== (customerKey !== null)) continue
    const set = each.past
      .map(
        (name) => sql`
        ${name} = case when ${name} > ${instant(beyond)} then ${instant(at)} else ${name} end`,
      )
      .reduce((all, one) => sql`${all}, ${one}`)
    await tx.execute(sql`
      update ${each.table} set ${set} where ${isAhead(each, beyond)}
      ${customerKey === null ? nothing : sql`and customer_key = ${customerKey}::uuid`}`)
  }
}
