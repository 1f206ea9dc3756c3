import { type BudgetNode, budgetPaths, counterName } from '../../budgets/index.ts'
import { type Evaluation, evaluate } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Decision } from '../../metering/dedup/index.ts'
import type { Reservation, WindowTotal } from '../../metering/index.ts'
import { findUsage, refuseOutOfRange, totalsHolding } from '../../metering/totals/index.ts'
import { denyUnknown, isFinal, isOfUnknown, joinDecisions } from '../check/index.ts'
import {
  countRecord,
  type FirstAnswer,
  nameOfMetered,
  nameOfNamed,
  nameOfReservation,
  noteUnattributed,
  type State,
} from '../state/index.ts'
import type { ConsumptionInput, ValidatedRecord } from '../types.ts'
import {
  type Denial,
  type FeatureLimit,
  requesting,
  type ValidatedConsumption,
} from './validate-consumptions.ts'

type Chains = readonly (readonly BudgetNode[])[]

/** What was decided, with usage as it is after it. */
export type DecisionAnswer = Omit<FirstAnswer, 'unresolved'> & {
  /** Whether the decision is an earlier one: usage is as of now, and no budget is shown. */
  isRepeated: boolean
  evaluated: Evaluation
  /** null: no dimensions were sent, or it is repeated. */
  chains: Chains | null
  /** null: no dimensions were sent. */
  unresolved: readonly string[] | null
  /** Whose usage decided it, and as of when; null where none did, or it is repeated. */
  decidedBy: { customerKey: Uuid; resourceKey: Uuid; now: Instant } | null
}

/** What became of a use. */
export type ConsumptionAnswer = DecisionAnswer & {
  /** Made of a use that was to be held, and granted. */
  reservation: Reservation | null
}

/** So much more of a feature, for whom its dimensions lead to. */
type ConsumptionQuery = FeatureLimit &
  Pick<ValidatedConsumption, 'record' | 'amount' | 'resolution' | 'denying'>

const SECOND_MS = 1000

/**
 * Decides a use by the usage so far and by what is held, and records or holds it; a repetition gets
 * the first decision. A denial that is final whatever is left is not kept: what was in want may
 * come. Where only dimensions deny it, what has happened is recorded all the same, and kept. 400
 * `InvalidArgumentError` for a key that was used for something else and for what is too far from
 * now, `EntitlementUsageOutOfRangeError`; after either the draft is not to be kept.
 */
export function decideConsumption(
  draft: State,
  use: ValidatedConsumption,
  nextKey: () => Uuid,
): ConsumptionAnswer {
  const first = draft.decided.get(nameOfNamed({ ...use.record, ...namingOf(use.record) }))
  if (first !== undefined) return repeated(draft, use, first)
  refuseBeyond(use.beyond)
  const before = ask(draft, use)
  const { isGranted, accessDeniedReason } = before.decision
  const { record, purpose, asksBudgets } = use
  const { customerKey, resourceKey, acceptedAt: now } = record
  const { unresolved } = record.attributing
  const isStopped =
    isFinal(before.decision) && !(purpose.kind === 'record' && isOfUnknown(before.decision))
  if (isStopped) return denied({ ...before, asksBudgets, unresolved })
  const recorded = purpose.kind !== 'hold' && (isGranted || purpose.kind === 'record')
  const answer = { isGranted, accessDeniedReason, recorded }
  const eventKey = nextKey()
  const kept = unresolved.length === 0 ? answer : { ...answer, unresolved }
  keepDecision(draft, use, { eventKey, answer: kept })
  if (recorded) countRecord(draft, record, eventKey)
  const reservation = isGranted && purpose.kind === 'hold' ? open(draft, use, eventKey) : null
  const { evaluated, chains } = ask(draft, use)
  return {
    ...answer,
    isRepeated: false,
    evaluated,
    chains: asksBudgets ? withGrants(chains, before.chains) : null,
    unresolved: asksBudgets ? unresolved : null,
    decidedBy: { customerKey, resourceKey, now },
    reservation,
  }
}

/** Refuses a use that would have to be decided long after it was, or long before. */
export function refuseBeyond(beyond: ConsumptionInput['beyond']): void {
  if (beyond === null) return
  const where = beyond === 'past' ? 'ago' : 'in the future'
  throw badInput(
    `timestamp is more than 5 minutes ${where}; what has happened is recorded by mode "record"`,
    'InvalidArgumentError',
  )
}

/** A denial whatever was used until now, of which nothing is kept. */
export const denied = ({ evaluated, asksBudgets, unresolved }: Denial): ConsumptionAnswer => ({
  isGranted: false,
  accessDeniedReason: evaluated.decision.accessDeniedReason,
  recorded: false,
  isRepeated: false,
  evaluated,
  chains: asksBudgets ? [] : null,
  unresolved: asksBudgets ? unresolved : null,
  decidedBy: null,
  reservation: null,
})

