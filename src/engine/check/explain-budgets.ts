import { type BudgetNode, type Demand, isWithin } from '../../budgets/index.ts'
import { transformUnits } from '../../catalog/features/index.ts'
import {
  type Change,
  changed,
  counterfactual,
  type DecisionQuery,
  decide,
  roomWithin,
  shortOf,
} from '../../entitlements/index.ts'
import { type Quantity, wholeUnits } from '../../kernel/quantity.ts'

/** The limit of a budget on the paths of a request. */
export type Limit = {
  entityId: string
  scopeEntityIds: readonly string[]
  usageLimit: Quantity
  /** Usage plus holds, before any unit transformation. */
  spent: Quantity
}

/** A budget with another limit. */
export type BudgetChange = Pick<Limit, 'entityId' | 'scopeEntityIds'> & {
  change: 'budget'
  to: Quantity
}
/** A dimension whose value must name an entity. */
export type DimensionChange = { change: 'dimension'; to: 'KNOWN'; key: string }
/** Changes that together reverse the result of a decision. */
export type Way = readonly (Change | BudgetChange | DimensionChange)[]

/** Returns the limits on budget paths, without duplicates. */
export function limitsOn(chains: readonly (readonly BudgetNode[])[]): Limit[] {
  const limits = new Map<string, Limit>()
  for (const { budget, entityId, scopeEntityIds, usageLimit } of chains.flat())
    if (budget !== null && usageLimit !== null) {
      const spent = budget.used + budget.held
      limits.set(budget.assignmentKey, { entityId, scopeEntityIds, usageLimit, spent })
    }
  return [...limits.values()]
}

/**
 * Like `waysWithBudgets`, but takes into account the dimensions that deny because they name no
 * entity (`denying`). To be granted, each way makes all of them name an entity. The budgets of
 * those entities are not known, so no way considers them.
 */
export function waysWithUnknown(
  query: DecisionQuery,
  limits: readonly Limit[],
  denying: readonly string[],
): Way[] {
  if (denying.length === 0) return waysWithBudgets(query, limits)
  const ways = isGranted(query, limits) ? [[]] : waysWithBudgets(query, limits)
  return ways.map((way) => [...way, ...dimensionChanges(denying)])
}

export const dimensionChanges = (keys: readonly string[]): DimensionChange[] =>
  keys.map((key) => ({ change: 'dimension', to: 'KNOWN', key }))

/**
 * Returns the ways of `counterfactual`, extended by budgets. If the request was denied, a way
 * requests so little that no budget denies, or raises all budgets that deny. If the request was
 * granted, a way requests more than one budget allows, or lowers one budget.
 */
export function waysWithBudgets(query: DecisionQuery, limits: readonly Limit[]): Way[] {
  const before = isGranted(query, limits)
  const ways = before ? waysToDeny(query, limits) : waysToGrant(query, limits)
  return ways.filter((way) => isGranted(...afterWay(query, limits, way)) !== before)
}

function waysToGrant(query: DecisionQuery, limits: readonly Limit[]): Way[] {
  const room = roomIn(query, limits)
  if (decide(query).isGranted)
    return [raisedBy(demandOf(query), limits), ...(room === null ? [] : [[requesting(room)]])]
  return counterfactual(query).map((way) =>
    way.some(isNumeric)
      ? way.map((change) =>
          isNumeric(change) ? requesting(least([change.to, room]) ?? change.to) : change,
        )
      : [...way, ...raisedBy(demandOf(way.reduce(changed, query)), limits)],
  )
}

function waysToDeny(query: DecisionQuery, limits: readonly Limit[]): Way[] {
  const room = roomIn(query, limits)
  const excess = room === null ? null : room + ONE
  const ways = counterfactual(query).map((way) =>
    way.map((change) =>
      isNumeric(change) ? requesting(least([change.to, excess]) ?? change.to) : change,
    ),
  )
  const isCompared = ways.some((way) => way.some(isNumeric))
  return [
    ...ways,
    ...(excess === null || isCompared ? [] : [[requesting(excess)]]),
    ...limits
      .map((limit) => lowered(demandOf(query), limit))
      .filter(({ to }) => to >= 0n)
      .map((change) => [change]),
  ]
}

