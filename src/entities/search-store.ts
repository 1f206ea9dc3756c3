import { customerWithKey } from '../customers/index.ts'
import type { SearchText, Sql } from '../db/index.ts'
import {
  candidateColumns,
  column,
  NAME_TEXTS,
  row,
  rowReader,
  searchReader,
  sql,
} from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'

const entityRow = row({
  ...candidateColumns,
  customerId: column.text,
  entityTypeId: column.text,
})

const columns = sql`customer_key, entity_key, entity_type_key, id, display_name, archived_at`

/** Adds the ids of customers and types to rows of entities. */
const withIds = (found: Sql): Sql => sql`
  select e.entity_key as key, e.id, e.display_name, e.archived_at is not null as is_archived,
    t.id as entity_type_id, c.id as customer_id
  from (${found}) e
    cross join lateral (
      select of.id from entity_types of where of.entity_type_key = e.entity_type_key limit 1) t
    cross join lateral ${customerWithKey(sql`e.customer_key`)} c`

/** Returns entities of any customer whose id or name has a beginning; some several times. */
export const entitiesBeginning = searchReader({
  row: entityRow,
  columns,
  table: sql`entities`,
  texts: NAME_TEXTS,
  completed: withIds,
})

/**
 * Returns entities of a customer whose id or name contains a text. Those that begin with it come
 * first. Reads all entities of the customer.
 */
export const entitiesContaining = rowReader(
  entityRow,
  (customerKey: Uuid, { text, limit }: SearchText) => {
    const at = (where: Sql) => sql`strpos(${where}, ${text}::text)`
    const inId = at(sql`lower(id)`)
    const inName = sql`coalesce(${at(sql`coalesce(folded_name, lower(display_name))`)}, 0)`
    return withIds(sql`
      select ${columns} from entities
      where customer_key = ${customerKey}::uuid and (${inId} > 0 or ${inName} > 0)
      order by ${inId} <> 1 and ${inName} <> 1, length(id), entity_key
      limit ${limit}::integer`)
  },
)