function repeated(
  draft: State,
  use: ValidatedConsumption,
  first: Decision<FirstAnswer>,
): ConsumptionAnswer {
  const { record, amount, content, asksBudgets } = use
  if (first.content !== content)
    throw badInput(
      'idempotencyKey was used for another amount, feature or dimensions; take a new one',
      'InvalidArgumentError',
    )
  const { unresolved = [], ...answer } = first.answer
  return {
    ...answer,
    isRepeated: true,
    evaluated: evaluateUse(draft, use, { record, amount }),
    chains: null,
    unresolved: asksBudgets ? unresolved : null,
    decidedBy: null,
    reservation: draft.reservations.get(reservationOf(record, first.eventKey)) ?? null,
  }
}

function keepDecision(
  draft: State,
  { record, content }: ValidatedConsumption,
  { eventKey, answer }: Pick<Decision<FirstAnswer>, 'eventKey' | 'answer'>,
): void {
  const { customerKey, occurredAt } = record
  const naming = namingOf(record)
  const name = nameOfNamed({ customerKey, ...naming })
  const decided = { eventKey, occurredAt, content, answer }
  draft.decided.set(name, decided)
  draft.decisions.set(name, { customerKey, ...naming, ...decided })
}

const namingOf = ({ naming }: ValidatedRecord) => required(naming, 'the name of a use')

const reservationOf = ({ customerKey }: ValidatedRecord, key: Uuid): string =>
  nameOfReservation({ customerKey, key })

/** Usage after the step, and by which nodes it was decided before it. */
const withGrants = (chains: Chains, before: Chains): Chains =>
  chains.map((chain, index) =>
    chain.map((node, place) => ({
      ...node,
      isGranted: before[index]?.[place]?.isGranted ?? node.isGranted,
    })),
  )

/**
 * What is answered as of now to so much more, by the entitlement, by whom dimensions name, and by
 * every budget.
 */
export function ask(draft: State, use: ConsumptionQuery) {
  const { amount, feature, record, resolution, denying } = use
  const entitled = evaluateUse(draft, use, { record, amount })
  const evaluated = { ...entitled, decision: denyUnknown(entitled.decision, denying) }
  const demand = {
    capabilityKey: feature.key,
    currencyId: null,
    transformation: feature.unitTransformation,
    amount,
  }
  const met =
    resolution === null || isFinal(evaluated.decision)
      ? { chains: [], isGranted: true }
      : budgetPaths(resolution, [demand], { ...draft, at: record.occurredAt })
  return { evaluated, chains: met.chains, decision: joinDecisions(evaluated.decision, met) }
}

/** Whether a customer is entitled to so much more of a feature. */
export function evaluateUse(
  draft: State,
  { subject, feature, holding, window }: FeatureLimit,
  { record, amount }: { record: ValidatedRecord; amount: Quantity },
): Evaluation {
  const totals = required(draft.totals.get(totalsOf(record)), 'the totals of what is decided')
  const used = required(findUsage(totals, window, 'SUM'), 'usage of a window that was loaded')
  const { sources, resolution } = holding
  const { acceptedAt: now, occurredAt: at } = record
  const evaluable = { feature, sources, resolution, window, used }
  return evaluate(subject, evaluable, { request: requesting(amount), now, at })
}

const totalsOf = ({ customerKey, resourceKey, counting }: ValidatedRecord): string => {
  const { featureKey } = required(counting[0], 'the feature of a use')
  return nameOfMetered({ customerKey, resourceKey, featureKey })
}

function open(draft: State, use: ValidatedConsumption, key: Uuid): Reservation {
  const { record, amount, feature, purpose } = use
  const { customerKey, resourceKey, occurredAt, acceptedAt: now, dimensions } = record
  const ttlSeconds = purpose.kind === 'hold' ? purpose.ttlSeconds : 0
  const reservation: Reservation = {
    customerKey,
    featureKey: feature.key,
    resourceKey,
    key,
    status: 'open',
    amount,
    committedAmount: null,
    occurredAt,
    dimensions,
    attribution: record.attributing.attributionOf(record.counting),
    createdAt: now,
    expiresAt: now + ttlSeconds * SECOND_MS,
    updatedAt: now,
  }
  draft.reservations.set(nameOfReservation(reservation), reservation)
  noteUnattributed(draft, record)
  hold(draft, reservation, 1n)
  const { usage, held } = required(
    findUsage(totalsFor(draft, reservation), use.window, 'SUM'),
    'usage of a window that was loaded',
  )
  refuseOutOfRange(usage + held, 'amount')
  return reservation
}

const totalsFor = (draft: State, reservation: Reservation): readonly WindowTotal[] =>
  required(draft.totals.get(nameOfMetered(reservation)), 'the totals of what is held')

/** Holds a reservation, or frees it, wherever it counts. */
export function hold(draft: State, reservation: Reservation, times: 1n | -1n): void {
  const { customerKey, occurredAt, attribution } = reservation
  const amount = times * reservation.amount
  const totals = totalsHolding(totalsFor(draft, reservation), { amount, occurredAt })
  draft.totals.set(nameOfMetered(reservation), totals)
  for (const posting of attribution?.postings ?? []) {
    const name = counterName(posting, posting.window)
    const delta = (draft.heldPostings.get(name)?.delta ?? 0n) + amount
    draft.heldPostings.set(name, { ...posting, customerKey, delta })
    draft.holds.set(name, (draft.holds.get(name) ?? 0n) + amount)
  }
}
