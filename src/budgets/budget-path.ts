import type { UnitTransformation } from '../api.gen.ts'
import { transformUnits } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { countsAt, windowOf } from './cadence.ts'
import { type Counters, counterName } from './postings.ts'
import type { Budget, Node, Resolution } from './types.ts'

/** How much a request needs of one capability. */
export type Demand = {
  capabilityKey: Uuid
  /**
   * The id of the currency that the usage of a feature charges. Null if it charges none. It is
   * shown in the nodes.
   */
  currencyId: string | null
  /** Converts usage into the units of the limit. Null: they are the same. */
  transformation: Pick<UnitTransformation, 'divide' | 'round'> | null
  /** In the units that are reported. 0 asks whether anything is left. */
  amount: Quantity
}

/** Usage and holds of budgets, in the windows that contain an instant. */
export type BudgetUsage = { counters: Known; holds: Known; at: Instant }
type Known = Pick<Counters, 'get'>

/** A budget of an entity on a budget path, or an entity without a budget. */
export type BudgetNode = {
  entityId: string
  scopeEntityIds: readonly string[]
  currencyId: string | null
  usageLimit: Quantity | null
  /** Recorded usage in the units of the limit, signed. */
  currentUsage: Quantity
  isGranted: boolean
  /** The held amount in the units of the limit. */
  holds: Quantity
  /** What remains after usage and holds, in the units of the limit, at least 0. Null: no limit. */
  remaining: Quantity | null
  /** The budget, and its usage before any unit transformation. Null: the entity has no budget. */
  budget: NodeBudget | null
}

type NodeBudget = Pick<Budget, 'assignmentKey' | 'revision'> & {
  window: Window
  used: Quantity
  held: Quantity
}

/**
 * Returns the budget paths of a request, and whether all their budgets allow the request. A path
 * begins with the entity that a dimension names and ends with its root. Entities without a budget
 * are included, archived entities are not. Paths without any budget and duplicate paths are left
 * out. Within an entity, budgets without a scope come before budgets with a scope, and small scopes
 * before large ones. Source: the entitlement check of the API document.
 */
export function budgetPaths(
  { paths, budgets }: Pick<Resolution, 'paths' | 'budgets'>,
  demands: readonly Demand[],
  spent: BudgetUsage,
): { chains: BudgetNode[][]; isGranted: boolean } {
  const nodes = demands.flatMap((demand) =>
    budgets
      .filter(({ capabilityKey }) => capabilityKey === demand.capabilityKey)
      .filter((budget) => countsAt(budget, spent.at))
      .toSorted(byScope)
      .map((budget) => nodeOf(budget, demand, spent)),
  )
  const byEntity = Map.groupBy(nodes, ({ entityId }) => entityId)
  const chains = withoutArchived(paths)
    .filter((path) => path.some(({ entityId }) => byEntity.has(entityId)))
    .map((path) => path.flatMap((entity) => byEntity.get(entity.entityId) ?? [bare(entity)]))
  return { chains, isGranted: nodes.every(({ isGranted }) => isGranted) }
}

/**
 * Returns each path without archived entities. Paths that then begin with the same entity are
 * equal, so only one of them is returned.
 */
function withoutArchived(paths: Resolution['paths']): Node[][] {
  const active = paths.map((path) => path.filter(({ isArchived }) => !isArchived))
  return [...new Map(active.map((path) => [path[0]?.entityKey, path])).values()]
}

/** Ids contain no comma, and a comma sorts before all of their characters. */
const scopeText = ({ scopeEntityIds }: Budget): string => scopeEntityIds.join(',')

const byScope = (one: Budget, other: Budget): number =>
  one.scopeEntityIds.length - other.scopeEntityIds.length ||
  (scopeText(one) < scopeText(other) ? -1 : 1)

function nodeOf(budget: Budget, demand: Demand, spent: BudgetUsage): BudgetNode {
  const { assignmentKey, revision, usageLimit } = budget
  const own = { assignmentKey, revision, window: windowOf(budget, spent.at), ...UNUSED }
  const node = nodeAfter(
    { ...bare(budget), scopeEntityIds: budget.scopeEntityIds, usageLimit, budget: own },
    demand,
    spent,
  )
  const { used, held } = node.budget ?? UNUSED
  const isGranted = isWithin(usageLimit, used + held, demand)
  return { ...node, currencyId: demand.currencyId, isGranted }
}

const UNUSED = { used: 0n, held: 0n }

/** Returns the budget paths of a decision with the usage after it. The decisions do not change. */
export const pathsAfter = (
  chains: readonly (readonly BudgetNode[])[],
  demand: Pick<Demand, 'transformation'>,
  spent: Pick<BudgetUsage, 'counters' | 'holds'>,
): BudgetNode[][] => chains.map((chain) => chain.map((node) => nodeAfter(node, demand, spent)))

function nodeAfter(
  node: BudgetNode,
  { transformation }: Pick<Demand, 'transformation'>,
  { counters, holds }: Pick<BudgetUsage, 'counters' | 'holds'>,
): BudgetNode {
  const { budget, usageLimit } = node
  if (budget === null) return node
  const name = counterName(budget, budget.window)
  const used = counters.get(name) ?? 0n
  const held = holds.get(name) ?? 0n
  return {
    ...node,
    currentUsage: transformUnits(used, transformation),
    holds: transformUnits(held, transformation),
    remaining: leftOf(usageLimit, transformUnits(used + held, transformation)),
    budget: { ...budget, used, held },
  }
}

const leftOf = (limit: Quantity | null, spent: Quantity): Quantity | null =>
  limit === null ? null : limit > spent ? limit - spent : 0n

/** Returns whether a limit allows a demand besides the amounts used and held. */
export function isWithin(
  limit: Quantity | null,
  spent: Quantity,
  demand: Pick<Demand, 'amount' | 'transformation'>,
): boolean {
  if (limit === null) return true
  const after = transformUnits(spent + demand.amount, demand.transformation)
  return demand.amount > 0n ? after <= limit : after < limit
}

const bare = ({ entityId }: Pick<Node, 'entityId'>): BudgetNode => ({
  entityId,
  scopeEntityIds: [],
  currencyId: null,
  usageLimit: null,
  currentUsage: 0n,
  isGranted: true,
  holds: 0n,
  remaining: null,
  budget: null,
})
