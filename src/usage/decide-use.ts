import { type Evaluated, evaluate } from '../entitlements/index.ts'
import { type ChainNode, chainsOf, counterName } from '../governance/index.ts'
import { required } from '../kernel/assert.ts'
import { badInput } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Quantity } from '../kernel/quantity.ts'
import {
  findUsage,
  type KeptTotal,
  type Reservation,
  refuseOutOfRange,
  totalsHolding,
} from '../metering/index.ts'
import { countRecord } from './count-prepared.ts'
import { isFinal, joinDecisions } from './join-decisions.ts'
import { noteUnattributed } from './post-to-budgets.ts'
import { type Limited, type PreparedUse, requesting } from './prepare-uses.ts'
import {
  type FirstAnswer,
  nameOfMetered,
  nameOfNamed,
  nameOfReservation,
  type State,
} from './state.ts'
import type { Prepared } from './types.ts'

type Chains = readonly (readonly ChainNode[])[]

/** What became of a use, with usage as it is after it. */
export type UseAnswer = FirstAnswer & {
  evaluated: Evaluated
  /** null: no dimensions were sent. */
  chains: Chains | null
  /** Made of a use that was to be held, and granted. */
  reservation: Reservation | null
}

const SECOND_MS = 1000

/**
 * Decides a use by the usage so far and by what is held, and records or holds it; a repetition gets
 * the first decision. 400 `InvalidArgumentError` for a key that was used for something else,
 * `EntitlementUsageOutOfRangeError`; after either the draft is not to be kept.
 */
export function decideUse(draft: State, use: PreparedUse, nextKey: () => Uuid): UseAnswer {
  const { record, purpose, content } = use
  const name = nameOfNamed(record)
  const before = ask(draft, use)
  const first = draft.decided.get(name)
  if (first !== undefined) {
    if (first.content !== content)
      throw badInput(
        'idempotencyKey was used for another amount, feature or dimensions; take a new one',
        'InvalidArgumentError',
      )
    const reservation = draft.reservations.get(reservationOf(record, first.eventKey)) ?? null
    return answerOf(use, first.answer, { ...before, reservation })
  }
  const { isGranted, accessDeniedReason } = before.decision
  const isExcess = purpose.kind === 'record' && !isFinal(before.decision)
  const recorded = purpose.kind !== 'hold' && (isGranted || isExcess)
  const answer = { isGranted, accessDeniedReason, recorded }
  const eventKey = nextKey()
  const { customerKey, occurredAt, keptUntil } = record
  draft.decided.set(name, { eventKey, occurredAt, content, answer })
  draft.decisions.set(name, {
    ...{ customerKey, name: record.name, keptUntil },
    ...{ eventKey, occurredAt, content, answer },
  })
  if (recorded) countRecord(draft, record, eventKey)
  const reservation = isGranted && purpose.kind === 'hold' ? open(draft, use, eventKey) : null
  const { evaluated, chains } = ask(draft, use)
  return answerOf(use, answer, {
    evaluated,
    chains: withGrants(chains, before.chains),
    reservation,
  })
}

const reservationOf = ({ customerKey }: Prepared, key: Uuid): string =>
  nameOfReservation({ customerKey, key })

/** Usage after the step, and by which nodes it was decided before it. */
const withGrants = (chains: Chains, before: Chains): Chains =>
  chains.map((chain, index) =>
    chain.map((node, place) => ({
      ...node,
      isGranted: before[index]?.[place]?.isGranted ?? node.isGranted,
    })),
  )

function answerOf(
  { asksBudgets }: PreparedUse,
  answer: FirstAnswer,
  shown: { evaluated: Evaluated; chains: Chains; reservation: Reservation | null },
): UseAnswer {
  const { evaluated, chains, reservation } = shown
  const granted = chains.map((chain) => chain.map((node) => ({ ...node, isGranted: true })))
  return {
    ...answer,
    evaluated,
    chains: asksBudgets ? (answer.isGranted ? granted : chains) : null,
    reservation,
  }
}

/** What is answered to a use as of now, by the entitlement and by every budget. */
function ask(draft: State, use: PreparedUse) {
  const { amount, feature, record, resolution } = use
  const evaluated = evaluateUse(draft, use, { record, amount })
  const demand = {
    capabilityKey: feature.key,
    currencyId: null,
    transformation: feature.unitTransformation,
    amount,
  }
  const met =
    resolution === null || isFinal(evaluated.decision)
      ? { chains: [], isGranted: true }
      : chainsOf(resolution, [demand], { ...draft, at: record.occurredAt })
  return { evaluated, chains: met.chains, decision: joinDecisions(evaluated.decision, met) }
}

/** Whether a customer is entitled to so much more of a feature. */
export function evaluateUse(
  draft: State,
  { subject, feature, holding, window }: Limited,
  { record, amount }: { record: Prepared; amount: Quantity },
): Evaluated {
  const totals = required(draft.totals.get(totalsOf(record)), 'the totals of what is decided')
  const used = required(findUsage(totals, window, 'SUM'), 'usage of a window that was loaded')
  const { sources, resolution } = holding
  const { acceptedAt: now, occurredAt: at } = record
  const evaluable = { feature, sources, resolution, window, used }
  return evaluate(subject, evaluable, { request: requesting(amount), now, at })
}

const totalsOf = ({ customerKey, resourceKey, counting }: Prepared): string => {
  const { featureKey } = required(counting[0], 'the feature of a use')
  return nameOfMetered({ customerKey, resourceKey, featureKey })
}

function open(draft: State, use: PreparedUse, key: Uuid): Reservation {
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

const totalsFor = (draft: State, reservation: Reservation): readonly KeptTotal[] =>
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
