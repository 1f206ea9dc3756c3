import {
  type BudgetNode,
  type BudgetUsage,
  budgetPaths,
  counterName,
  type Demand,
} from '../../budgets/index.ts'
import { unknownCurrency } from '../../catalog/currencies/index.ts'
import {
  type CreditEvaluation,
  type Decision,
  decideCredit,
  type Evaluation,
  evaluate,
  type Subject,
  withoutExpiredHolds,
} from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { contains } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import type { OpenHold } from '../cache/index.ts'
import { BUDGET_EXCEEDED, combine, denyingKeys, denyUnknown } from '../participants/index.ts'
import type { CapabilityFacts, CheckFacts } from './gather-facts.ts'
import type { Question } from './question.ts'
import { blockingHoldWindows, type TimedAnswer, validUntil } from './valid-until.ts'

/** The decision by the entitlement, without budgets. */
export type CapabilityEvaluation =
  | { kind: 'feature'; evaluated: Evaluation }
  | { kind: 'currency'; evaluated: CreditEvaluation }

/** The budgets that the dimensions of a question lead to. */
export type BudgetDecision = {
  chains: readonly (readonly BudgetNode[])[]
  isGranted: boolean
  /** The attribution keys whose values name no entity. */
  unresolved: readonly string[]
  /** All of `unresolved` if the setting of the environment is `deny`, otherwise none. */
  denying: readonly string[]
}

export type CheckResult = CapabilityEvaluation & {
  decision: Decision
  customerKey: Uuid | null
  /** Whether the customer has expired reservations that are not recorded as expired yet. */
  hasExpired: boolean
  /** null: the question has no dimensions, so budgets do not matter. */
  budgets: BudgetDecision | null
  /** The first instant at which the result may change without a write. Null: there is none. */
  validUntil: Instant | null
}

const NO_BUDGETS: BudgetDecision = { chains: [], isGranted: true, unresolved: [], denying: [] }

/** Decides a check with its facts. 404 `CustomCurrencyNotFound`. */
export function decideCheck(facts: CheckFacts, question: Question): CheckResult {
  const { now } = facts
  const expired = facts.openHolds.holds.filter(({ expiresAt }) => expiresAt <= now)
  const subject: Subject = {
    customer: facts.archivedAt === null ? 'ACTIVE' : 'ARCHIVED',
    isResourceKnown: facts.resourceKey !== null,
    hasActiveSubscription: facts.hasActiveSubscription,
  }
  const entitled = evaluateCapability(subject, facts, { question, expired })
  const budgets = decideBudgets(facts, { demand: demandOf(entitled), expired })
  const decision = denyUnknown(entitled.evaluated.decision, (budgets ?? NO_BUDGETS).denying)
  const evaluation = withDecision(entitled, decision)
  const entitlement =
    evaluation.kind === 'feature'
      ? evaluation.evaluated
      : { featureState: null, validUntil: null, decision }
  const timed = { entitlement, chains: budgets?.chains ?? [], now }
  return {
    ...evaluation,
    decision: combine(decision, (budgets ?? NO_BUDGETS).isGranted ? null : BUDGET_EXCEEDED),
    customerKey: facts.customerKey,
    hasExpired: expired.length > 0,
    budgets,
    validUntil: validUntil(timed, holdEndIn(facts, timed)),
  }
}

/**
 * Returns the denial for a customer that does not exist. It still shows the feature. 404
 * `CustomCurrencyNotFound`.
 */
export function denyUnknownCustomer(
  capability: CapabilityFacts,
  question: Question,
  now: Instant,
): CheckResult {
  const subject = {
    customer: null,
    isResourceKnown: question.resourceId === null,
    hasActiveSubscription: false,
  }
  const facts = { capability, now, resourceKey: null }
  const evaluation = evaluateCapability(subject, facts, { question, expired: [] })
  return {
    ...evaluation,
    decision: evaluation.evaluated.decision,
    customerKey: null,
    hasExpired: false,
    budgets: question.dimensions === null ? null : NO_BUDGETS,
    validUntil: null,
  }
}

