import { type Budget, counterName, isWithin, type Resolution } from '../../budgets/index.ts'
import type { Feature, MeterEvent } from '../../catalog/features/index.ts'
import { required } from '../../kernel/assert.ts'
import { badInput } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Reservation } from '../../metering/index.ts'
import {
  commitReservation,
  extendReservation,
  releaseReservation,
  reservationAt,
} from '../../metering/reservations/index.ts'
import { attributionByResolution, attributionOfReservation } from '../attribute.ts'
import { joinDecisions } from '../check/index.ts'
import {
  ask,
  counting,
  type DecisionAnswer,
  evaluateUse,
  type FeatureLimit,
  hold,
  windowHeld,
} from '../consume/index.ts'
import type { ValidationContext } from '../record/index.ts'
import { countRecord, nameOfReservation, type State } from '../state/index.ts'
import type { ReservationStepInput, ValidatedRecord } from '../types.ts'

/** What is known of reservations that a group settles. */
export type KnownReservations = {
  /** 404 for one that the customer does not have. */
  reservationOf(customerKey: Uuid, key: Uuid): Reservation
  featureWithKey(featureKey: Uuid): Feature
  /** The budgets that a reservation is held of. */
  budgetsOf(reservation: Reservation): readonly Budget[]
}

/** A step of a reservation that is good to be taken, if its state allows it. */
export type ValidatedReservationStep = FeatureLimit & {
  kind: 'settling'
  key: Uuid
  step: ReservationStepInput['step']
  /** What counts if it is committed. */
  record: ValidatedRecord
  /** The same, for whom its dimensions lead to by now: whose budgets are shown. */
  shown: ValidatedRecord
  /** null: there are none, or they name no entity. */
  resolution: Resolution | null
}

/** What became of a step. Only a commit of more than is held can be denied. */
export type ReservationAnswer = DecisionAnswer & { reservation: Reservation }

/** 400 `EntityIsArchivedError`; 404 for an unknown reservation. */
export function validateReservationStep(
  { customerId, customerKey, key, step }: ReservationStepInput & { customerKey: Uuid },
  known: ValidationContext & KnownReservations,
  origin: ValidatedRecord['origin'],
): ValidatedReservationStep {
  if (known.isArchived(customerKey))
    throw badInput(
      `the customer ${customerId} is archived; unarchive it first`,
      'EntityIsArchivedError',
    )
  const reservation = known.reservationOf(customerKey, key)
  const { featureKey, resourceKey, occurredAt } = reservation
  const feature = known.featureWithKey(featureKey)
  const holding = known.holdingOf({ customerKey, featureKey, resourceKey })
  const window = windowHeld(holding, occurredAt)
  const used = step.kind === 'commit' ? step.commit.amount : null
  const amount = used ?? reservation.amount
  const now = known.nowOf(customerKey)
  const { hasActiveSubscription } = holding
  const resolution = known.resolutionOf(attributableOf(reservation))
  const record: ValidatedRecord = {
    customerKey,
    resourceKey,
    occurredAt,
    acceptedAt: now,
    kind: 'COMMIT',
    eventName: null,
    value: amount,
    dimensions: reservation.dimensions,
    naming: null,
    counting: [counting(feature, amount, window)],
    setIn: null,
    attributing: attributionOfReservation(reservation, known.budgetsOf(reservation)),
    origin,
    field: 'amount',
  }
  return {
    kind: 'settling',
    subject: { customer: 'ACTIVE', isResourceKnown: true, hasActiveSubscription },
    feature,
    holding,
    window,
    key,
    step,
    record,
    shown: { ...record, attributing: attributionByResolution(resolution, occurredAt) },
    resolution,
  }
}

/** For whom a reservation was made, by its dimensions. */
export const attributableOf = ({ customerKey, featureKey, dimensions }: Reservation) => ({
  customerKey,
  dimensions: dimensionsOf(dimensions),
  featureKeys: [featureKey],
})

const dimensionsOf = (text: string | null): MeterEvent['dimensions'] =>
  text === null ? {} : JSON.parse(text)

