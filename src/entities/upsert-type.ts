import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { EntityType, EntityTypeInput, UpsertResult } from './types.ts'

/**
 * Returns a type after an upsert. Name and keys are replaced, the description only if it is sent.
 * An archived type is restored.
 */
export function upsertType(
  before: EntityType | null,
  input: EntityTypeInput,
  at: { key: Uuid; now: Instant },
): UpsertResult<EntityType> {
  const attributionKeys = [...new Set(input.attributionKeys)]
  const description =
    input.description === undefined ? (before?.description ?? null) : input.description || null
  const wanted = { displayName: input.displayName, description, attributionKeys, archivedAt: null }
  if (before === null)
    return {
      before,
      after: { key: at.key, id: input.id, ...wanted, createdAt: at.now, updatedAt: at.now },
      change: 'created',
    }
  const same =
    before.displayName === wanted.displayName &&
    before.description === description &&
    before.archivedAt === null &&
    before.attributionKeys.length === attributionKeys.length &&
    before.attributionKeys.every((key, index) => key === attributionKeys[index])
  return same
    ? { before, after: before, change: null }
    : { before, after: { ...before, ...wanted, updatedAt: at.now }, change: 'updated' }
}
