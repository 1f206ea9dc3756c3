import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type { Cadence } from './cadence.ts'

/** What a budget is of: a metered feature, or a currency of credits. No two have one key. */
export type Capability = { kind: 'feature' | 'currency'; key: Uuid }

/**
 * A budget of an entity, "assignment" or "entity entitlement" on the wire. Entity, capability and
 * scope together are its name.
 */
export type Assignment = {
  key: Uuid
  entityKey: Uuid
  entityId: string
  capability: Capability
  /** The parent of its entity, the same for all budgets of that one. */
  parentId: string | null
  /** By their ids, in the order of these, each once; none: it applies to all usage. */
  scope: readonly { key: Uuid; id: string }[]
  /** null: counted and never exceeded. */
  usageLimit: Quantity | null
  cadence: Cadence
  /** Its usage is a level: it is of all time, whatever the cadence. */
  isLevel: boolean
  /** Grows with the cadence, but of a level: the windows of each have own counters. From 1. */
  revision: number
  createdAt: Instant
  updatedAt: Instant
}

/** With the id of its feature or its currency. */
export type AssignmentWithId = Assignment & { capabilityId: string }

/** What an upsert says of a budget. Absent keeps; a new one needs a limit and a cadence. */
export type AssignmentInput = {
  /** How messages name it. */
  where: string
  entityId: string
  capability: { kind: Capability['kind']; id: string }
  /** In the order of the ids, each once. */
  scopeEntityIds: readonly string[]
  usageLimit?: Quantity | null
  cadence?: Cadence
  parentId?: string | null
}

/** An entity on the way from one that a dimension named up to its root. */
export type Node = { entityKey: Uuid; entityId: string; isArchived: boolean }

/** A budget as counting and deciding see it. */
export type Budget = {
  assignmentKey: Uuid
  revision: number
  entityKey: Uuid
  entityId: string
  capabilityKey: Uuid
  /** In the order of the ids. */
  scopeEntityIds: readonly string[]
  usageLimit: Quantity | null
  cadence: Cadence
  isLevel: boolean
  createdAt: Instant
}

/** What the dimensions of a request lead to. */
export type Resolution = {
  /**
   * One for each entity that a dimension named, in the order of the dimensions: the entity, then
   * what is above it, whoever of them is archived.
   */
  paths: readonly (readonly Node[])[]
  /** The budgets of those who are not archived whose scope lies within all of them, each once. */
  budgets: readonly Budget[]
  /** The keys of dimensions that could have named an entity and did not, in their order. */
  unresolved: readonly string[]
}

/** An entity in a customer's tree, or one of its budgets with what is used of it now. */
export type TreeRow = {
  /** Of the entity, or of the budget. */
  key: Uuid
  entityId: string
  entityTypeId: string
  displayName: string | null
  /** Also that of an archived parent, which is no row itself. */
  parentId: string | null
  /** A decimal that the row is ordered by before its key; null where it has none. */
  sortValue: string | null
  budget: {
    capabilityKey: Uuid
    scopeEntityIds: readonly string[]
    usageLimit: Quantity | null
    /** In limited units, not below 0. */
    currentUsage: Quantity
    /** To ten decimals. */
    utilization: Quantity | null
    cadence: Cadence
    isLevel: boolean
    createdAt: Instant
  } | null
}
