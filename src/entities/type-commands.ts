import { renewEnvironmentVersion } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import { type Event, publish } from '../events/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import { refuseOutdated } from '../kernel/etag.ts'
import { inBody } from '../kernel/field.ts'
import type { Call } from '../operation.ts'
import { distinct, idField, refuseDuplicates } from './distinct-ids.ts'
import * as store from './type-store.ts'
import type { EntityType, EntityTypeInput, UpsertResult } from './types.ts'
import { upsertType } from './upsert-type.ts'
import { entityTypeToWire } from './wire.ts'

/**
 * Creates or changes types of the environment, all or none. Returns them in the order of the
 * request. 400 for a duplicate id, and for more attribution keys than are configured.
 */
export async function upsertTypes(
  call: Call,
  inputs: readonly EntityTypeInput[],
): Promise<EntityType[]> {
  const { app, scope } = call
  refuseDuplicates('types', inputs)
  refuseTooManyKeys(inputs, app.config.maxAttributionKeys)
  const work = async (tx: Tx) => {
    await store.lockTypes(tx, scope)
    const now = app.clock.now()
    const ids = inputs.map(({ id }) => id)
    const found = await store.findTypes(tx, scope, ids)
    refuseOutdated(call, () => (found[0] === undefined ? null : entityTypeToWire(found[0])))
    const before = new Map(found.map((type) => [type.id, type]))
    const results = inputs.map((input) =>
      upsertType(before.get(input.id) ?? null, input, { key: app.ids.next(now), now }),
    )
    await save(tx, call, { results, now })
    return results.map(({ after }) => after)
  }
  return app.db.transaction(work)
}

function refuseTooManyKeys(inputs: readonly EntityTypeInput[], limit: number | null): void {
  if (limit === null) return
  inputs.forEach(({ id, attributionKeys }, index) => {
    if (distinct(attributionKeys).length > limit)
      throw badInput(
        inBody('types', index, 'attributionKeys'),
        `types[${index}] (${id}): attributionKeys has more than ${limit} keys`,
      )
  })
}

/**
 * Archives types. Archived types are not changed. 404 if one is unknown, 400 if one has active
 * entities; then none is archived.
 */
export const archiveTypes = (call: Call, ids: readonly string[]): Promise<string[]> =>
  setArchived(call, ids, async (tx, types) => {
    const inUse = await store.typesInUse(
      tx,
      types.map(({ key }) => key),
    )
    if (inUse.length > 0)
      throw badInput(
        idField(ids, inUse[0]),
        `ids: entity type ${inUse.join(', ')} has active entities; archive them first`,
      )
    return true
  })

/** Restores archived types. 404 if one is unknown. */
export const unarchiveTypes = (call: Call, ids: readonly string[]): Promise<string[]> =>
  setArchived(call, ids, async () => false)

async function setArchived(
  call: Call,
  ids: readonly string[],
  decide: (tx: Tx, types: EntityType[]) => Promise<boolean>,
): Promise<string[]> {
  const { app, scope } = call
  const wanted = distinct(ids)
  const work = async (tx: Tx) => {
    await store.lockTypes(tx, scope)
    const found = await store.lockTypesWithIds(tx, scope, wanted)
    const byId = new Map(found.map((type) => [type.id, type]))
    const unknown = wanted.filter((id) => !byId.has(id))
    if (unknown.length > 0)
      throw notFound(
        idField(ids, unknown[0]),
        null,
        `ids: entity type ${unknown.join(', ')} not found`,
      )
    const archive = await decide(tx, found)
    const now = app.clock.now()
    const results = wanted
      .map((id) => required(byId.get(id), 'a type just found'))
      .filter((type) => (type.archivedAt !== null) !== archive)
      .map((type) => ({
        before: type,
        after: { ...type, archivedAt: archive ? now : null, updatedAt: now },
        change: 'updated' as const,
      }))
    await save(tx, call, { results, now })
    return wanted
  }
  return app.db.transaction(work)
}

async function save(
  tx: Tx,
  call: Call,
  made: { results: readonly UpsertResult<EntityType>[]; now: Instant },
): Promise<void> {
  const changed = made.results.filter(({ change }) => change !== null)
  const announcements = changed.map(
    ({ before, after, change }): Event => ({
      type: change === 'created' ? 'entity_type.created' : 'entity_type.updated',
      customerKey: null,
      objectId: after.id,
      before: before && entityTypeToWire(before),
      after: entityTypeToWire(after),
    }),
  )
  await Promise.all([
    store.saveTypes(
      tx,
      call.scope,
      changed.map(({ after }) => after),
    ),
    publish(tx, { ...call, now: made.now }, announcements),
    ...(changed.length === 0 ? [] : [renewEnvironmentVersion(tx, call.scope)]),
  ])
}
