import {
  type BudgetNode,
  type BudgetUsage,
  budgetPaths,
  counterName,
  type Demand,
} from '../../budgets/index.ts'
import { unknownCurrency } from '../../catalog/currencies/index.ts'
import {
  type Decision,
  decideCredit,
  type Evaluable,
  type EvaluatedCredit,
  type Evaluation,
  evaluate,
  type Subject,
} from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { contains } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import { aggregateOf } from '../../metering/records/index.ts'
import { findUsage } from '../../metering/totals/index.ts'
import type { OpenHold } from '../cache/index.ts'
import type { CapabilityFacts, CheckFacts, FeatureFacts } from './gather-facts.ts'
import { denyingIn, denyUnknown, joinDecisions } from './join-decisions.ts'
import type { Question } from './question.ts'
import { heldUpBy, type TimedAnswer, validUntil } from './valid-until.ts'

/** What a customer is entitled to. */
export type Base =
  | { kind: 'feature'; evaluated: Evaluation }
  | { kind: 'currency'; evaluated: EvaluatedCredit }

/** What the dimensions of a question lead to. */
export type Met = {
  chains: readonly (readonly BudgetNode[])[]
  isGranted: boolean
  /** The keys of dimensions that could have named an entity and did not. */
  unresolved: readonly string[]
  /** Those of them that deny: all, or none. */
  denying: readonly string[]
}

export type CheckResult = Base & {
  decision: Decision
  customerKey: Uuid | null
  /** Whether there are reservations of the customer that have expired and nobody has noted. */
  hasExpired: boolean
  /** null: no budget was asked. */
  met: Met | null
  /** The first instant at which it may change by itself; null: none is known. */
  validUntil: Instant | null
}

const NOTHING: Met = { chains: [], isGranted: true, unresolved: [], denying: [] }

/** Decides a check by its facts, as of their instant. 404 `CustomCurrencyNotFound`. */
export function decideCheck(facts: CheckFacts, question: Question): CheckResult {
  const { now } = facts
  const expired = facts.openHolds.holds.filter(({ expiresAt }) => expiresAt <= now)
  const subject: Subject = {
    customer: facts.archivedAt === null ? 'ACTIVE' : 'ARCHIVED',
    isResourceKnown: facts.resourceKey !== null,
    hasActiveSubscription: facts.hasActiveSubscription,
  }
  const entitled = baseOf(subject, facts, { question, expired })
  const met = meet(facts, { demand: demandOf(entitled), expired })
  const decision = denyUnknown(entitled.evaluated.decision, (met ?? NOTHING).denying)
  const base = decidedBy(entitled, decision)
  const own =
    base.kind === 'feature' ? base.evaluated : { holding: null, validUntil: null, decision }
  const timed = { base: own, chains: met?.chains ?? [], now }
  return {
    ...base,
    decision: joinDecisions(decision, met ?? NOTHING),
    customerKey: facts.customerKey,
    hasExpired: expired.length > 0,
    met,
    validUntil: validUntil(timed, holdEndIn(facts, timed)),
  }
}

/**
 * The denial for a customer that does not exist, which shows the feature all the same. 404
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
  const base = baseOf(subject, facts, { question, expired: [] })
  return {
    ...base,
    decision: base.evaluated.decision,
    customerKey: null,
    hasExpired: false,
    met: question.dimensions === null ? null : NOTHING,
    validUntil: null,
  }
}

function baseOf(
  subject: Subject,
  facts: Pick<CheckFacts, 'capability' | 'now' | 'resourceKey'>,
  { question, expired }: { question: Question; expired: readonly OpenHold[] },
): Base {
  const { capability, now } = facts
  const { request } = question
  if (capability.kind === 'feature') {
    const holding = capability.facts && evaluable(capability.facts, facts.resourceKey, expired)
    return { kind: 'feature', evaluated: evaluate(subject, holding, { request, now }) }
  }
  const { currency } = capability
  if (currency === null) throw unknownCurrency(question.capability.id)
  const decision = decideCredit(subject, request)
  return { kind: 'currency', evaluated: { subject, request, currency, decision } }
}

/** Leaves out what has expired, although it still counts as held in the totals. */
function evaluable(
  { feature, resolution, sources, window, totals }: FeatureFacts,
  resourceKey: Uuid | null,
  expired: readonly OpenHold[],
): Evaluable {
  const isMetered = resolution.held !== null && feature.meterType !== 'None'
  const used = isMetered
    ? required(findUsage(totals, window, aggregateOf(feature.meter)), 'usage of a window')
    : { usage: 0n, held: 0n }
  const over = expired
    .filter((hold) => isHeldOf(hold, feature.key, resourceKey))
    .filter(({ occurredAt }) => contains(window, occurredAt))
    .reduce((sum, { amount }) => sum + amount, 0n)
  const left = over === 0n ? used : { ...used, held: used.held - over }
  return { feature, resolution, sources, window, used: left }
}

