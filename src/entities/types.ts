import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Metadata, MetadataPatch } from '../kernel/metadata.ts'

export type EntityType = {
  key: Uuid
  id: string
  displayName: string
  description: string | null
  /** Names of dimensions, in the vendor's order, each once. Empty: nothing is attributed. */
  attributionKeys: readonly string[]
  createdAt: Instant
  updatedAt: Instant
  archivedAt: Instant | null
}

/** What an upsert says of a type. `description`: absent keeps, null clears. */
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

/** Where an entity stands in its customer's tree. */
export type HierarchyPosition = {
  key: Uuid
  id: string
  parentKey: Uuid | null
  /** When the entity got its first budget; null: it has no place yet, and no parent. */
  placedAt: Instant | null
  archivedAt: Instant | null
}

/** What an upsert says of an entity. Absent keeps; `displayName: null` clears. */
export type EntityInput = {
  id: string
  typeId?: string
  displayName?: string | null
  metadata?: MetadataPatch
}

/** The state after an upsert, and whether anything differs from before. */
export type UpsertResult<T> = {
  before: T | null
  after: T
  change: 'created' | 'updated' | null
}