function evaluateCapability(
  subject: Subject,
  facts: Pick<CheckFacts, 'capability' | 'now' | 'resourceKey'>,
  { question, expired }: { question: Question; expired: readonly OpenHold[] },
): CapabilityEvaluation {
  const { capability, now } = facts
  const { request } = question
  if (capability.kind === 'feature') {
    const resourceKey = facts.resourceKey ?? NO_RESOURCE
    const featureState =
      capability.featureState && withoutExpiredHolds(capability.featureState, resourceKey, expired)
    return { kind: 'feature', evaluated: evaluate(subject, featureState, { request, now }) }
  }
  const { currency } = capability
  if (currency === null) throw unknownCurrency(question.capability.field, question.capability.id)
  const decision = decideCredit(subject, request)
  return { kind: 'currency', evaluated: { subject, request, currency, decision } }
}

/**
 * Returns how much a question needs of the budgets; null if nothing. For a feature that is not
 * metered, this is only what was sent, without a default.
 */
function demandOf(evaluation: CapabilityEvaluation): Demand | null {
  if (evaluation.kind === 'currency') {
    const { currency, request } = evaluation.evaluated
    const amount = request.usage ?? request.defaultUsage
    return { capabilityKey: currency.key, currencyId: null, transformation: null, amount }
  }
  const { featureState, query } = evaluation.evaluated
  const feature = featureState?.feature ?? null
  if (feature === null) return null
  const { usage, defaultUsage } = query.request
  return {
    capabilityKey: feature.key,
    currencyId: null,
    transformation: feature.unitTransformation,
    amount: usage ?? (feature.meterType === 'None' ? 0n : defaultUsage),
  }
}

function decideBudgets(
  { resolution, counters, unknownDimensions, now }: CheckFacts,
  { demand, expired }: { demand: Demand | null; expired: readonly OpenHold[] },
): BudgetDecision | null {
  if (resolution === null) return null
  const over = expiredByCounter(expired)
  const spent: BudgetUsage = {
    counters: { get: (name) => counters.get(name)?.usage },
    holds: { get: (name) => (counters.get(name)?.held ?? 0n) - (over.get(name) ?? 0n) },
    at: now,
  }
  const { unresolved } = resolution
  const denying = denyingKeys(unresolved, unknownDimensions)
  const paths = budgetPaths(resolution, demand === null ? [] : [demand], spent)
  return { ...paths, unresolved, denying }
}

const NONE: ReadonlyMap<string, Quantity> = new Map()

/** Returns the sums of expired holds, by the names of their counters. */
function expiredByCounter(expired: readonly OpenHold[]): ReadonlyMap<string, Quantity> {
  if (expired.length === 0) return NONE
  const over = new Map<string, Quantity>()
  for (const { amount, postings } of expired)
    for (const { window, ...of } of postings) {
      const name = counterName(of, window)
      over.set(name, (over.get(name) ?? 0n) + amount)
    }
  return over
}

const withDecision = (own: CapabilityEvaluation, decision: Decision): CapabilityEvaluation =>
  own.kind === 'feature'
    ? { ...own, evaluated: { ...own.evaluated, decision } }
    : { ...own, evaluated: { ...own.evaluated, decision } }

/**
 * Returns the end of the first hold that may have caused the denial. If no cached hold may have
 * caused it, and not all holds are cached, returns the end of the last cached one: the others end
 * no earlier.
 */
function holdEndIn(
  { openHolds: { holds, isComplete }, resourceKey, now }: CheckFacts,
  timed: TimedAnswer,
): Instant | null {
  const { window, counters } = blockingHoldWindows(timed)
  if (window === null && counters.length === 0) return null
  const featureKey = timed.entitlement.featureState?.feature.key
  const isBlocking = (hold: OpenHold): boolean =>
    (window !== null &&
      hold.featureKey === featureKey &&
      hold.resourceKey === (resourceKey ?? NO_RESOURCE) &&
      contains(window, hold.occurredAt)) ||
    hold.postings.some((posting) =>
      counters.some(
        (counter) =>
          counter.assignmentKey === posting.assignmentKey &&
          counter.window.start === posting.window.start,
      ),
    )
  const later = holds.filter(({ expiresAt }) => expiresAt > now)
  const first = later.find(isBlocking) ?? (isComplete ? undefined : later.at(-1))
  return first?.expiresAt ?? null
}
