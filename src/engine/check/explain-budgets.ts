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

/** A budget with a limit that a request meets. */
export type Limit = {
  entityId: string
  scopeEntityIds: readonly string[]
  usageLimit: Quantity
  /** Used and held, as raw usage. */
  spent: Quantity
}

/** A budget that would have to have another limit. */
export type BudgetChange = Pick<Limit, 'entityId' | 'scopeEntityIds'> & {
  change: 'budget'
  to: Quantity
}
/** A dimension whose value would have to name an entity. */
export type DimensionChange = { change: 'dimension'; to: 'KNOWN'; key: string }
export type Way = readonly (Change | BudgetChange | DimensionChange)[]

/** The limits on chains, each once. */
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
 * The same ways where dimensions may deny, too: with each, all of them come to name an entity. What
 * budgets that has is not known.
 */
export function waysWithUnknown(
  asked: DecisionQuery,
  limits: readonly Limit[],
  denying: readonly string[],
): Way[] {
  if (denying.length === 0) return waysWithBudgets(asked, limits)
  const ways = isGranted(asked, limits) ? [[]] : waysWithBudgets(asked, limits)
  return ways.map((way) => [...way, ...knowing(denying)])
}

export const knowing = (keys: readonly string[]): DimensionChange[] =>
  keys.map((key) => ({ change: 'dimension', to: 'KNOWN', key }))

/**
 * The ways to the opposite answer, as `counterfactual` tells them, where budgets have a say too:
 * less is requested than any of them denies, or all that deny are raised; more is requested than
 * one of them allows, or one is lowered.
 */
export function waysWithBudgets(asked: DecisionQuery, limits: readonly Limit[]): Way[] {
  const ways = isGranted(asked, limits) ? waysToDeny(asked, limits) : waysToGrant(asked, limits)
  return ways.filter((way) => isGranted(...after(asked, limits, way)) !== isGranted(asked, limits))
}

function waysToGrant(asked: DecisionQuery, limits: readonly Limit[]): Way[] {
  const room = roomIn(asked, limits)
  if (decide(asked).isGranted)
    return [raisedBy(demandOf(asked), limits), ...(room === null ? [] : [[requesting(room)]])]
  return counterfactual(asked).map((way) =>
    way.some(isNumeric)
      ? way.map((change) =>
          isNumeric(change) ? requesting(least([change.to, room]) ?? change.to) : change,
        )
      : [...way, ...raisedBy(demandOf(way.reduce(changed, asked)), limits)],
  )
}

function waysToDeny(asked: DecisionQuery, limits: readonly Limit[]): Way[] {
  const room = roomIn(asked, limits)
  const excess = room === null ? null : room + ONE
  const ways = counterfactual(asked).map((way) =>
    way.map((change) =>
      isNumeric(change) ? requesting(least([change.to, excess]) ?? change.to) : change,
    ),
  )
  const isCompared = ways.some((way) => way.some(isNumeric))
  return [
    ...ways,
    ...(excess === null || isCompared ? [] : [[requesting(excess)]]),
    ...limits
      .map((limit) => lowered(demandOf(asked), limit))
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

/** The most that can be requested of all budgets; null where none is asked how much. */
const roomIn = (asked: DecisionQuery, limits: readonly Limit[]): Quantity | null =>
  asked.feature?.featureType === 'NUMBER'
    ? least(limits.map((limit) => roomOf(limit, asked)))
    : null

type DemandAmount = Pick<Demand, 'amount' | 'transformation'>

/** What is demanded of budgets. */
const demandOf = ({ feature, request }: DecisionQuery): DemandAmount => ({
  amount:
    request.usage ?? (feature === null || feature.meterType === 'None' ? 0n : request.defaultUsage),
  transformation: feature?.unitTransformation ?? null,
})

function roomOf({ usageLimit, spent: usage }: Limit, asked: DecisionQuery): Quantity {
  const feature = {
    featureType: 'NUMBER',
    meterType: 'INCREMENTAL',
    unitTransformation: asked.feature?.unitTransformation ?? null,
  } as const
  return roomWithin(usageLimit, { feature, usage, request: asked.request })
}

/** The limits that deny a demand, raised as far as they must. */
export const raisedBy = (demand: DemandAmount, limits: readonly Limit[]): BudgetChange[] =>
  limits
    .filter((limit) => !allows(demand, limit))
    .map((limit) => budgetChange(limit, neededBy(demand, limit)))

const lowered = (demand: DemandAmount, limit: Limit): BudgetChange =>
  budgetChange(limit, shortOf(neededBy(demand, limit)))

/** The limit that allows the demand. One for nothing needs something left. */
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

export const isGranted = (asked: DecisionQuery, limits: readonly Limit[]): boolean =>
  decide(asked).isGranted && limits.every((limit) => allows(demandOf(asked), limit))

/** What is asked, and the limits that it meets, once the changes of a way have been made. */
export const after = (
  asked: DecisionQuery,
  limits: readonly Limit[],
  way: Way,
): [DecisionQuery, Limit[]] => [
  way.reduce(
    (state, change) =>
      change.change === 'budget' || change.change === 'dimension' ? state : changed(state, change),
    asked,
  ),
  limits.map((limit) => {
    const own = way.find((change) => change.change === 'budget' && isOf(change, limit))
    return own?.change === 'budget' ? { ...limit, usageLimit: own.to } : limit
  }),
]

const isOf = (change: BudgetChange, { entityId, scopeEntityIds }: Limit): boolean =>
  change.entityId === entityId && change.scopeEntityIds.join() === scopeEntityIds.join()
