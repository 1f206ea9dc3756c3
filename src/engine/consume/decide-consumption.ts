import { type BudgetNode, budgetPaths, pathsAfter } from '../../budgets/index.ts'
import { type Decision, type Evaluation, evaluate } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Decision as StoredDecision } from '../../metering/dedup/index.ts'
import type { Reservation, UsageAmount } from '../../metering/index.ts'
import { findUsage, refuseOutOfRange } from '../../metering/totals/index.ts'
import { denyUnknown, isDeniedByDimensions, isFinal, joinDecisions } from '../check/index.ts'
import {
  countUnresolved,
  dedupName,
  type FirstAnswer,
  postHold,
  postRecord,
  reservationName,
  type State,
  subjectName,
} from '../state/index.ts'
import type { ConsumptionInput, ValidatedRecord } from '../types.ts'
import {
  type Denial,
  type FeatureLimit,
  requestOf,
  type ValidatedConsumption,
} from './validate-consumption.ts'

export type BudgetPaths = readonly (readonly BudgetNode[])[]

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

/** An authorization that denied, and the attribution keys that deny. */
export type DenialBasis = Authorization & { denying: readonly string[] }

/** An amount of a feature, and the entities that its dimensions name. */
export type AuthorizationQuery = FeatureLimit &
  Pick<ValidatedConsumption, 'record' | 'amount' | 'resolution' | 'denying'>

/** A decision, with the limits that decided and their usage. */
export type Authorization = {
  decision: Decision
  /** The decision without budgets. */
  evaluated: Evaluation
  chains: BudgetPaths
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
  const authorization = authorize(draft, consumption)
  const { decision, evaluated } = authorization
  if (isFinal(decision) && !(mode.kind === 'record' && isDeniedByDimensions(decision)))
    return deny({ evaluated, hasDimensions, unresolved, denying: consumption.denying })
  const { recorded, reservation } = post(draft, consumption, { decision, eventKey: nextKey() })
  const after = withUsageAfter(draft, consumption, authorization)
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
    denial: decision.isGranted ? null : { ...authorization, denying: consumption.denying },
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
    evaluated: evaluateAmount(draft, consumption),
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

/** Decides an amount by the entitlement, by dimensions that name no entity, and by all budgets. */
export function authorize(draft: State, query: AuthorizationQuery): Authorization {
  const { feature, record, resolution } = query
  const entitled = evaluateAmount(draft, query)
  const decision = denyUnknown(entitled.decision, query.denying)
  const evaluated = { ...entitled, decision }
  if (resolution === null || isFinal(decision)) return { decision, evaluated, chains: [] }
  const demand = {
    capabilityKey: feature.key,
    currencyId: null,
    transformation: feature.unitTransformation,
    amount: query.amount,
  }
  const { counters, holds } = draft
  const budgets = budgetPaths(resolution, [demand], { counters, holds, at: record.occurredAt })
  return { decision: joinDecisions(decision, budgets), evaluated, chains: budgets.chains }
}

/** Evaluates an amount by the entitlement alone. */
function evaluateAmount(
  draft: State,
  query: FeatureLimit & Pick<AuthorizationQuery, 'record' | 'amount'>,
): Evaluation {
  const { subject, feature, window, record } = query
  const { sources, resolution } = query.entitlement
  const featureState = { feature, sources, resolution, window, used: usageOf(draft, query) }
  const { acceptedAt: now, occurredAt: at } = record
  return evaluate(subject, featureState, { request: requestOf(query.amount), now, at })
}

function usageOf(
  draft: State,
  { record, feature, window }: Pick<AuthorizationQuery, 'record' | 'feature' | 'window'>,
): UsageAmount {
  const name = subjectName({ ...record, featureKey: feature.key })
  const totals = required(draft.totals.get(name), 'the totals of a feature')
  return required(findUsage(totals, window, 'SUM'), 'the usage of a window')
}

/** Returns an authorization with the usage after posting. The decision does not change. */
export const withUsageAfter = (
  draft: State,
  query: AuthorizationQuery,
  { evaluated: { query: _, ...evaluated }, chains }: Authorization,
): Pick<DecisionAnswer, 'evaluated'> & { chains: BudgetPaths } => ({
  evaluated: {
    ...evaluated,
    featureState: evaluated.featureState && {
      ...evaluated.featureState,
      used: usageOf(draft, query),
    },
  },
  chains: pathsAfter(chains, { transformation: query.feature.unitTransformation }, draft),
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
  countUnresolved(draft, record)
  postHold(draft, reservation, 1n)
  const { usage, held } = usageOf(draft, consumption)
  refuseOutOfRange(usage + held, inBody('amount'))
  return reservation
}
