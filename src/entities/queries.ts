import { requireCustomer, unknownCustomer } from '../customers/index.ts'
import type { Reader } from '../db/index.ts'
import { notFound } from '../kernel/errors.ts'
import { inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Call } from '../operation.ts'
import * as entityStore from './entity-store.ts'
import * as typeStore from './type-store.ts'
import type { Entity, EntityType } from './types.ts'

/** Returns the types of the environment, newest first. */
export const listTypes = (
  { app, scope }: Call,
  query: { page: PageRequest; includeArchived: boolean },
): Promise<Page<EntityType>> => typeStore.listTypes(app.db.read, scope, query)

/**
 * Returns an entity, archived or not. 404 `CustomerNotFound`, or 404 without a code for the entity.
 */
export async function retrieveEntity(
  { app, scope, state }: Call,
  ids: { customerId: string; entityId: string },
): Promise<Entity> {
  const { customerKey, entity, sequences } = await entityStore.findEntity(app.db.read, scope, ids)
  if (customerKey === null) throw unknownCustomer(ids.customerId)
  if (entity === null)
    throw notFound(
      inPath('entityId'),
      null,
      `entity ${ids.entityId} of customer ${ids.customerId} not found`,
    )
  state?.note(sequences)
  return entity
}

/**
 * Returns a customer's entities, newest first. An unknown type has none. 404 `CustomerNotFound`.
 */
export async function listEntities(
  call: Call,
  query: {
    customerId: string
    typeId: string | null
    includeArchived: boolean
    page: PageRequest
  },
): Promise<Page<Entity>> {
  const { typeId, page, includeArchived } = query
  const { scope } = call
  const reader = call.app.db.read
  const customerKey = await requireCustomer(reader, scope, query.customerId)
  const type = typeId === null ? null : { key: await findTypeKey(reader, scope, typeId) }
  return entityStore.listEntities(reader, { call, customerKey }, { type, includeArchived, page })
}

async function findTypeKey(reader: Reader, scope: Scope, typeId: string): Promise<Uuid | null> {
  const [type] = await typeStore.findTypes(reader, scope, [typeId])
  return type?.key ?? null
}
