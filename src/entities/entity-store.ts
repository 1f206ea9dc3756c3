import {
  customerNamed,
  sequencesOfCustomer,
  sequencesRow,
  stateBeside,
} from '../customers/index.ts'
import type { Reader, Sql } from '../db/index.ts'
import {
  column,
  pageReader,
  row,
  rowExists,
  rows,
  rowWriter,
  sql,
  togetherReader,
} from '../db/index.ts'
import { foldCase } from '../kernel/fold-case.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Metadata } from '../kernel/metadata.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Owner, Scope } from '../kernel/scope.ts'
import type { Sequences } from '../kernel/sequences.ts'
import type { Call } from '../operation.ts'
import type { Entity } from './types.ts'

const entityRow = row<Entity>({
  key: column.from('entity_key', column.uuid),
  id: column.text,
  typeKey: column.from('entity_type_key', column.uuid),
  typeId: column.text,
  displayName: column.nullable(column.text),
  metadata: column.json<Metadata>(),
  createdAt: column.instant,
  updatedAt: column.instant,
  archivedAt: column.nullable(column.instant),
})

const entityColumnList = sql`
  e.entity_key, e.id, e.entity_type_key, t.id as type_id, e.display_name, e.metadata, e.created_at,
  e.updated_at, e.archived_at`

const customerAndEntity = row({
  customerKey: column.nullable(column.uuid),
  entity: column.optional('entity_key', entityRow),
  sequences: column.group(sequencesRow),
})

/**
 * Returns a customer and one of its entities by their ids, and the sequences of the state that has
 * them, in one round trip.
 */
export async function findEntity(
  reader: Reader,
  scope: Scope,
  ids: { customerId: string; entityId: string },
): Promise<{ customerKey: Uuid | null; entity: Entity | null; sequences: Sequences }> {
  return reader.one(
    customerAndEntity,
    sql`
    select c.customer_key, ${entityColumnList}, ${sequencesOfCustomer(scope, sql`c.customer_key`)}
    from (select ${customerNamed(scope, ids.customerId)} as customer_key) c
      left join entities e on e.customer_key = c.customer_key and e.id = ${ids.entityId}::text
      left join entity_types t using (entity_type_key)`,
  )
}

/** The type of each entity is looked up, so that no plan begins with all entities of a type. */
const typeOfEntity = sql`
  cross join lateral (
    select of.id from entity_types of where of.entity_type_key = e.entity_type_key limit 1) t`

const entitiesWithIds = (customerKey: Sql, ids: readonly string[]): Sql => sql`
  select ${entityColumnList} from unnest((select ${ids}::text[])) as asked (id)
    cross join lateral (
      select * from entities where customer_key = ${customerKey} and id = asked.id limit 1) e
    ${typeOfEntity}`

/**
 * Returns a customer's entities by their ids, which are distinct, including archived entities, in
 * no particular order. Null if their metadata is too large to load at once.
 */
export const findEntities = togetherReader(entityRow, (customerKey: Uuid, ids: readonly string[]) =>
  entitiesWithIds(sql`${customerKey}::uuid`, ids),
)

/** Like `findEntities`, of a customer whose key is an expression. */
export const findEntitiesOf = togetherReader(entityRow, entitiesWithIds)

/** Inserts new entities and updates existing ones. */
export const saveEntities = rowWriter<Owner, Entity>(
  (owner, entities) => sql`
    insert into entities (customer_key, entity_key, environment_key, id, entity_type_key,
      display_name, folded_name, metadata, created_at, updated_at, archived_at)
    select ${owner.customerKey}::uuid, key, ${owner.scope.environmentKey}::uuid, id, type_key,
      display_name, folded_name, metadata, created_at, updated_at, archived_at
    from ${rows(entities, {
      key: ['uuid', (entity) => entity.key],
      id: ['text', (entity) => entity.id],
      type_key: ['uuid', (entity) => entity.typeKey],
      display_name: ['text', (entity) => entity.displayName],
      folded_name: ['text', ({ displayName }) => displayName && foldCase(displayName)],
      metadata: ['jsonb', (entity) => JSON.stringify(entity.metadata)],
      created_at: ['timestamptz', (entity) => entity.createdAt],
      updated_at: ['timestamptz', (entity) => entity.updatedAt],
      archived_at: ['timestamptz', ({ archivedAt }) => archivedAt],
    })} as entity
    on conflict (customer_key, entity_key) do update set
      entity_type_key = excluded.entity_type_key, display_name = excluded.display_name,
      folded_name = excluded.folded_name, metadata = excluded.metadata,
      updated_at = excluded.updated_at, archived_at = excluded.archived_at`,
)

/** A type of which there is none has no entities: its key is null. */
export type EntityFilter = {
  type: { key: Uuid | null } | null
  includeArchived: boolean
  page: PageRequest
}

export const listEntities = pageReader(
  (
    { call, customerKey }: { call: Pick<Call, 'scope' | 'state'>; customerKey: Uuid },
    { type, includeArchived, page }: EntityFilter,
  ) => {
    const key = sql`e.entity_key`
    const table = sql`entities e`
    const of = sql`e.customer_key = ${customerKey}::uuid`
    const select = sql`select ${entityColumnList} from ${table} ${typeOfEntity}`
    const where = [
      includeArchived ? null : sql`e.archived_at is null`,
      type && sql`e.entity_type_key = ${type.key}::uuid`,
    ]
    const beside = stateBeside(call, customerKey)
    return { row: entityRow, select, table, of, where, large: [sql`metadata`], beside, key, page }
  },
)

export const entityExists = rowExists(sql`entities`, sql`entity_key`)