/**
 * Commits, extends or releases a reservation. What is held is always granted; of more, the limits
 * of the windows that it is held in decide, if they are to be asked. See `commitReservation`,
 * `extendReservation`, `releaseReservation`; 400 `EntitlementUsageOutOfRangeError`.
 */
export function applyReservationStep(
  draft: State,
  settling: ValidatedReservationStep,
  nextKey: () => Uuid,
): ReservationAnswer {
  const { record, step } = settling
  const { customerKey, acceptedAt: now } = record
  const name = nameOfReservation({ customerKey, key: settling.key })
  const before = required(draft.reservations.get(name), 'a reservation that was loaded')
  const keep = (after: Reservation): ReservationAnswer => {
    if (after !== before) draft.reservations.set(name, after)
    const recorded = after.status === 'committed'
    return answerOf(draft, settling, {
      ...GRANTED,
      ...{ recorded, isRepeated: after === before, reservation: after, beyond: 0n },
    })
  }
  if (step.kind === 'extend') return keep(extendReservation(before, step.ttlSeconds, now))
  if (step.kind === 'release') {
    const after = releaseReservation(before, now)
    if (after !== before) hold(draft, before, -1n)
    return keep(after)
  }
  const { after, beyond, mustBeAllowed } = commitReservation(before, step.commit, now)
  if (after === before) return keep(after)
  const { isGranted, accessDeniedReason } = mustBeAllowed
    ? askBeyond(draft, settling, beyond)
    : GRANTED
  if (!isGranted)
    return answerOf(draft, settling, {
      ...{ isGranted, accessDeniedReason, recorded: false, isRepeated: false },
      ...{ reservation: reservationAt(before, now), beyond },
    })
  hold(draft, before, -1n)
  countRecord(draft, record, nextKey())
  return keep(after)
}

const GRANTED = { isGranted: true, accessDeniedReason: null } as const

type StepResult = Pick<
  ReservationAnswer,
  'isGranted' | 'accessDeniedReason' | 'recorded' | 'isRepeated' | 'reservation'
> & {
  /** What was asked for beyond what is held. */
  beyond: Quantity
}

/** A step with usage after it, where it was held. All budgets allow what is granted. */
function answerOf(
  draft: State,
  settling: ValidatedReservationStep,
  { beyond, ...settled }: StepResult,
): ReservationAnswer {
  const { record, resolution } = settling
  const { customerKey, resourceKey, acceptedAt: now } = record
  // It was allowed for whom it is held, whatever its dimensions name by now.
  const { evaluated, chains } = ask(draft, { ...settling, amount: beyond, denying: [] })
  const isShown = record.dimensions !== null && !settled.isRepeated
  const allowed = chains.map((chain) => chain.map((node) => ({ ...node, isGranted: true })))
  return {
    ...settled,
    evaluated,
    chains: isShown ? (settled.isGranted ? allowed : chains) : null,
    unresolved: isShown ? (resolution?.unresolved ?? []) : null,
    decidedBy: { customerKey, resourceKey, now },
  }
}

/** What is held counts as used, so that only what is beyond is asked for. */
function askBeyond(draft: State, settling: ValidatedReservationStep, beyond: Quantity) {
  const { record, feature } = settling
  const { decision } = evaluateUse(draft, settling, { record, amount: beyond })
  const demand = { amount: beyond, transformation: feature.unitTransformation }
  const limitOf = new Map(
    record.attributing.budgets.map(({ assignmentKey, usageLimit }) => [assignmentKey, usageLimit]),
  )
  const postings = record.attributing.attributionOf(record.counting)?.postings ?? []
  return joinDecisions(decision, {
    isGranted: postings.every((posting) => {
      const name = counterName(posting, posting.window)
      const spent = (draft.counters.get(name) ?? 0n) + (draft.holds.get(name) ?? 0n)
      return isWithin(limitOf.get(posting.assignmentKey) ?? null, spent, demand)
    }),
  })
}
