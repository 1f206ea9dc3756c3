import { column, milliseconds, nothing, type Reader, row, type Sql, sql } from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { type Quantity, quantityToSql } from '../../kernel/quantity.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { BudgetKey } from '../standings/index.ts'
import type { TreeCursor } from '../tree-cursor.ts'

export type RankOrder = 'exhaustsAt' | 'utilization'

/** Which ranks to list. Null values do not filter. */
export type RankQuery = {
  scope: Scope
  sortBy: RankOrder
  customerKey: Uuid | null
  capabilityKeys: readonly Uuid[] | null
  typeIds: readonly string[] | null
  minUtilization: Quantity | null
  exhaustsBefore: Instant | null
  after: TreeCursor | null
  limit: number
  now: Instant
}

/**
 * Ranks that one page reads at most. Filters and ended windows leave out rows; a page that would
 * have to read more is shorter, and the next one goes on there.
 */
const READ_RANKS = 10_000

export type ListedRank = BudgetKey & { value: string }

const rankRow = row<ListedRank>({
  customerKey: column.uuid,
  assignmentKey: column.uuid,
  value: column.text,
})

/**
 * Returns the next ranks in order, one more than the page has. The cost does not depend on the
 * number of ranks, except that all ranks of a customer are read if one is named.
 */
export const listRanks = (reader: Reader, query: RankQuery): Promise<ListedRank[]> => {
  const { capabilityKeys, typeIds, minUtilization, exhaustsBefore } = query
  const ofTypes = sql`and exists (
    select from entity_types of
    where of.entity_type_key = rank.entity_type_key and of.id = any(${typeIds ?? []}::text[]))`
  const ofCapabilities = sql`and rank.capability_key = any(${capabilityKeys ?? []}::uuid[])`
  return reader.many(
    rankRow,
    sql`
    select rank.customer_key, rank.assignment_key, ${VALUES[query.sortBy]}::text as value
    from ${inOrder(query)} as rank
    where rank.window_end > ${instantToWire(query.now)}::timestamptz
      ${capabilityKeys === null ? nothing : ofCapabilities}
      ${typeIds === null ? nothing : ofTypes}
      ${minUtilization === null ? nothing : isUsed(sql`rank`, minUtilization)}
      ${exhaustsBefore === null ? nothing : runsOutBefore(sql`rank`, exhaustsBefore)}
    limit ${query.limit + 1}::integer`,
  )
}

/** Returns the last rank that `listRanks` reads. Null if it reads all that there are. */
export const findEnd = (reader: Reader, query: RankQuery): Promise<ListedRank | null> =>
  reader.maybeOne(
    rankRow,
    sql`
    select rank.customer_key, rank.assignment_key, ${VALUES[query.sortBy]}::text as value
    from ${inOrder(query)} as rank offset ${READ_RANKS - 1}::integer limit 1`,
  )

const VALUES: Readonly<Record<RankOrder, Sql>> = {
  exhaustsAt: milliseconds(sql`rank.exhausts_at`),
  utilization: sql`rank.utilization`,
}

/**
 * PostgreSQL does not know the value of a subquery, and so prefers a plan that begins at once. With
 * a known limit it would first sort all ranks of the environment.
 */
const MOST = sql`(select ${READ_RANKS}::integer)`

/** The ranks that a page reads, in order. */
const inOrder = (query: RankQuery): Sql => {
  const { scope, sortBy, customerKey, after, exhaustsBefore, minUtilization: least } = query
  const of =
    customerKey === null
      ? sql`of.environment_key = ${scope.environmentKey}::uuid`
      : sql`of.customer_key = ${customerKey}::uuid`
  return sortBy === 'exhaustsAt'
    ? sql`(
      select of.* from budget_ranks of
      where ${of} and of.exhausts_at is not null ${after === null ? nothing : afterEnd(after)}
        ${exhaustsBefore === null ? nothing : runsOutBefore(sql`of`, exhaustsBefore)}
      order by of.exhausts_at, of.assignment_key limit ${MOST})`
    : sql`(
      select of.* from budget_ranks of
      where ${of} ${after === null ? nothing : afterUtilization(after)}
        ${least === null ? nothing : isUsed(sql`of`, least)}
      order by of.utilization desc, of.assignment_key desc limit ${MOST})`
}

const runsOutBefore = (rank: Sql, instant: Instant): Sql => sql`
  and ${rank}.exhausts_at < ${instantToWire(instant)}::timestamptz`

const isUsed = (rank: Sql, least: Quantity): Sql => sql`
  and ${rank}.utilization >= ${quantityToSql(least)}::numeric`

const afterEnd = ({ key, value }: TreeCursor): Sql => sql`
  and (of.exhausts_at, of.assignment_key) >
    (${instantToWire(Number(value))}::timestamptz, ${key}::uuid)`

const afterUtilization = ({ key, value }: TreeCursor): Sql => sql`
  and (of.utilization, of.assignment_key) < (${value}::numeric, ${key}::uuid)`

/** The customer and the entity of a budget. */
export type BudgetPlace = {
  assignmentKey: Uuid
  customer: { id: string; name: string | null }
  entityTypeId: string
  isArchived: boolean
}

const placeRow = row({
  assignmentKey: column.uuid,
  customerId: column.text,
  customerName: column.nullable(column.text),
  entityTypeId: column.text,
  isArchived: column.boolean,
})

export async function findPlaces(
  reader: Reader,
  keys: readonly BudgetKey[],
): Promise<ReadonlyMap<Uuid, BudgetPlace>> {
  const found = await reader.many(
    placeRow,
    sql`
    select a.assignment_key, c.id as customer_id, c.name as customer_name, t.id as entity_type_id,
      e.archived_at is not null or c.archived_at is not null as is_archived
    from unnest((select ${keys.map(({ customerKey }) => customerKey)}::uuid[]),
        (select ${keys.map(({ assignmentKey }) => assignmentKey)}::uuid[]))
        as asked (customer_key, key)
      cross join lateral (
        select of.assignment_key, of.entity_key from assignments of
        where of.customer_key = asked.customer_key and of.assignment_key = asked.key limit 1) a
      cross join lateral (
        select of.entity_type_key, of.archived_at from entities of
        where of.customer_key = asked.customer_key and of.entity_key = a.entity_key limit 1) e
      cross join lateral (
        select of.id from entity_types of where of.entity_type_key = e.entity_type_key limit 1) t
      cross join lateral (
        select of.id, of.name, of.archived_at from customers of
        where of.customer_key = asked.customer_key limit 1) c`,
  )
  return new Map(
    found.map(({ customerId, customerName, ...place }) => [
      place.assignmentKey,
      { ...place, customer: { id: customerId, name: customerName } },
    ]),
  )
}
