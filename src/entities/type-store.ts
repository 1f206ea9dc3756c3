import type { Reader, Tx } from '../db/index.ts'
import {
  column,
  nameReader,
  pageReader,
  row,
  rows,
  rowsWithIds,
  rowWriter,
  sql,
} from '../db/index.ts'
import { foldCase } from '../kernel/fold-case.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import type { EntityType } from './types.ts'

const typeRow = row<EntityType>({
  key: column.from('entity_type_key', column.uuid),
  id: column.text,
  displayName: column.text,
  description: column.nullable(column.text),
  attributionKeys: column.json<string[]>(),
  createdAt: column.instant,
  updatedAt: column.instant,
  archivedAt: column.nullable(column.instant),
})

const selectTypes = sql`
  select entity_type_key, id, display_name, description,
    to_json(attribution_keys) as attribution_keys, created_at, updated_at, archived_at
  from entity_types`

/** Serializes writes of everything that the customers of an environment share. */
export const lockTypes = (tx: Tx, scope: Scope) =>
  tx.execute(sql`
    select 1 from environments
    where environment_key = ${scope.environmentKey}::uuid for no key update`)

const withIds = rowsWithIds({ row: typeRow, select: selectTypes, key: sql`entity_type_key` })

export const findTypes = withIds.find
export const holdTypes = withIds.hold
export const lockTypesWithIds = withIds.lock

/** Returns types whose id or name has a beginning; some several times. */
export const typesBeginning = nameReader({
  columns: sql`entity_type_key as key, id, display_name, archived_at is not null as is_archived`,
  table: sql`entity_types`,
})

export const saveTypes = rowWriter<Scope, EntityType>(
  (scope, types) => sql`
    insert into entity_types (entity_type_key, environment_key, id, display_name, folded_name,
      description, attribution_keys, created_at, updated_at, archived_at)
    select key, ${scope.environmentKey}::uuid, id, display_name, folded_name, description,
      attribution_keys, created_at, updated_at, archived_at
    from ${rows(types, {
      key: ['uuid', (type) => type.key],
      id: ['text', (type) => type.id],
      display_name: ['text', (type) => type.displayName],
      folded_name: ['text', (type) => foldCase(type.displayName)],
      description: ['text', (type) => type.description],
      attribution_keys: ['text[]', (type) => type.attributionKeys],
      created_at: ['timestamptz', (type) => type.createdAt],
      updated_at: ['timestamptz', (type) => type.updatedAt],
      archived_at: ['timestamptz', ({ archivedAt }) => archivedAt],
    })} as type
    on conflict (entity_type_key) do update set
      display_name = excluded.display_name, folded_name = excluded.folded_name,
      description = excluded.description,
      attribution_keys = excluded.attribution_keys, updated_at = excluded.updated_at,
      archived_at = excluded.archived_at`,
)

const idRow = row({ id: column.text })

/** Returns the ids of those types that have an active entity of any customer. */
export const typesInUse = async (reader: Reader, keys: readonly Uuid[]): Promise<string[]> =>
  (
    await reader.many(
      idRow,
      sql`
      select t.id from entity_types t
      where t.entity_type_key = any(${keys}::uuid[]) and exists (
        select from entities e
        where e.entity_type_key = t.entity_type_key and e.archived_at is null)
      order by t.id collate "C"`,
    )
  ).map(({ id }) => id)

export const listTypes = pageReader(
  (scope: Scope, { page, includeArchived }: { page: PageRequest; includeArchived: boolean }) => ({
    row: typeRow,
    select: selectTypes,
    table: sql`entity_types`,
    of: sql`environment_key = ${scope.environmentKey}::uuid`,
    where: [includeArchived ? null : sql`archived_at is null`],
    large: [sql`attribution_keys`],
    key: sql`entity_type_key`,
    page,
  }),
)

const attributionKeyRow = row({ key: column.text })

/**
 * Returns the names of the dimensions that can name an entity in this environment. Includes those
 * of archived types, whose entities still lead to their ancestors.
 */
export const findAttributionKeys = async (
  reader: Reader,
  scope: Scope,
): Promise<ReadonlySet<string>> => {
  const found = await reader.many(
    attributionKeyRow,
    sql`
    select distinct key from entity_types, unnest(attribution_keys) as key
    where environment_key = ${scope.environmentKey}::uuid`,
  )
  return new Set(found.map(({ key }) => key))
}
