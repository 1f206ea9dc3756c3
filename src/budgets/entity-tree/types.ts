import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { CapabilityWithId } from '../read-capabilities.ts'
import type { Standing } from '../standings/index.ts'

/** `name` is the display name or else the id. The last three are of the first capability. */
export type ListSort = 'name' | 'createdAt' | 'currentUsage' | 'utilization' | 'exhaustsAt'

/** Whose entities are listed: all of the customer, or those with one parent. Null: the roots. */
export type ListOf = { kind: 'all' } | { kind: 'children'; parentKey: Uuid | null }

/** Everything that determines an ordered list of entities. Null values do not filter. */
export type ListQuery = {
  of: ListOf
  capabilities: readonly CapabilityWithId[]
  sortBy: ListSort
  order: 'asc' | 'desc'
  typeIds: readonly string[] | null
  /** Case-folded. */
  search: string | null
  scope: 'all' | 'nodeWide' | 'scoped'
  minUtilization: Quantity | null
  includeArchived: boolean
}

/** An entity and its place in the hierarchy. */
export type TreeEntity = {
  key: Uuid
  id: string
  typeId: string
  displayName: string | null
  parentId: string | null
  createdAt: Instant
  archivedAt: Instant | null
  childCount: number
}

/** The budgets of an entity for one capability. */
export type EntityCapability = {
  capability: CapabilityWithId
  /** The first `BUDGETS_SHOWN`, those without a scope first. */
  budgets: readonly Standing[]
  /** How many there are. At most `BUDGETS_COUNTED` are counted. */
  budgetCount: number
  tightestAncestor: Standing | null
}

export type EntityRow = TreeEntity & { capabilities: readonly EntityCapability[] }