const ONE = wholeUnits(1)

const requesting = (to: Quantity): UsageChange => ({ change: 'requestedUsage', to })
type UsageChange = { change: 'requestedUsage'; to: Quantity }
const isNumeric = (change: Change): change is UsageChange =>
  change.change === 'requestedUsage' && change.to !== null

const least = (quantities: readonly (Quantity | null)[]): Quantity | null =>
  quantities
    .filter((quantity) => quantity !== null)
    .toSorted((one, other) => (one < other ? -1 : 1))[0] ?? null

/**
 * Returns the largest request that all budgets allow. Null if there are no limits, or if the
 * feature is not a `NUMBER`.
 */
const roomIn = (query: DecisionQuery, limits: readonly Limit[]): Quantity | null =>
  query.feature?.featureType === 'NUMBER'
    ? least(limits.map((limit) => roomOf(limit, query)))
    : null

type DemandAmount = Pick<Demand, 'amount' | 'transformation'>

/** Returns how much a query needs of the budgets. */
const demandOf = ({ feature, request }: DecisionQuery): DemandAmount => ({
  amount:
    request.usage ?? (feature === null || feature.meterType === 'None' ? 0n : request.defaultUsage),
  transformation: feature?.unitTransformation ?? null,
})

function roomOf({ usageLimit, spent: usage }: Limit, query: DecisionQuery): Quantity {
  const feature = {
    featureType: 'NUMBER',
    meterType: 'INCREMENTAL',
    unitTransformation: query.feature?.unitTransformation ?? null,
  } as const
  return roomWithin(usageLimit, { feature, usage, request: query.request })
}

/** Returns the limits that deny a demand, raised as little as necessary. */
export const raisedBy = (demand: DemandAmount, limits: readonly Limit[]): BudgetChange[] =>
  limits
    .filter((limit) => !allows(demand, limit))
    .map((limit) => budgetChange(limit, neededBy(demand, limit)))

const lowered = (demand: DemandAmount, limit: Limit): BudgetChange =>
  budgetChange(limit, shortOf(neededBy(demand, limit)))

/** Returns the lowest limit that allows the demand. A demand of 0 needs some remaining amount. */
function neededBy({ amount, transformation }: DemandAmount, { spent }: Limit): Quantity {
  const units = transformUnits(spent + amount, transformation)
  return amount > 0n ? units : shortOf(units + 1n) + ONE
}

const budgetChange = ({ entityId, scopeEntityIds }: Limit, to: Quantity): BudgetChange => ({
  change: 'budget',
  entityId,
  scopeEntityIds,
  to,
})

const allows = (demand: DemandAmount, { usageLimit, spent }: Limit): boolean =>
  isWithin(usageLimit, spent, demand)

export const isGranted = (query: DecisionQuery, limits: readonly Limit[]): boolean =>
  decide(query).isGranted && limits.every((limit) => allows(demandOf(query), limit))

/** Returns the query and its limits after the changes of a way. */
export const afterWay = (
  query: DecisionQuery,
  limits: readonly Limit[],
  way: Way,
): [DecisionQuery, Limit[]] => [
  way.reduce(
    (state, change) =>
      change.change === 'budget' || change.change === 'dimension' ? state : changed(state, change),
    query,
  ),
  limits.map((limit) => {
    const own = way.find((change) => change.change === 'budget' && isOf(change, limit))
    return own?.change === 'budget' ? { ...limit, usageLimit: own.to } : limit
  }),
]

const isOf = (change: BudgetChange, { entityId, scopeEntityIds }: Limit): boolean =>
  change.entityId === entityId && change.scopeEntityIds.join() === scopeEntityIds.join()
