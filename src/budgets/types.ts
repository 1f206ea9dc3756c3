import type { Instant } from '../kernel/clock.ts'
import type { Field } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type { Cadence } from './cadence.ts'

/**
 * What a budget limits: a metered feature or a currency of credits. Keys are unique across both.
 */
export type Capability = { kind: 'feature' | 'currency'; key: Uuid }

/**
 * A budget of an entity; "assignment" or "entity entitlement" on the wire. Entity, capability and
 * scope identify it.
 */
export type Assignment = {
  key: Uuid
  entityKey: Uuid
  entityId: string
  capability: Capability
  /** The parent of its entity. All budgets of one entity have the same. */
  parentId: string | null
  /** Ordered by id, without duplicates. Empty: the budget applies to all usage. */
  scope: readonly { key: Uuid; id: string }[]
  /** Null: usage is counted and not limited. */
  usageLimit: Quantity | null
  cadence: Cadence
  /** Whether its usage is a level, which has one window of all time, whatever the cadence. */
  isLevel: boolean
  /** From 1. Grows with each new cadence, except for levels. Each revision has its own counters. */
  revision: number
  createdAt: Instant
  updatedAt: Instant
}

/** With the id of its feature or currency. */
export type AssignmentWithId = Assignment & { capabilityId: string }

/**
 * The fields of a budget in an upsert. Absent fields are kept. A new budget needs a limit and a
 * cadence.
 */
export type AssignmentInput = {
  /** The row. */
  where: Field
  entityId: string
  capability: { kind: Capability['kind']; id: string }
  /** In the order of the ids, each once. */
  scopeEntityIds: readonly string[]
  usageLimit?: Quantity | null
  cadence?: Cadence
  parentId?: string | null
}

/** The field in which a row names its feature or currency. */
export const capabilityField = ({
  where,
  capability,
}: Pick<AssignmentInput, 'where' | 'capability'>): Field => where.at(`${capability.kind}Id`)

/** An entity on the path from a named entity up to its root. */
export type Node = { entityKey: Uuid; entityId: string; isArchived: boolean }

/** The fields of a budget that are needed to count and to decide. */
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
   * One path for each entity that a dimension named, in the order of the dimensions: the entity and
   * all ancestors, including archived ones.
   */
  paths: readonly (readonly Node[])[]
  /** The budgets of the active entities whose scope is contained in them, without duplicates. */
  budgets: readonly Budget[]
  /** The attribution keys whose values named no entity, in their order. */
  unresolved: readonly string[]
}

/** An entity in a customer's tree, or one of its budgets with the current usage. */
export type TreeRow = {
  /** The key of the entity, or of its budget. */
  key: Uuid
  entityId: string
  entityTypeId: string
  displayName: string | null
  /** The id of the parent, even if the parent is archived and so has no row itself. */
  parentId: string | null
  /** A decimal by which rows are ordered, before their keys. Null if the row has none. */
  sortValue: string | null
  budget: {
    capabilityKey: Uuid
    scopeEntityIds: readonly string[]
    usageLimit: Quantity | null
    /** In the units of the limit, at least 0. */
    currentUsage: Quantity
    /** Rounded to ten decimals. */
    utilization: Quantity | null
    cadence: Cadence
    isLevel: boolean
    createdAt: Instant
  } | null
}
