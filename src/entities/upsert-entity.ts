import { assert } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { type Field, inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import { patchMetadata, sameMetadata } from '../kernel/metadata.ts'
import type { Entity, EntityInput, EntityType, UpsertResult } from './types.ts'

/** The field for the type of an entity in a request, by its name in the newer generation. */
export const typeField = (index: number): Field => inBody('entities', index, 'entityTypeId')

/**
 * Returns the id of the entity's type after an upsert. 400 for a new entity without a type. Source:
 * the entity upsert of the API document.
 */
export function typeIdAfter(before: Entity | null, input: EntityInput, index: number): string {
  const typeId = input.typeId ?? before?.typeId
  if (typeId === undefined)
    throw badInput(
      typeField(index),
      `entities[${index}] (${input.id}): entityTypeId is required to create a new entity`,
    )
  return typeId
}

/**
 * Returns whether the upsert makes the entity refer to its type anew: by creating it, restoring it
 * or changing its type.
 */
export const needsType = (before: Entity | null, typeId: string): boolean =>
  before === null || before.archivedAt !== null || before.typeId !== typeId

/** Returns whether the attribution of usage may change. */
export const changesStructure = ({ before, after }: UpsertResult<Entity>): boolean =>
  before === null || before.archivedAt !== after.archivedAt || before.typeKey !== after.typeKey

/**
 * Returns an entity after an upsert. `type` is its type after the upsert; null only if an active
 * entity keeps its type. Metadata is a merge patch. An archived entity is restored.
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
