import type { Resolution } from '../../budgets/index.ts'
import type { Feature } from '../../catalog/features/index.ts'
import {
  type EffectiveEntitlementOf,
  type Evaluation,
  evaluate,
  type Subject,
  usageWindow,
} from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { LIFETIME, type Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import { contentOfUse, KEPT_MS, nameOfUse } from '../../metering/dedup/index.ts'
import type { CustomerMeterSubject } from '../../metering/index.ts'
import { occurredAt } from '../../metering/records/index.ts'
import { attributionByResolution } from '../attribute.ts'
import { denyingIn } from '../check/index.ts'
import { refuseUnreportable, type ValidationContext } from '../record/index.ts'
import type { ConsumeMode, ConsumptionInput, SubjectKeys, ValidatedRecord } from '../types.ts'

/** What a limit of a feature says of a customer. */
export type FeatureLimit = {
  subject: Subject
  feature: Feature
  holding: EffectiveEntitlementOf
  /** Whose usage the limit is compared with. */
  window: Window
}

/** A use that is good to be decided, but for what the usage so far says. */
export type ValidatedConsumption = FeatureLimit & {
  kind: 'use'
  /** What counts if it is recorded. */
  record: ValidatedRecord
  amount: Quantity
  /** What it asks for, as far as a repetition may not ask for anything else. */
  content: string
  purpose: ConsumeMode
  beyond: ConsumptionInput['beyond']
  asksBudgets: boolean
  /** null: its dimensions name no entity. */
  resolution: Resolution | null
  /** The keys of dimensions that deny it, since their values name no entity. */
  denying: readonly string[]
}

/** What denies a use whatever was used until now. */
export type Denial = {
  evaluated: Evaluation
  asksBudgets: boolean
  unresolved: readonly string[]
}
/** A use that is denied so, of which nothing is kept. */
export type ConsumptionDenial = Denial & { kind: 'denial' }

/**
 * A use of a customer. One of a feature or a resource that does not exist is a denial of which
 * nothing is kept; that of an archived customer is decided like any other, since a repetition gets
 * what was decided before it was archived. 400 `MeteringNotAvailableForFeatureType`,
 * `CannotReportUsageForEntitlementWithMeterError`, `InvalidArgumentError`.
 */
export function validateConsumption(
  use: ConsumptionInput & SubjectKeys,
  known: ValidationContext,
  origin: ValidatedRecord['origin'],
): ValidatedConsumption | ConsumptionDenial {
  const { customerKey, resourceKey, asksBudgets } = use
  const now = known.nowOf(customerKey)
  const feature = known.featureWithId(use.featureId)
  const isArchived = known.isArchived(customerKey)
  if (resourceKey === null || feature === null) {
    const evaluated = unknownUse(use, { isArchived, now })
    const featureKeys = feature === null ? [] : [feature.key]
    const resolution = resourceKey === null ? null : known.resolutionOf({ ...use, featureKeys })
    return { kind: 'denial', evaluated, asksBudgets, unresolved: resolution?.unresolved ?? [] }
  }
  refuseUnreportable(feature, 'featureId')
  const metered = { customerKey, resourceKey, featureKey: feature.key }
  const occurred = occurredAt(use.statedAt, now, 'timestamp')
  const holding = heldFor(use.purpose, known, { ...metered, at: occurred })
  const window = windowHeld(holding, occurred)
  const resolution = known.resolutionOf({ ...use, featureKeys: [feature.key] })
  const { purpose, amount, idempotencyKey: key } = use
  const operation = purpose.kind === 'hold' ? 'reserve' : 'consume'
  return {
    kind: 'use',
    subject: subjectOf(use, holding, isArchived),
    feature,
    holding,
    window,
    amount,
    content: contentOfUse({ featureKey: feature.key, amount, dimensions: use.dimensions }),
    purpose,
    beyond: use.beyond,
    asksBudgets,
    resolution,
    denying: denyingIn(resolution?.unresolved ?? [], known.unknownDimensions),
    record: {
      customerKey,
      resourceKey,
      occurredAt: occurred,
      acceptedAt: now,
      kind: 'CONSUME',
      eventName: null,
      value: amount,
      dimensions: use.dimensionsText,
      naming: { name: nameOfUse({ operation, resourceKey, key }), keptUntil: now + KEPT_MS.keyed },
      counting: [counting(feature, amount, window)],
      setIn: null,
      attributing: attributionByResolution(resolution, occurred),
      origin,
      field: 'amount',
    },
  }
}

/** What is only to be recorded belongs to its instant if nothing is held any more. */
function heldFor(
  { kind }: ConsumeMode,
  { holdingOf, heldThenOf }: ValidationContext,
  use: CustomerMeterSubject & { at: Instant },
): EffectiveEntitlementOf {
  const holding = holdingOf(use)
  if (kind !== 'record' || holding.resolution.held !== null) return holding
  return { ...holding, ...heldThenOf(use, use.at) }
}

/** Usage of a feature that callers report adds up. */
export const counting = (feature: Feature, amount: Quantity, window: Window) => ({
  featureKey: feature.key,
  amount,
  mark: null,
  feature,
  aggregate: 'SUM' as const,
  window,
})

/** The window of usage by what is held; of what is not held, all of time. */
export const windowHeld = ({ resolution }: EffectiveEntitlementOf, at: Instant): Window =>
  resolution.held === null ? LIFETIME : usageWindow(resolution.held, at)

const subjectOf = (
  { resourceId, resourceKey }: { resourceId: string | null; resourceKey: Uuid | null },
  { hasActiveSubscription }: Pick<EffectiveEntitlementOf, 'hasActiveSubscription'>,
  isArchived: boolean,
): Subject => ({
  customer: isArchived ? 'ARCHIVED' : 'ACTIVE',
  isResourceKnown: resourceId === null || resourceKey !== null,
  hasActiveSubscription,
})

function unknownUse(
  use: ConsumptionInput & SubjectKeys,
  { isArchived, now }: { isArchived: boolean; now: Instant },
): Evaluation {
  const subject = subjectOf(use, { hasActiveSubscription: false }, isArchived)
  return evaluate(subject, null, { request: requesting(use.amount), now })
}

/** The denial of a use by somebody who does not exist. */
export const useOfNobody = (amount: Quantity, now: Instant): Evaluation =>
  evaluate({ customer: null, isResourceKnown: true, hasActiveSubscription: false }, null, {
    request: requesting(amount),
    now,
  })

/** A check that asks for an amount. */
export const requesting = (amount: Quantity) => ({ usage: amount, values: null, defaultUsage: 0n })
