import { column, type Reader, row, type Sql, sql } from '../db/index.ts'
import type { Scope } from '../kernel/scope.ts'
import type { BoundedCount, Overview } from './types.ts'

/** Rows that one count reads at most. Reading them takes about a millisecond from an index. */
const MOST = 10_000
/** Entity types that are counted at most, those with the first ids. */
const TYPES = 200

const countRow = row<BoundedCount>({ count: column.integer, isLowerBound: column.boolean })

const counted = (among: Sql, condition: Sql): Sql => sql`
  select count(*) filter (where found.place <= ${MOST}::integer and ${condition}) as count,
    count(*) > ${MOST}::integer as is_lower_bound
  from (
    select row_number() over () as place, read.* from (${among} limit ${MOST + 1}::integer) as read
  ) as found`

const counter =
  (amongOf: (scope: Scope) => Sql, condition: Sql) =>
  (reader: Reader, scope: Scope): Promise<BoundedCount> =>
    reader.one(countRow, counted(amongOf(scope), condition))

/** Returns how many customers are active, among the first ones. */
export const countActiveCustomers = counter(
  ({ environmentKey }) =>
    sql`select archived_at from customers where environment_key = ${environmentKey}::uuid`,
  sql`archived_at is null`,
)

/** Returns how many reservations are open. Some of them may have expired by now. */
export const countOpenReservations = counter(
  ({ environmentKey }) => sql`
    select 1 from reservations
    where environment_key = ${environmentKey}::uuid and status = 'open'`,
  sql`true`,
)

const typeRow = row({ entityTypeId: column.from('id', column.text), of: column.group(countRow) })

/** Returns how many entities of each active type are active, of the types with the first ids. */
export async function countEntities(
  reader: Reader,
  { environmentKey }: Scope,
): Promise<Pick<Overview, 'entities' | 'entityTotal'>> {
  const found = await reader.many(
    typeRow,
    sql`
    select type.id, counted.count, counted.is_lower_bound
    from (
      select entity_type_key, id from entity_types
      where environment_key = ${environmentKey}::uuid and archived_at is null
      order by id limit ${TYPES + 1}::integer
    ) as type cross join lateral (${counted(
      sql`select 1 from entities
        where entity_type_key = type.entity_type_key and archived_at is null`,
      sql`true`,
    )}) as counted
    order by type.id`,
  )
  const entities = found.slice(0, TYPES).map(({ entityTypeId, of }) => ({ entityTypeId, ...of }))
  const count = entities.reduce((sum, each) => sum + each.count, 0)
  const isLowerBound = found.length > TYPES || entities.some((each) => each.isLowerBound)
  return { entities, entityTotal: { count, isLowerBound } }
}
