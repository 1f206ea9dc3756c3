import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Metadata, MetadataPatch } from '../kernel/metadata.ts'

export type EntityType = {
  key: Uuid
  id: string
  displayName: string
  description: string | null
  /**
   * Names of dimensions in the vendor's order, without duplicates. If empty, no usage is attributed
   * to entities of the type.
   */
  attributionKeys: readonly string[]
  createdAt: Instant
  updatedAt: Instant
  archivedAt: Instant | null
}

/**
 * The fields of a type in an upsert. If `description` is absent it is kept, if null it is cleared.
 */
export type EntityTypeInput = {
  id: string
  displayName: string
  attributionKeys: readonly string[]
  description?: string | null
}

export type Entity = {
  key: Uuid
  id: string
  typeKey: Uuid
  typeId: string
  displayName: string | null
  metadata: Metadata
  createdAt: Instant
  updatedAt: Instant
  archivedAt: Instant | null
}

/** The position of an entity in its customer's tree. */
export type HierarchyPosition = {
  key: Uuid
  id: string
  parentKey: Uuid | null
  /** When the entity got its first budget. Null: it has no position and no parent yet. */
  placedAt: Instant | null
  archivedAt: Instant | null
}

/**
 * The fields of an entity in an upsert. Absent fields are kept; `displayName: null` clears the
 * name.
 */
export type EntityInput = {
  id: string
  typeId?: string
  displayName?: string | null
  metadata?: MetadataPatch
}

/** The state after an upsert, and whether it differs from the state before. */
export type UpsertResult<T> = {
  before: T | null
  after: T
  change: 'created' | 'updated' | null
}