const isHeldOf = (hold: OpenHold, featureKey: Uuid | undefined, resourceKey: Uuid | null) =>
  hold.featureKey === featureKey && hold.resourceKey === (resourceKey ?? NO_RESOURCE)

/** What a question wants of budgets: of a feature that is not metered only what was sent. */
function demandOf(base: Base): Demand | null {
  if (base.kind === 'currency') {
    const { currency, request } = base.evaluated
    const amount = request.usage ?? request.defaultUsage
    return { capabilityKey: currency.key, currencyId: null, transformation: null, amount }
  }
  const { holding, asked } = base.evaluated
  const feature = holding?.feature ?? null
  if (feature === null) return null
  const { usage, defaultUsage } = asked.request
  return {
    capabilityKey: feature.key,
    currencyId: null,
    transformation: feature.unitTransformation,
    amount: usage ?? (feature.meterType === 'None' ? 0n : defaultUsage),
  }
}

function meet(
  { resolution, counters, unknownDimensions, now }: CheckFacts,
  { demand, expired }: { demand: Demand | null; expired: readonly OpenHold[] },
): Met | null {
  if (resolution === null) return null
  const over = expiredByCounter(expired)
  const spent: BudgetUsage = {
    counters: { get: (name) => counters.get(name)?.usage },
    holds: { get: (name) => (counters.get(name)?.held ?? 0n) - (over.get(name) ?? 0n) },
    at: now,
  }
  const { unresolved } = resolution
  const denying = denyingIn(unresolved, unknownDimensions)
  const paths = budgetPaths(resolution, demand === null ? [] : [demand], spent)
  return { ...paths, unresolved, denying }
}

const NONE: ReadonlyMap<string, Quantity> = new Map()

/** What has expired of what is held of budgets. */
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

const decidedBy = (base: Base, decision: Decision): Base =>
  base.kind === 'feature'
    ? { ...base, evaluated: { ...base.evaluated, decision } }
    : { ...base, evaluated: { ...base.evaluated, decision } }

/**
 * When the first hold ends that is in the way of what was denied. If none of the holds in memory
 * is, the end of the last of them: before it nothing changes either.
 */
function holdEndIn(
  { openHolds: { holds, isComplete }, resourceKey, now }: CheckFacts,
  timed: TimedAnswer,
): Instant | null {
  const { window, counters } = heldUpBy(timed)
  if (window === null && counters.length === 0) return null
  const featureKey = timed.base.holding?.feature.key
  const isInTheWay = (hold: OpenHold): boolean =>
    (window !== null &&
      isHeldOf(hold, featureKey, resourceKey) &&
      contains(window, hold.occurredAt)) ||
    hold.postings.some((posting) =>
      counters.some(
        (counter) =>
          counter.assignmentKey === posting.assignmentKey &&
          counter.window.start === posting.window.start,
      ),
    )
  const later = holds.filter(({ expiresAt }) => expiresAt > now)
  const first = later.find(isInTheWay) ?? (isComplete ? undefined : later.at(-1))
  return first?.expiresAt ?? null
}
