import { type BudgetNode, chainNodeToWire, type Demand, isWithin } from '../../budgets/index.ts'
import { transformUnits } from '../../catalog/features/index.ts'
import { type DecisionQuery, roomWithin, shortOf } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import { type Quantity, wholeUnits } from '../../kernel/quantity.ts'
import { findHoldEnd } from '../../metering/reservations/index.ts'
import { decisionByEntitlement, isFinal } from './combine.ts'
import { queryAfter } from './explain-limits.ts'
import type {
  BlockingHolds,
  BudgetPaths,
  Explanation,
  HoldOwner,
  Outcome,
  Shown,
} from './participant.ts'
import { type BudgetChange, least, requesting, type Stance, type Way } from './ways.ts'

/** The ends of the windows of the budgets that a response shows. */
export const changesOfBudgets = (outcome: Outcome): readonly (number | null)[] =>
  nodesShown(outcome).map(({ budget }) => budget?.window.end ?? null)

/** A denial that budgets cannot change shows none. */
const nodesShown = ({ entitlement, chains }: Omit<Outcome, 'now'>): BudgetNode[] =>
  isFinal(entitlement.decision) ? [] : chains.flat()

/** The holds in the budgets that deny. */
export function holdsBlockingBudgets(
  outcome: Outcome,
  { customerKey }: HoldOwner,
): BlockingHolds | null {
  const counters = nodesShown(outcome).flatMap(({ isGranted, budget }) =>
    isGranted || budget === null || budget.held <= 0n ? [] : [budget],
  )
  if (counters.length === 0) return null
  return {
    includes: ({ postings }) =>
      postings.some(({ assignmentKey, window: { start } }) =>
        counters.some(
          (counter) => counter.assignmentKey === assignmentKey && counter.window.start === start,
        ),
      ),
    readEnd: (reader) => findHoldEnd(reader, customerKey, { counters, now: outcome.now }),
  }
}

/** The budget paths, unless the denial is final, and the dimensions that name no entity. */
export function explainBudgets(shown: Shown): Explanation {
  const { chains = [], unresolved = [] } = shown
  const paths = isFinal(decisionByEntitlement(shown)) ? [] : chains
  return {
    chains: paths.map((path) =>
      path.map((node) => ({ ...chainNodeToWire(node), blocks: !node.isGranted })),
    ),
    unresolved: [...unresolved],
  }
}

/** The limit of a budget on the paths of a request. */
export type Limit = {
  entityId: string
  scopeEntityIds: readonly string[]
  usageLimit: Quantity
  /** Usage plus holds, before any unit transformation. */
  spent: Quantity
}

type DemandAmount = Pick<Demand, 'amount' | 'transformation'>

/** What a request needs of the budgets, and what it would need after a way. */
type RequestDemand = {
  demand: DemandAmount
  /** Whether a smaller or a larger request is possible. */
  isNumber: boolean
  after(way: Way): RequestDemand
}

export function stanceOfBudgets({ evaluated, credit, chains = [] }: Shown): Stance {
  const limits = limitsOn(chains)
  if (evaluated !== undefined) return stanceIn(demandOf(evaluated.query), limits)
  const { request } = required(credit, 'the decision about a currency')
  const need: RequestDemand = {
    demand: { amount: request.usage ?? request.defaultUsage, transformation: null },
    isNumber: false,
    after: () => need,
  }
  return stanceIn(need, limits)
}

/** Returns the limits on budget paths, without duplicates. */
function limitsOn(chains: BudgetPaths): Limit[] {
  const limits = new Map<string, Limit>()
  for (const { budget, entityId, scopeEntityIds, usageLimit } of chains.flat())
    if (budget !== null && usageLimit !== null) {
      const spent = budget.used + budget.held
      limits.set(budget.assignmentKey, { entityId, scopeEntityIds, usageLimit, spent })
    }
  return [...limits.values()]
}

/** Returns how much a query about a feature needs of the budgets. */
export const demandOf = (query: DecisionQuery): RequestDemand => {
  const { feature, request } = query
  const isPlain = feature === null || feature.meterType === 'None'
  return {
    demand: {
      amount: request.usage ?? (isPlain ? 0n : request.defaultUsage),
      transformation: feature?.unitTransformation ?? null,
    },
    isNumber: feature?.featureType === 'NUMBER',
    after: (way) => demandOf(queryAfter(query, way)),
  }
}

/** Each budget can be raised or lowered. A request can be as small as the least room of them. */
export function stanceIn(need: RequestDemand, limits: readonly Limit[]): Stance {
  const { demand, isNumber, after } = need
  const room = isNumber ? least(limits.map((limit) => roomOf(limit, demand))) : null
  return {
    isGranted: limits.every((limit) => allows(demand, limit)),
    room,
    toGrant: () => [raisedBy(demand, limits), ...(room === null ? [] : [[requesting(room)]])],
    toDeny: () => [
      ...(room === null ? [] : [[requesting(room + ONE)]]),
      ...limits
        .map((limit) => lowered(demand, limit))
        .filter(({ to }) => to >= 0n)
        .map((change) => [change]),
    ],
    after: (way) => stanceIn(after(way), limitsAfter(limits, way)),
    needed: [],
  }
}

const ONE = wholeUnits(1)

const limitsAfter = (limits: readonly Limit[], way: Way): Limit[] =>
  limits.map((limit) => {
    const own = way.find((change) => change.change === 'budget' && isOf(change, limit))
    return own?.change === 'budget' ? { ...limit, usageLimit: own.to } : limit
  })

const isOf = (change: BudgetChange, { entityId, scopeEntityIds }: Limit): boolean =>
  change.entityId === entityId && change.scopeEntityIds.join() === scopeEntityIds.join()

/** Returns the largest request that a limit allows. */
function roomOf({ usageLimit, spent: usage }: Limit, { transformation }: DemandAmount): Quantity {
  const feature = { meterType: 'INCREMENTAL', unitTransformation: transformation } as const
  return roomWithin(usageLimit, { feature, usage })
}

/** Returns the limits that deny a demand, raised as little as necessary. */
const raisedBy = (demand: DemandAmount, limits: readonly Limit[]): BudgetChange[] =>
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
