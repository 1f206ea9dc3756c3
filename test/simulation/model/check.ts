import type { Instant } from '../../../src/kernel/clock.ts'
import { inBody } from '../../../src/kernel/field.ts'
import { amountFromWire, type Quantity } from '../../../src/kernel/quantity.ts'
import { decisionInstant } from './record.ts'
import type {
  Budget,
  Capability,
  Customer,
  Entity,
  Feature,
  Grant,
  Outcome,
  Reason,
  ResetUnit,
  State,
} from './state.ts'
import { budgetsOf, byScope, type Dimensions, idsIn, pathsOf, unresolvedIn } from './tree.ts'
import {
  budgetHeld,
  budgetUsage,
  budgetWindow,
  counts,
  customerHeld,
  customerUsage,
  grantOf,
  shown,
} from './usage.ts'
import { periodOf, type Window } from './windows.ts'

export type CheckInput = {
  customerId: string
  featureId?: string
  currencyId?: string
  requestedUsage?: number
  dimensions?: Dimensions
  resourceId?: string
  /** The operation on the older path, which asks for 1 if no usage is requested. */
  isBeta?: boolean
  /** The windows of this instant count: that of the use if it has one, otherwise now. */
  at?: Instant
  /**
   * In mode `record`. If the customer has no entitlement now, the one at the instant of the use
   * counts.
   */
  isRecorded?: boolean
  /** For a commit. Then dimensions that name no entity do not deny. */
  isHeld?: boolean
}

export type Node = {
  entityId: string
  scopeEntityIds: readonly string[]
  usageLimit: Quantity | null
  currentUsage: Quantity
  isGranted: boolean
  /** The amount of open reservations, and what usage and they leave of the limit. */
  holds: Quantity
  remaining: Quantity | null
  /** null: never. */
  resetsAt: Instant | null
}

/** The figures of a metered feature to which the customer is entitled. */
export type Figures = {
  usageLimit: Quantity | null
  hasUnlimitedUsage: boolean
  currentUsage: Quantity
  resetPeriod: ResetUnit | null
  period: Window
}

export type Check = {
  isGranted: boolean
  reason: Reason | null
  figures: Figures | null
  /** null: no dimensions were sent. */
  chains: Node[][] | null
  /** The attribution keys whose values name no entity. null: no dimensions were sent. */
  unresolved: readonly string[] | null
}

/** With these reasons, budgets do not decide. */
const HARD: readonly Reason[] = [
  'CustomerNotFound',
  'CustomerIsArchived',
  'CustomerResourceNotFound',
  'FeatureNotFound',
  'NoActiveSubscription',
  'FeatureTypeMismatch',
  'EntitlementNotFound',
]

export const isHard = (reason: Reason | null): boolean => reason !== null && HARD.includes(reason)

/**
 * Decides whether a customer may use something: first by the entitlement, then by dimensions that
 * name no entity if the environment denies them, then by every budget.
 */
export function check(state: State, input: CheckInput, clock: Instant): Outcome<Check> {
  const { currencyId, dimensions } = input
  if (currencyId !== undefined && !state.currencies.has(currencyId))
    return { refused: [{ status: 404, code: 'CustomCurrencyNotFound' }] }
  const customer = state.customers.get(input.customerId)
  const now = customer === undefined ? clock : decisionInstant(customer, clock)
  const at = input.at ?? now
  const base = baseOf(state, input, { at, now })
  const unresolved = dimensions === undefined ? null : unresolvedBy(state, customer, dimensions)
  const own = base.reason ?? whyUnknown(state, input, unresolved ?? [])
  const reached = dimensions !== undefined && customer !== undefined && !isHard(own)
  const chains = reached
    ? chainsOf(state, customer, {
        capability: capabilityOf(input),
        dimensions,
        requested: budgetAmount(state, input),
        at,
        now,
      })
    : []
  const isWithin = chains.flat().every(({ isGranted }) => isGranted)
  const reason = own ?? (isWithin ? null : 'BudgetExceeded')
  const { figures } = base
  return {
    done: {
      isGranted: reason === null,
      reason,
      figures,
      chains: dimensions === undefined ? null : chains,
      unresolved,
    },
  }
}

const unresolvedBy = (state: State, customer: Customer | undefined, dimensions: Dimensions) =>
  customer === undefined ? [] : unresolvedIn(state, customer, dimensions)

const whyUnknown = (
  { unknownDimensions }: State,
  { isHeld = false }: CheckInput,
  unresolved: readonly string[],
): Reason | null =>
  unknownDimensions === 'deny' && !isHeld && unresolved.length > 0 ? 'EntitlementNotFound' : null

const capabilityOf = ({ featureId, currencyId }: CheckInput): Capability =>
  currencyId === undefined
    ? { kind: 'feature', id: featureId ?? '' }
    : { kind: 'currency', id: currencyId }

const quantity = (amount: number): Quantity => amountFromWire(amount, inBody('requestedUsage'))

const isMetered = (feature: Feature | undefined): boolean =>
  feature !== undefined && feature.meterType !== 'None'

/**
 * Returns the amount that budgets decide. Without a requested usage it is 1, or 0 for a feature
 * that is not metered.
 */
function budgetAmount(state: State, { featureId = '', currencyId, requestedUsage }: CheckInput) {
  const usual = currencyId !== undefined || isMetered(state.features.get(featureId)) ? 1 : 0
  return quantity(requestedUsage ?? usual)
}

type Base = { reason: Reason | null; figures: Figures | null }

