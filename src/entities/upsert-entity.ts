import { assert } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import { patchMetadata, sameMetadata } from '../kernel/metadata.ts'
import type { Entity, EntityInput, EntityType, UpsertResult } from './types.ts'

/**
 * The id of the type that an upsert leaves the entity with. 400 for a new entity without one.
 * Source: the entity upsert of the API document.
 */
export function typeIdAfter(before: Entity | null, input: EntityInput, index: number): string {
  const typeId = input.typeId ?? before?.typeId
  if (typeId === undefined)
    throw badInput(
      `entities[${index}] (${input.id}): entityTypeId is required to create a new entity`,
    )
  return typeId
}

/** Whether the upsert makes the entity lean on its type anew: create, restore or change of type. */
export const needsType = (before: Entity | null, typeId: string): boolean =>
  before === null || before.archivedAt !== null || before.typeId !== typeId

/** Whether usage may be attributed otherwise than before. */
export const changesStructure = ({ before, after }: UpsertResult<Entity>): boolean =>
  before === null || before.archivedAt !== after.archivedAt || before.typeKey !== after.typeKey

/**
 * An entity after an upsert. `type` is the type that it will have, null only where the entity keeps
 * its own and stays active. Metadata is merge-patch, an archived entity comes back.
 */
export function upsertEntity(
  before: Entity | null,
  input: EntityInput,
  at: { type: Pick<EntityType, 'key' | 'id'> | null; key: Uuid; now: Instant },
): UpsertResult<Entity> {
  const metadata = patchMetadata(before?.metadata ?? {}, input.metadata)
  const displayName =
    input.displayName === undefined ? (before?.displayName ?? null) : input.displayName || null
  if (before === null) {
    assert(at.type !== null, 'a new entity has a type')
    return {
      before,
      after: {
        key: at.key,
        id: input.id,
        typeKey: at.type.key,
        typeId: at.type.id,
        displayName,
        metadata,
        createdAt: at.now,
        updatedAt: at.now,
        archivedAt: null,
      },
      change: 'created',
    }
  }
  const typeKey = at.type?.key ?? before.typeKey
  const same =
    typeKey === before.typeKey &&
    displayName === before.displayName &&
    before.archivedAt === null &&
    sameMetadata(metadata, before.metadata)
  if (same) return { before, after: before, change: null }
  const typeId = at.type?.id ?? before.typeId
  const after = { ...before, typeKey, typeId, displayName, metadata, archivedAt: null }
  return { before, after: { ...after, updatedAt: at.now }, change: 'updated' }
}
