import type { Reader, Sql, Tx } from '../db/index.ts'
import {
  column,
  numberedRows,
  pageReader,
  readOfEach,
  readValue,
  row,
  rows,
  rowsOfAnyNumber,
  sql,
} from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Owner } from '../kernel/scope.ts'
import type { Resource } from './types.ts'

const resourceRow = row<Resource>({
  key: column.from('resource_key', column.uuid),
  id: column.text,
  createdAt: column.instant,
  updatedAt: column.instant,
})

export const listResources = pageReader((customerKey: Uuid, page: PageRequest) => ({
  row: resourceRow,
  select: sql`select resource_key, id, created_at, updated_at from customer_resources`,
  table: sql`customer_resources`,
  of: sql`customer_key = ${customerKey}::uuid`,
  large: [],
  key: sql`resource_key`,
  page,
}))

/** A resource, identified by its customer and its id. */
export type ResourceName = { customerKey: Uuid; resourceId: string }

const keyRow = row({ resourceKey: column.uuid })

/** Returns the keys of resources in the order of their names; null for an unknown one. */
export async function findResourceKeys(
  reader: Reader,
  names: readonly ResourceName[],
): Promise<(Uuid | null)[]> {
  const found = await readOfEach(reader, names, {
    row: keyRow,
    statement: sql`
      select asked.position, resource.resource_key
      from ${numberedRows(names, {
        customer_key: ['uuid', ({ customerKey }) => customerKey],
        id: ['text', ({ resourceId }) => resourceId],
      })} as asked
        join customer_resources resource on resource.customer_key = asked.customer_key
          and resource.id = asked.id`,
  })
  return found.map(([resource]) => resource?.resourceKey ?? null)
}

/** A resource of a customer. */
export type ResourceKey = { customerKey: Uuid; resourceKey: Uuid }

/** An expression: how many of the resources exist. Each must be given only once. */
export const existingResources = (resources: readonly ResourceKey[]): Sql => sql`(
  select count(*)
  from ${rowsOfAnyNumber(resources, {
    customer_key: ['uuid', ({ customerKey }) => customerKey],
    resource_key: ['uuid', ({ resourceKey }) => resourceKey],
  })} as asked
    cross join lateral (
      select from customer_resources resource
      where resource.customer_key = asked.customer_key
        and resource.resource_key = asked.resource_key limit 1
    ) as there)`

/** Returns how many of the resources exist. Each must be given only once. */
export const countResources = (
  reader: Reader,
  resources: readonly ResourceKey[],
): Promise<number> => readValue(reader, column.integer, sql`select ${existingResources(resources)}`)

const idRow = row({ resourceKey: column.uuid, id: column.text })

/** Returns the ids of resources by key, of any customers. */
export async function findResourceIds(
  reader: Reader,
  resources: readonly { customerKey: Uuid; resourceKey: Uuid }[],
): Promise<ReadonlyMap<Uuid, string>> {
  if (resources.length === 0) return new Map()
  const found = await reader.many(
    idRow,
    sql`
    select resource_key, id
    from customer_resources join ${rows(resources, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      resource_key: ['uuid', ({ resourceKey }) => resourceKey],
    })} as asked using (customer_key, resource_key)`,
  )
  return new Map(found.map(({ resourceKey, id }) => [resourceKey, id]))
}

/** A scalar subquery: the id of a resource. Null for none. */
export const resourceIdOf = (customerKey: Sql, resourceKey: Sql): Sql => sql`(
  select id from customer_resources
  where customer_resources.customer_key = ${customerKey}
    and customer_resources.resource_key = ${resourceKey})`

/** Adds a resource. One with the same id stays as it is. */
export const addResource = (tx: Tx, owner: Owner, resource: Resource): Promise<number> =>
  tx.execute(sql`
    insert into customer_resources (customer_key, resource_key, environment_key, id, created_at,
      updated_at)
    values (${owner.customerKey}::uuid, ${resource.key}::uuid, ${owner.scope.environmentKey}::uuid,
      ${resource.id}::text, ${instantToWire(resource.createdAt)}::timestamptz,
      ${instantToWire(resource.updatedAt)}::timestamptz)
    on conflict (customer_key, id) do nothing`)
