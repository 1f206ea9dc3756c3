import { changeFound, raiseSequence, renewVersion } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import { type Event, publish } from '../events/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import { refuseOutdated } from '../kernel/etag.ts'
import { type Field, inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import { refuseOversized, tooMuchTogether } from '../kernel/metadata.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Call } from '../operation.ts'
import { pathOf } from './attach-entities.ts'
import { distinct, idField, refuseDuplicates } from './distinct-ids.ts'
import { findEntitiesOf, saveEntities } from './entity-store.ts'
import { findPositions } from './hierarchy-store.ts'
import { holdTypes } from './type-store.ts'
import type { Entity, EntityInput, EntityType, UpsertResult } from './types.ts'
import {
  changesStructure,
  needsType,
  typeField,
  typeIdAfter,
  upsertEntity,
} from './upsert-entity.ts'
import { entityToWire } from './wire.ts'

/**
 * Creates, changes or restores entities of a customer, all or none. Returns them in the order of
 * the request. 404 `CustomerNotFound`. 400 `EntityIsArchivedError` for an archived customer. 400
 * for a duplicate id, a new entity without a type, an unknown or archived type, and entities with
 * too much metadata together.
 */
export const upsertEntities = (
  call: Call,
  customerId: string,
  inputs: readonly EntityInput[],
): Promise<Entity[]> => {
  const ids = inputs.map(({ id }) => id)
  return changeFound(call, customerId, {
    find: (tx, customerKey) => findEntitiesOf(tx, customerKey, ids),
    work: async (tx, { customerKey, now, found }) => {
      const { app, scope } = call
      refuseDuplicates('entities', inputs)
      if (found === null) throw tooMuchTogether('entities')
      refuseOutdated(call, () => (found[0] === undefined ? null : entityToWire(found[0])))
      const before = new Map(found.map((entity) => [entity.id, entity]))
      const typed = inputs.map((input, index) => {
        const entity = before.get(input.id) ?? null
        return { input, index, entity, typeId: typeIdAfter(entity, input, index) }
      })
      const types = await activeTypes(tx, scope, typed)
      const results = typed.map(({ input, entity, typeId }) =>
        upsertEntity(entity, input, {
          type: types.get(typeId) ?? null,
          key: app.ids.next(now),
          now,
        }),
      )
      results.forEach(({ after }, index) => {
        const field = inBody('entities', index)
        refuseOversized(after.metadata, `${field.of(after.id)}`, field.at('metadata'))
      })
      const restored = results.filter(({ before: was }) => was !== null && was.archivedAt !== null)
      await refuseTooDeep(tx, call, {
        customerKey,
        ids: restored.map(({ after }) => after.id),
        fieldOf: (id) => inBody('entities', ids.indexOf(id), 'id'),
      })
      await save(tx, call, { customerKey, results, now })
      return results.map(({ after }) => after)
    },
  })
}

type EntityWithType = { input: EntityInput; index: number; entity: Entity | null; typeId: string }

/**
 * Returns the types to which entities of the request newly refer. They are locked, so that they
 * cannot be archived.
 */
async function activeTypes(
  tx: Tx,
  scope: Scope,
  typed: readonly EntityWithType[],
): Promise<ReadonlyMap<string, EntityType>> {
  const leaning = typed.filter(({ entity, typeId }) => needsType(entity, typeId))
  if (leaning.length === 0) return new Map()
  const found = await holdTypes(tx, scope, distinct(leaning.map(({ typeId }) => typeId)))
  const types = new Map(found.map((type) => [type.id, type]))
  for (const { input, index, typeId } of leaning) {
    const type = types.get(typeId)
    const problem =
      type === undefined ? 'not found' : type.archivedAt !== null ? 'is archived' : null
    if (problem !== null)
      throw badInput(
        typeField(index),
        `entities[${index}] (${input.id}): entity type ${typeId} ${problem}`,
      )
  }
  return types
}

/**
 * Archives entities. Their children and budgets stay as they are. Archived entities are not
 * changed. 404 if one is unknown, and then none is archived. Customers as in `upsertEntities`.
 */
export const archiveEntities = (call: Call, customerId: string, ids: readonly string[]) =>
  setArchived(call, { customerId, ids, archive: true })

/** Restores archived entities. Like `archiveEntities`, and 400 if the type of one is archived. */
export const unarchiveEntities = (call: Call, customerId: string, ids: readonly string[]) =>
  setArchived(call, { customerId, ids, archive: false })

function setArchived(
  call: Call,
  wanted: { customerId: string; ids: readonly string[]; archive: boolean },
): Promise<string[]> {
  const ids = distinct(wanted.ids)
  const fieldOf = (id: string | undefined) => idField(wanted.ids, id)
  return changeFound(call, wanted.customerId, {
    find: (tx, customerKey) => findEntitiesOf(tx, customerKey, ids),
    work: async (tx, { customerKey, now, found }) => {
      if (found === null) throw tooMuchTogether('ids')
      const byId = new Map(found.map((entity) => [entity.id, entity]))
      const unknown = ids.filter((id) => !byId.has(id))
      if (unknown.length > 0)
        throw notFound(fieldOf(unknown[0]), null, `ids: entity ${unknown.join(', ')} not found`)
      const changing = ids
        .map((id) => required(byId.get(id), 'an entity just found'))
        .filter((entity) => (entity.archivedAt !== null) !== wanted.archive)
      if (!wanted.archive) {
        await refuseArchivedTypes(tx, call.scope, { entities: changing, fieldOf })
        await refuseTooDeep(tx, call, { customerKey, ids: changing.map(({ id }) => id), fieldOf })
      }
      const results = changing.map((entity) => ({
        before: entity,
        after: { ...entity, archivedAt: wanted.archive ? now : null, updatedAt: now },
        change: 'updated' as const,
      }))
      await save(tx, call, { customerKey, results, now })
      return ids
    },
  })
}

async function refuseArchivedTypes(
  tx: Tx,
  scope: Scope,
  { entities, fieldOf }: { entities: readonly Entity[]; fieldOf: (id: string) => Field },
) {
  if (entities.length === 0) return
  const types = await holdTypes(tx, scope, distinct(entities.map(({ typeId }) => typeId)))
  const archived = new Set(types.filter((type) => type.archivedAt !== null).map(({ id }) => id))
  const hit = entities.find(({ typeId }) => archived.has(typeId))
  if (hit !== undefined)
    throw badInput(
      fieldOf(hit.id),
      `ids: entity ${hit.id} has the entity type ${hit.typeId}, which is archived`,
    )
}

/** 400 if a restored entity would be at a deeper level than is allowed now. */
async function refuseTooDeep(
  tx: Tx,
  { app }: Call,
  {
    customerKey,
    ids,
    fieldOf,
  }: { customerKey: Uuid; ids: readonly string[]; fieldOf: (id: string) => Field },
): Promise<void> {
  if (ids.length === 0) return
  const places = await findPositions(tx, customerKey, ids)
  const byKey = new Map(places.map((place) => [place.key, place]))
  const placeOf = (key: Uuid) => required(byKey.get(key), 'a place that was loaded')
  const maxDepth = app.config.maxEntityDepth
  const deep = places.find((place) => pathOf(place, placeOf).length > maxDepth)
  if (deep !== undefined)
    throw badInput(
      fieldOf(deep.id),
      `ids: entity ${deep.id} would be deeper than the maximum of ${maxDepth} levels`,
    )
}

async function save(
  tx: Tx,
  call: Call,
  made: { customerKey: Uuid; results: readonly UpsertResult<Entity>[]; now: Instant },
): Promise<void> {
  const { customerKey, now } = made
  const changed = made.results.filter(({ change }) => change !== null)
  const announcements = changed.map(
    ({ before, after, change }): Event => ({
      type: change === 'created' ? 'entity.created' : 'entity.updated',
      customerKey,
      objectId: after.id,
      before: before && entityToWire(before),
      after: entityToWire(after),
    }),
  )
  if (changed.length === 0) return
  const renew = changed.some(changesStructure) ? renewVersion : raiseSequence
  await Promise.all([
    saveEntities(
      tx,
      { scope: call.scope, customerKey },
      changed.map(({ after }) => after),
    ),
    publish(tx, { ...call, now }, announcements),
    renew(tx, { ...call, now }, [customerKey]),
  ])
}
