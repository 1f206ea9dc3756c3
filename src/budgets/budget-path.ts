import type { UnitTransformation } from '../api.gen.ts'
import { transformUnits } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { countsAt, windowOf } from './cadence.ts'
import { type Counters, counterName } from './postings.ts'
import type { Budget, Node, Resolution } from './types.ts'

/** What a request wants of one capability. */
export type Demand = {
  capabilityKey: Uuid
  /** Of a currency that the usage of another capability would charge; its nodes name it. */
  currencyId: string | null
  /** How usage becomes the units that are limited. */
  transformation: Pick<UnitTransformation, 'divide' | 'round'> | null
  /** In the units in which usage is reported; 0 asks whether anything is left. */
  amount: Quantity
}

/** What is known of budgets in the windows that an instant lies in, if they count it. */
export type BudgetUsage = { counters: Known; holds: Known; at: Instant }
type Known = Pick<Counters, 'get'>

/** One budget of an entity on a chain, or the entity alone where it has none. */
export type BudgetNode = {
  entityId: string
  scopeEntityIds: readonly string[]
  currencyId: string | null
  usageLimit: Quantity | null
  /** Recorded usage in limited units, signed. */
  currentUsage: Quantity
  isGranted: boolean
  /** What is held of it, in limited units; and what is left beside both, not below 0. */
  holds: Quantity
  remaining: Quantity | null
  /** What it was decided by, as raw usage; null where the entity has no budget. */
  budget: NodeBudget | null
}

type NodeBudget = Pick<Budget, 'assignmentKey' | 'revision'> & {
  window: Window
  used: Quantity
  held: Quantity
}

/**
 * Every budget that a request meets, entity by entity from the one that a dimension named to its
 * root, and whether all of them can take it. Entities without a budget stand between, archived ones
 * do not; a chain without any budget is left out, and what is left of two alike is one. Node-wide
 * budgets come before scoped ones, small scopes before large. Source: the entitlement check of the
 * API document.
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

/** Of each path those who are not archived. Paths that begin with the same entity go on alike. */
function withoutArchived(paths: Resolution['paths']): Node[][] {
  const active = paths.map((path) => path.filter(({ isArchived }) => !isArchived))
  return [...new Map(active.map((path) => [path[0]?.entityKey, path])).values()]
}

/** Ids hold no comma, and none of their characters comes before it. */
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

/** Returns budget paths with the usage that there is after their request, as they were decided. */
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

/** Whether a limit allows a demand, with all that was spent until now: used and held. */
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
