import type { Decision, Evaluation } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Decision as StoredDecision } from '../../metering/dedup/index.ts'
import type { Reservation } from '../../metering/index.ts'
import type { Authorization, AuthorizationQuery, BudgetPaths } from '../participants/index.ts'
import { authorize, isDeniedByDimensions, isFinal } from '../participants/index.ts'
import {
  dedupName,
  type FirstAnswer,
  postRecord,
  reservationName,
  type State,
} from '../state/index.ts'
import type { ConsumptionInput, ValidatedRecord } from '../types.ts'
import type { Denial, ValidatedConsumption } from './validate-consumption.ts'

/** A decision with the usage after it. */
export type DecisionAnswer = Omit<FirstAnswer, 'unresolved'> & {
  /**
   * Whether this repeats an earlier decision. Then the usage is the current one, and budgets are
   * not shown.
   */
  isRepeated: boolean
  evaluated: Omit<Evaluation, 'query'>
  /** null: no dimensions were sent, or the decision is repeated. */
  chains: BudgetPaths | null
  /** null: no dimensions were sent. */
  unresolved: readonly string[] | null
  /**
   * The subject and the instant of the usage that decided. Null if the decision did not depend on
   * usage, or if it is repeated.
   */
  decidedBy: { customerKey: Uuid; resourceKey: Uuid; now: Instant } | null
}

/** The result of a consumption. */
export type ConsumptionAnswer = DecisionAnswer & {
  /** The reservation of a granted hold; else null. */
  reservation: Reservation | null
  /** What a denial was decided on. Null if the consumption was granted, or if it is repeated. */
  denial: DenialBasis | null
}

/** What decided a denial, and the attribution keys that deny. */
export type DenialBasis = {
  decision: Decision
  evaluated: Evaluation
  chains: BudgetPaths
  denying: readonly string[]
}

/**
 * Decides a consumption, records it or makes a reservation, and returns the decision with the usage
 * after it. A repetition gets the first decision. A denial that does not depend on usage is not
 * stored, so that the key can be used again once the cause is gone. Exception: in mode `record`, a
 * consumption that only its dimensions deny is recorded, and its decision is stored. 400
 * `InvalidArgumentError` for a key that was used for something else and for a timestamp that is too
 * far from now; 400 `EntitlementUsageOutOfRangeError`. After an error, the draft must be dropped.
 */
export function decideConsumption(
  draft: State,
  consumption: ValidatedConsumption,
  nextKey: () => Uuid,
): ConsumptionAnswer {
  const { record, mode, hasDimensions } = consumption
  const { customerKey, resourceKey, acceptedAt: now, unresolved } = record
  const first = draft.decisions.get(dedupName(dedupKeyOf(record)))
  if (first !== undefined) return repeatDecision(draft, consumption, first)
  refuseDistant(consumption.tooDistant)
  const authorized = authorize(draft.parts, consumption)
  const { decision } = authorized
  const { denying } = consumption
  const before = shownBy(authorized)
  if (isFinal(decision) && !(mode.kind === 'record' && isDeniedByDimensions(decision)))
    return deny({ evaluated: before.evaluated, hasDimensions, unresolved, denying })
  const { recorded, reservation } = post(draft, consumption, { decision, eventKey: nextKey() })
  const after = shownAfter(draft, consumption, authorized)
  return {
    isGranted: decision.isGranted,
    accessDeniedReason: decision.accessDeniedReason,
    recorded,
    isRepeated: false,
    evaluated: after.evaluated,
    chains: hasDimensions ? after.chains : null,
    unresolved: hasDimensions ? unresolved : null,
    decidedBy: { customerKey, resourceKey, now },
    reservation,
    denial: decision.isGranted ? null : { decision, ...before, denying },
  }
}

/** 400 for a consumption whose timestamp is too far from now for limits to decide. */
export function refuseDistant(tooDistant: ConsumptionInput['tooDistant']): void {
  if (tooDistant === null) return
  const where = tooDistant === 'past' ? 'ago' : 'in the future'
  throw badInput(
    inBody('timestamp'),
    `timestamp is more than 5 minutes ${where}; mode "record" accepts a wider range`,
    'InvalidArgumentError',
  )
}

