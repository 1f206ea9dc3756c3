import type { UpsertEntity } from '../api.gen.ts'
import { coalesceRenamedField } from '../kernel/api-generations.ts'
import { inBody, inQuery } from '../kernel/field.ts'
import { pageRequest, pageToWire } from '../kernel/page.ts'
import type { Handlers } from '../operation.ts'
import * as entities from './entity-commands.ts'
import * as queries from './queries.ts'
import * as types from './type-commands.ts'
import type { EntityInput } from './types.ts'
import { entityToWire, entityTypeToWire } from './wire.ts'

/** `typeRefId` is the name of `entityTypeId` in an older generation of the API. */
function entityFromWire(wire: UpsertEntity, index: number): EntityInput {
  const typeId = coalesceRenamedField(
    { name: 'entityTypeId', value: wire.entityTypeId },
    { name: 'typeRefId', value: wire.typeRefId },
    { where: `entities[${index}] (${wire.id})`, field: inBody('entities', index, 'typeRefId') },
  )
  return {
    id: wire.id,
    ...(typeId === undefined ? {} : { typeId }),
    ...(wire.displayName === undefined ? {} : { displayName: wire.displayName }),
    ...(wire.metadata === undefined ? {} : { metadata: wire.metadata }),
  }
}

type EntityOperations =
  | 'v1Beta.entityTypes.upsert'
  | 'v1Beta.entityTypes.list'
  | 'v1Beta.entityTypes.archive'
  | 'v1Beta.entityTypes.unarchive'
  | 'v1Beta.customers.entities.upsert'
  | 'v1Beta.customers.entities.retrieve'
  | 'v1Beta.customers.entities.list'
  | 'v1Beta.customers.entities.archive'
  | 'v1Beta.customers.entities.unarchive'

export const entityHandlers: Handlers<EntityOperations> = {
  'v1Beta.entityTypes.upsert': async ({ body }, call) => ({
    data: (await types.upsertTypes(call, body.types)).map(entityTypeToWire),
  }),
  'v1Beta.entityTypes.list': async ({ query }, call) => {
    const page = await queries.listTypes(call, {
      page: pageRequest(query),
      includeArchived: query.includeArchived === 'true',
    })
    return pageToWire(page, entityTypeToWire)
  },
  'v1Beta.entityTypes.archive': async ({ body }, call) => ({
    data: { ids: await types.archiveTypes(call, body.ids) },
  }),
  'v1Beta.entityTypes.unarchive': async ({ body }, call) => ({
    data: { ids: await types.unarchiveTypes(call, body.ids) },
  }),
  'v1Beta.customers.entities.upsert': async ({ params, body }, call) => {
    const inputs = body.entities.map(entityFromWire)
    return { data: (await entities.upsertEntities(call, params.id, inputs)).map(entityToWire) }
  },
  'v1Beta.customers.entities.retrieve': async ({ params }, call) => ({
    data: entityToWire(
      await queries.retrieveEntity(call, { customerId: params.id, entityId: params.entityId }),
    ),
  }),
  'v1Beta.customers.entities.list': async ({ params, query }, call) => {
    const typeId = coalesceRenamedField(
      { name: 'entityTypeId', value: query.entityTypeId },
      { name: 'typeRefId', value: query.typeRefId },
      { where: 'query', field: inQuery('typeRefId') },
    )
    const page = await queries.listEntities(call, {
      customerId: params.id,
      typeId: typeId ?? null,
      includeArchived: query.includeArchived === 'true',
      page: pageRequest(query),
    })
    return pageToWire(page, entityToWire)
  },
  'v1Beta.customers.entities.archive': async ({ params, body }, call) => ({
    data: { ids: await entities.archiveEntities(call, params.id, body.ids) },
  }),
  'v1Beta.customers.entities.unarchive': async ({ params, body }, call) => ({
    data: { ids: await entities.unarchiveEntities(call, params.id, body.ids) },
  }),
}
