import { column, nothing, type Reader, row, type Sql, sql, type Tx } from '../../db/index.ts'
import type { Ahead } from '../../kernel/ahead.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import { firstKeyAt, type Uuid } from '../../kernel/ids.ts'
import { partitionsAhead } from '../../metering/records/index.ts'
import { nameOf, TIMED_TABLES, type TimedTable } from './instants.ts'

/** Something that lies in the future and cannot: how many rows, and the farthest instant. */
export type FoundAhead = { table: string; column: string; rows: number; farthest: Instant }

const instant = (at: Instant): Sql => sql`${instantToWire(at)}::timestamptz`

const foundRow = row({ rows: column.integer, farthest: column.nullable(column.instant) })

/** All that a clock which was ahead has left behind. Reads whole tables. */
export async function findAhead(reader: Reader, beyond: Instant): Promise<FoundAhead[]> {
  const found: FoundAhead[] = []
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

/** Whether anything of a row lies beyond an instant. */
function isAhead({ past, key }: TimedTable, beyond: Instant): Sql {
  const any = past
    .map((each) => sql`${each} > ${instant(beyond)}`)
    .reduce((all, each) => sql`${all} or ${each}`)
  return sql`(${any}) ${keyedFrom(key, beyond)}`
}

export type CustomerAhead = { customerKey: Uuid; environmentKey: Uuid }

const customerRow = row<CustomerAhead>({ customerKey: column.uuid, environmentKey: column.uuid })

/** Customers whose keys are in memory at a time; each page reads whole tables. */
const PAGE = 10_000

/** The customers of whom something lies in the future, by their keys: the first after one. */
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
 * Turns back the rows that hang on nothing: of a customer, or, without one, those that belong to
 * none.
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
