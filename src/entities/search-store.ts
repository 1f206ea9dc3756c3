import { customerWithKey } from '../customers/index.ts'
import type { Reader, SearchText, Sql } from '../db/index.ts'
import { column, row, rowsBeginning, sql, textsOf } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Entity } from './types.ts'

export type FoundEntity = Pick<Entity, 'key' | 'id' | 'displayName' | 'typeId' | 'archivedAt'> & {
  customerId: string
}

const foundRow = row<FoundEntity>({
  key: column.from('entity_key', column.uuid),
  id: column.text,
  displayName: column.nullable(column.text),
  typeId: column.text,
  customerId: column.text,
  archivedAt: column.nullable(column.instant),
})

const columns = sql`customer_key, entity_key, entity_type_key, id, display_name, archived_at`

/** Adds the ids of customers and types to rows of entities. */
const withIds = (found: Sql): Sql => sql`
  select e.entity_key, e.id, e.display_name, t.id as type_id, c.id as customer_id, e.archived_at
  from (${found}) e
    cross join lateral (
      select of.id from entity_types of where of.entity_type_key = e.entity_type_key limit 1) t
    cross join lateral ${customerWithKey(sql`e.customer_key`)} c`

/** Returns entities of any customer whose id or name has a beginning; some several times. */
export const entitiesBeginning = (
  reader: Reader,
  scope: Scope,
  sought: SearchText,
): Promise<FoundEntity[]> =>
  reader.many(
    foundRow,
    withIds(
      rowsBeginning(
        {
          columns,
          from: sql`entities`,
          where: sql`environment_key = ${scope.environmentKey}::uuid`,
        },
        textsOf(sql`id`, sql`folded_name`, sql`display_name`),
        sought,
      ),
    ),
  )

/**
 * Returns entities of a customer whose id or name contains a text. Those that begin with it come
 * first. Reads all entities of the customer.
 */
export function entitiesContaining(
  reader: Reader,
  customerKey: Uuid,
  { text, limit }: SearchText,
): Promise<FoundEntity[]> {
  const at = (where: Sql) => sql`strpos(${where}, ${text}::text)`
  const inId = at(sql`lower(id)`)
  const inName = sql`coalesce(${at(sql`coalesce(folded_name, lower(display_name))`)}, 0)`
  return reader.many(
    foundRow,
    withIds(sql`
      select ${columns} from entities
      where customer_key = ${customerKey}::uuid and (${inId} > 0 or ${inName} > 0)
      order by ${inId} <> 1 and ${inName} <> 1, length(id), entity_key
      limit ${limit}::integer`),
  )
}