const denied = (reason: Reason): Base => ({ reason, figures: null })

/** Decides by the customer's entitlement. */
function baseOf(state: State, input: CheckInput, { at, now }: Instants): Base {
  const customer = state.customers.get(input.customerId)
  if (customer === undefined) return denied('CustomerNotFound')
  if (customer.archived) return denied('CustomerIsArchived')
  if (input.resourceId !== undefined) return denied('CustomerResourceNotFound')
  // There are no wallets yet, so every wallet is empty.
  if (input.currencyId !== undefined) return denied('InsufficientCredits')
  const feature = state.features.get(input.featureId ?? '')
  if (feature === undefined) return denied('FeatureNotFound')
  const then = input.isRecorded ? grantOf(customer, feature.id, at) : undefined
  const grant = grantOf(customer, feature.id, now) ?? then
  if (grant === undefined) return denied('NoActiveSubscription')
  const { requestedUsage, dimensions, isBeta = false } = input
  if (!isMetered(feature)) return unmeteredBase(feature, grant, requestedUsage)
  const usual = isBeta || dimensions !== undefined ? 1 : 0
  const requested = quantity(requestedUsage ?? usual)
  return meteredBase(customer, { feature, grant, requested, at, now })
}

/** The limit of a feature that is not metered is compared with the requested usage alone. */
function unmeteredBase({ type }: Feature, grant: Grant, requestedUsage: number | undefined): Base {
  const allowed: Base = { reason: null, figures: null }
  if (requestedUsage === undefined) return allowed
  if (type === 'BOOLEAN') return denied('FeatureTypeMismatch')
  const isWithin = grant.unlimited || grant.soft || quantity(requestedUsage) <= (grant.limit ?? 0n)
  return isWithin ? allowed : denied('RequestedUsageExceedingLimit')
}

type Instants = { at: Instant; now: Instant }
type FeatureDemand = Instants & { feature: Feature; grant: Grant; requested: Quantity }

/** No limit and a soft limit grant everything. A hard limit bounds usage, holds and the request. */
function meteredBase(
  customer: Customer,
  { feature, grant, requested, at, now }: FeatureDemand,
): Base {
  const period = periodOf(grant.reset, grant.startsAt, at)
  const used = customerUsage(customer, feature, period)
  const held = customerHeld(customer, { featureId: feature.id, window: period, now })
  const isWithin = grant.unlimited || grant.soft || used + held + requested <= (grant.limit ?? 0n)
  const figures = {
    usageLimit: grant.unlimited ? null : grant.limit,
    hasUnlimitedUsage: grant.unlimited,
    currentUsage: shown(used),
    resetPeriod: grant.reset?.unit ?? null,
    period,
  }
  return { reason: isWithin ? null : 'RequestedUsageExceedingLimit', figures }
}

type CheckQuery = Instants & { capability: Capability; dimensions: Dimensions; requested: Quantity }

/**
 * Returns a chain for each entity that a dimension names, from that entity up to its root. It has a
 * node for each budget that applies and would count the usage, an empty node for an entity without
 * such a budget, and none for an archived entity. A chain of only empty nodes is left out. Of
 * chains that begin with the same entity, only the first is kept.
 */
function chainsOf(state: State, customer: Customer, asked: CheckQuery): Node[][] {
  const paths = pathsOf(state, customer, asked.dimensions)
  const { capability } = asked
  const budgets = budgetsOf(customer, { capability, resolved: idsIn(paths) })
    .filter((budget) => counts(budget, asked.at))
    .sort(byScope)
  const active = paths.map((path) => path.filter((entity) => !entity.archived))
  const isFirst = (path: Entity[], index: number) =>
    active.findIndex((other) => other[0] === path[0]) === index
  return active
    .filter(isFirst)
    .filter((path) => path.some(({ id }) => budgets.some(({ entityId }) => entityId === id)))
    .map((path) => path.flatMap((entity) => nodesOf(customer, entity, { budgets, asked })))
}

function nodesOf(
  customer: Customer,
  entity: Entity,
  { budgets, asked }: { budgets: readonly Budget[]; asked: CheckQuery },
): Node[] {
  const own = budgets.filter(({ entityId }) => entityId === entity.id)
  if (own.length > 0) return own.map((budget) => nodeOf(customer, budget, asked))
  const usage = { usageLimit: null, currentUsage: 0n, isGranted: true }
  const left = { holds: 0n, remaining: null, resetsAt: null }
  return [{ entityId: entity.id, scopeEntityIds: [], ...usage, ...left }]
}

/** A request of 0 is granted as long as anything is left. */
function nodeOf(customer: Customer, budget: Budget, { requested, at, now }: CheckQuery): Node {
  const window = budgetWindow(budget, at)
  const usage = budgetUsage(customer, budget, window)
  const holds = budgetHeld(customer, { budget, window, now })
  const taken = usage + holds
  const { entityId, scope, limit } = budget
  const isGranted = limit === null || fits({ taken, requested, limit })
  const remaining = limit === null ? null : shown(limit - taken)
  const resetsAt = Number.isFinite(window.end) ? window.end : null
  return {
    ...{ entityId, scopeEntityIds: scope, usageLimit: limit, currentUsage: shown(usage) },
    ...{ isGranted, holds, remaining, resetsAt },
  }
}

export const fits = (amounts: {
  taken: Quantity
  requested: Quantity
  limit: Quantity
}): boolean =>
  amounts.requested > 0n
    ? amounts.taken + amounts.requested <= amounts.limit
    : amounts.taken < amounts.limit