/** Returns the result for a denial that is not stored. */
export const deny = ({
  evaluated,
  hasDimensions,
  unresolved,
  denying = [],
}: Denial & { denying?: readonly string[] }): ConsumptionAnswer => ({
  isGranted: false,
  accessDeniedReason: evaluated.decision.accessDeniedReason,
  recorded: false,
  isRepeated: false,
  evaluated,
  chains: hasDimensions ? [] : null,
  unresolved: hasDimensions ? unresolved : null,
  decidedBy: null,
  reservation: null,
  denial: { decision: evaluated.decision, evaluated, chains: [], denying },
})

function repeatDecision(
  draft: State,
  consumption: ValidatedConsumption,
  first: StoredDecision<FirstAnswer>,
): ConsumptionAnswer {
  const { record, content, hasDimensions } = consumption
  if (first.content !== content)
    throw badInput(
      inBody('idempotencyKey'),
      'idempotencyKey was used with another amount, feature or dimensions; use a new one',
      'InvalidArgumentError',
    )
  const { unresolved = [], ...answer } = first.answer
  const { customerKey } = record
  const reservation = draft.reservations.get(reservationName({ customerKey, key: first.eventKey }))
  return {
    ...answer,
    isRepeated: true,
    evaluated: shownBy(authorize(draft.parts, consumption)).evaluated,
    chains: null,
    unresolved: hasDimensions ? unresolved : null,
    decidedBy: null,
    reservation: reservation ?? null,
    denial: null,
  }
}

function dedupKeyOf({ customerKey, dedup }: ValidatedRecord) {
  const { key: name, keptUntil } = required(dedup, 'the deduplication key of a consumption')
  return { customerKey, name, keptUntil }
}

type ShownLimits = { evaluated: Evaluation; chains: BudgetPaths }

/** Returns what participants show with a decision, with the usage after posting. */
export const shownAfter = (
  { parts }: State,
  query: AuthorizationQuery,
  authorized: Authorization,
): ShownLimits => shownBy(parts.reduce((before, part) => part.after(query, before), authorized))

const shownBy = ({ shown }: Authorization): ShownLimits => ({
  evaluated: required(shown.evaluated, 'the decision by the entitlement'),
  chains: shown.chains ?? [],
})

/** Records a consumption or makes its reservation, and stores the decision for repetitions. */
function post(
  draft: State,
  consumption: ValidatedConsumption,
  { decision, eventKey }: { decision: Decision; eventKey: Uuid },
): { recorded: boolean; reservation: Reservation | null } {
  const { record, mode, content } = consumption
  const { isGranted, accessDeniedReason } = decision
  const { occurredAt, unresolved } = record
  const recorded = mode.kind !== 'hold' && (isGranted || mode.kind === 'record')
  const answer = {
    isGranted,
    accessDeniedReason,
    recorded,
    ...(unresolved.length > 0 && { unresolved }),
  }
  const dedupKey = dedupKeyOf(record)
  const stored = { eventKey, occurredAt, content, answer }
  draft.decisions.set(dedupName(dedupKey), stored)
  draft.decisionEntries.set(dedupName(dedupKey), { ...dedupKey, ...stored })
  if (recorded) postRecord(draft, record, eventKey)
  const isReserved = isGranted && mode.kind === 'hold'
  const reservation = isReserved ? reserve(draft, consumption, { key: eventKey, ...mode }) : null
  return { recorded, reservation }
}

const SECOND_MS = 1000

function reserve(
  draft: State,
  consumption: ValidatedConsumption,
  { key, ttlSeconds }: { key: Uuid; ttlSeconds: number },
): Reservation {
  const { record, amount, feature } = consumption
  const { customerKey, resourceKey, occurredAt, acceptedAt: now, dimensions, attribution } = record
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
    attribution,
    createdAt: now,
    expiresAt: now + ttlSeconds * SECOND_MS,
    updatedAt: now,
  }
  draft.reservations.set(reservationName(reservation), reservation)
  for (const part of draft.parts) part.hold(record, reservation)
  return reservation
}
