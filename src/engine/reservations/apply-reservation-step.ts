import type { Budget } from '../../budgets/index.ts'
import type { Feature, MeterEvent } from '../../catalog/features/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody, inPath } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Reservation } from '../../metering/index.ts'
import {
  commitReservation,
  extendReservation,
  releaseReservation,
  reservationAt,
} from '../../metering/reservations/index.ts'
import type { RecordAttribution } from '../attribute.ts'
import {
  type DecisionAnswer,
  entitlementWindow,
  meterAmount,
  shownAfter,
} from '../consume/index.ts'
import { type AuthorizationQuery, authorize, type BudgetPaths } from '../participants/index.ts'
import type { ValidationContext } from '../record/index.ts'
import { postRecord, reservationName, type State } from '../state/index.ts'
import type { MeterAmount, ReservationStepInput, ValidatedRecord } from '../types.ts'

/** What validation must know about the reservations of a batch. */
export type ReservationContext = {
  /** 404 for a reservation that the customer does not have. */
  reservationOf(customerKey: Uuid, key: Uuid): Reservation
  featureWithKey(featureKey: Uuid): Feature
  /** The budgets in which a reservation is held. */
  budgetsOf(reservation: Reservation): readonly Budget[]
}

/** A step of a reservation that can be applied if the reservation's status permits it. */
export type ValidatedReservationStep = Omit<AuthorizationQuery, 'amount' | 'denying'> & {
  key: Uuid
  step: ReservationStepInput['step']
}

/** The result of a step. Only a commit of more than is held can be denied. */
export type ReservationAnswer = DecisionAnswer & { reservation: Reservation }

/** 400 `EntityIsArchivedError`; 404 for an unknown reservation. */
export function validateReservationStep(
  { customerId, customerKey, key, step }: ReservationStepInput & { customerKey: Uuid },
  context: ValidationContext & ReservationContext,
  origin: ValidatedRecord['origin'],
): ValidatedReservationStep {
  if (context.isArchived(customerKey))
    throw badInput(
      inPath('id'),
      `the customer ${customerId} is archived; unarchive it first`,
      'EntityIsArchivedError',
    )
  const reservation = context.reservationOf(customerKey, key)
  const { featureKey, resourceKey, occurredAt, dimensions } = reservation
  const feature = context.featureWithKey(featureKey)
  const entitlement = context.entitlementOf({ customerKey, featureKey, resourceKey })
  const { hasActiveSubscription } = entitlement
  const window = entitlementWindow(entitlement, occurredAt)
  const used = step.kind === 'commit' ? step.commit.amount : null
  const amount = used ?? reservation.amount
  const amounts = [meterAmount(feature, amount, window)]
  return {
    key,
    step,
    subject: { customer: 'ACTIVE', isResourceKnown: true, hasActiveSubscription },
    feature,
    entitlement,
    window,
    resolution: context.resolutionOf(reservation),
    isHeld: true,
    record: {
      customerKey,
      resourceKey,
      occurredAt,
      acceptedAt: context.nowOf(customerKey),
      kind: 'COMMIT',
      eventName: null,
      value: amount,
      dimensions,
      dedup: null,
      amounts,
      ...attributionOfCommit(reservation, { amounts, budgets: context.budgetsOf(reservation) }),
      setWindow: null,
      period: null,
      origin,
      field: inBody('amount'),
    },
  }
}

/** A commit counts in the counters in which its reservation is held. */
const attributionOfCommit = (
  { attribution }: Reservation,
  { amounts, budgets }: { amounts: readonly MeterAmount[]; budgets: readonly Budget[] },
): RecordAttribution => ({
  attribution: attribution && {
    ...attribution,
    postings: amounts.flatMap(({ amount }) =>
      attribution.postings.map((posting) => ({ ...posting, delta: amount })),
    ),
  },
  budgets,
  unresolved: [],
})

/** The customer, the dimensions and the feature of a reservation. */
export const attributableOf = ({ customerKey, featureKey, dimensions }: Reservation) => ({
  customerKey,
  dimensions: parseDimensions(dimensions),
  featureKeys: [featureKey],
})

const parseDimensions = (json: string | null): MeterEvent['dimensions'] =>
  json === null ? {} : JSON.parse(json)

/**
 * Commits, extends or releases a reservation, and returns it with the usage after the step. The
 * held amount is always granted. If more is committed with the overage `allow_if_available`, limits
 * decide about the difference: those of the windows in which the reservation is held. 400 of
 * `commitReservation`, `extendReservation` and `releaseReservation`; 400
 * `EntitlementUsageOutOfRangeError`.
 */
export function applyReservationStep(
  draft: State,
  validated: ValidatedReservationStep,
  nextKey: () => Uuid,
): ReservationAnswer {
  const { record, step, key, resolution } = validated
  const { customerKey, resourceKey, acceptedAt: now, dimensions } = record
  const name = reservationName({ customerKey, key })
  const before = required(draft.reservations.get(name), 'a reservation that was loaded')
  const { after, excess } = transition(before, step, now)
  const query = { ...validated, amount: excess ?? 0n, denying: [] }
  const authorized = authorize(draft.parts, query)
  const { isGranted, accessDeniedReason } = excess === null ? GRANTED : authorized.decision
  if (isGranted) post(draft, record, { before, after, nextKey })
  const { evaluated, chains } = shownAfter(draft, query, authorized)
  const isRepeated = after === before
  const isShown = dimensions !== null && !isRepeated
  return {
    isGranted,
    accessDeniedReason,
    recorded: isGranted && after.status === 'committed',
    isRepeated,
    evaluated,
    chains: isShown ? (isGranted ? allGranted(chains) : chains) : null,
    unresolved: isShown ? (resolution?.unresolved ?? []) : null,
    decidedBy: { customerKey, resourceKey, now },
    reservation: isGranted ? after : reservationAt(before, now),
  }
}

const GRANTED = { isGranted: true, accessDeniedReason: null } as const

/**
 * Returns the reservation after a step, and the amount beyond the hold that limits must allow. The
 * amount is null if limits need not allow anything.
 */
function transition(
  before: Reservation,
  step: ReservationStepInput['step'],
  now: Instant,
): { after: Reservation; excess: Quantity | null } {
  switch (step.kind) {
    case 'extend':
      return { after: extendReservation(before, step.ttlSeconds, now), excess: null }
    case 'release':
      return { after: releaseReservation(before, now), excess: null }
    case 'commit': {
      const { after, beyond, mustBeAllowed } = commitReservation(before, step.commit, now)
      return { after, excess: mustBeAllowed ? beyond : null }
    }
  }
}

/** Ends the hold of a reservation that is no longer open, and records what was committed. */
function post(
  draft: State,
  record: ValidatedRecord,
  of: { before: Reservation; after: Reservation; nextKey: () => Uuid },
): void {
  const { before, after } = of
  if (after === before) return
  if (after.status !== 'open') for (const part of draft.parts) part.free(before)
  if (after.status === 'committed') postRecord(draft, record, of.nextKey())
  draft.reservations.set(reservationName(after), after)
}

/**
 * Shows all budgets as granting. A granted step was allowed by the budgets in which the reservation
 * is held. The budgets that are shown, to which the dimensions lead now, may be others.
 */
const allGranted = (chains: BudgetPaths): BudgetPaths =>
  chains.map((chain) => chain.map((node) => ({ ...node, isGranted: true })))
