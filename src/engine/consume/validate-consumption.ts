import type { Feature } from '../../catalog/features/index.ts'
import {
  type EffectiveEntitlementOf,
  type Evaluation,
  evaluate,
  type Subject,
  usageWindow,
} from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { inBody } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { LIFETIME, type Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import { contentOfUse, type DedupKey, KEPT_MS, nameOfUse } from '../../metering/dedup/index.ts'
import type { CustomerMeterSubject } from '../../metering/index.ts'
import { occurredAt } from '../../metering/records/index.ts'
import { attributeRecord } from '../attribute.ts'
import { type AuthorizationQuery, denyingKeys, requestOf } from '../participants/index.ts'
import { refuseNotReportable, type ValidationContext } from '../record/index.ts'
import type { ConsumptionInput, SubjectKeys, ValidatedRecord } from '../types.ts'

/** A consumption that can be decided. */
export type ValidatedConsumption = AuthorizationQuery &
  Pick<ConsumptionInput, 'mode' | 'tooDistant' | 'hasDimensions'> & {
    kind: 'consumption'
    /** A hash of the fields that a repetition must not change. */
    content: string
  }

/** A denial that does not depend on usage. */
export type Denial = {
  evaluated: Evaluation
  hasDimensions: boolean
  unresolved: readonly string[]
}
/** A consumption that is denied whatever the usage is. Nothing of it is stored. */
export type ConsumptionDenial = Denial & { kind: 'denial' }

const AMOUNT = inBody('amount')

/**
 * Validates a consumption. A feature or resource that does not exist is a denial, and nothing is
 * stored. A consumption of an archived customer is decided like any other, because a repetition
 * must get the decision from before the customer was archived. 400
 * `MeteringNotAvailableForFeatureType`, `CannotReportUsageForEntitlementWithMeterError`,
 * `InvalidArgumentError`.
 */
export function validateConsumption(
  input: ConsumptionInput & SubjectKeys,
  context: ValidationContext,
  origin: ValidatedRecord['origin'],
): ValidatedConsumption | ConsumptionDenial {
  const { customerKey, resourceKey, amount, mode, tooDistant, hasDimensions } = input
  const now = context.nowOf(customerKey)
  const feature = context.featureWithId(input.featureId)
  const isArchived = context.isArchived(customerKey)
  const resolution = context.resolutionOf(input)
  const unresolved = resolution?.unresolved ?? []
  if (resourceKey === null || feature === null) {
    const subject = subjectOf(input, { hasActiveSubscription: false, isArchived })
    const evaluated = evaluate(subject, null, { request: requestOf(amount), now })
    return { kind: 'denial', evaluated, hasDimensions, unresolved }
  }
  refuseNotReportable(feature, inBody('featureId'))
  const at = occurredAt(input.timestamp, now, inBody('timestamp'))
  const usage = { customerKey, resourceKey, featureKey: feature.key, at }
  const entitlement = entitlementFor(input, context, usage)
  const { hasActiveSubscription } = entitlement
  const window = entitlementWindow(entitlement, at)
  const amounts = [meterAmount(feature, amount, window)]
  return {
    kind: 'consumption',
    subject: subjectOf(input, { hasActiveSubscription, isArchived }),
    feature,
    entitlement,
    window,
    amount,
    content: contentOfUse({ featureKey: feature.key, amount, dimensions: input.dimensions }),
    mode,
    tooDistant,
    hasDimensions,
    resolution,
    denying: denyingKeys(unresolved, context.unknownDimensions),
    isHeld: false,
    record: {
      customerKey,
      resourceKey,
      occurredAt: at,
      acceptedAt: now,
      kind: 'CONSUME',
      eventName: null,
      value: amount,
      dimensions: input.dimensionsText,
      dedup: {
        key: dedupKeyOfUse(input, resourceKey),
        keptUntil: now + KEPT_MS.keyed,
      },
      amounts,
      ...attributeRecord(resolution, { amounts, occurredAt: at }),
      setWindow: null,
      period: null,
      origin,
      field: AMOUNT,
    },
  }
}

/** The deduplication key of a consumption or a hold. */
export const dedupKeyOfUse = (
  { mode, idempotencyKey: key }: Pick<ConsumptionInput, 'mode' | 'idempotencyKey'>,
  resourceKey: Uuid,
): DedupKey =>
  nameOfUse({ operation: mode.kind === 'hold' ? 'reserve' : 'consume', resourceKey, key })

/**
 * Returns the current entitlement. In mode `record`, if there is none, returns the entitlement at
 * the instant of the usage.
 */
function entitlementFor(
  { mode }: ConsumptionInput,
  { entitlementOf, pastEntitlementOf }: ValidationContext,
  usage: CustomerMeterSubject & { at: Instant },
): EffectiveEntitlementOf {
  const entitlement = entitlementOf(usage)
  if (mode.kind !== 'record' || entitlement.resolution.effective !== null) return entitlement
  return { ...entitlement, ...pastEntitlementOf(usage, usage.at) }
}

/** Returns the amount for a feature without a meter, whose usage is the sum of amounts. */
export const meterAmount = (feature: Feature, amount: Quantity, window: Window) => ({
  featureKey: feature.key,
  amount,
  mark: null,
  feature,
  aggregate: 'SUM' as const,
  window,
})

/** Returns the window of an entitlement's limit; without an entitlement, all of time. */
export const entitlementWindow = ({ resolution }: EffectiveEntitlementOf, at: Instant): Window =>
  resolution.effective === null ? LIFETIME : usageWindow(resolution.effective, at)

const subjectOf = (
  { resourceId, resourceKey }: { resourceId: string | null; resourceKey: Uuid | null },
  of: { hasActiveSubscription: boolean; isArchived: boolean },
): Subject => ({
  customer: of.isArchived ? 'ARCHIVED' : 'ACTIVE',
  isResourceKnown: resourceId === null || resourceKey !== null,
  hasActiveSubscription: of.hasActiveSubscription,
})

/** Returns the denial of a consumption by a customer that does not exist. */
export const denialForUnknownCustomer = (amount: Quantity, now: Instant): Evaluation =>
  evaluate({ customer: null, isResourceKnown: true, hasActiveSubscription: false }, null, {
    request: requestOf(amount),
    now,
  })
