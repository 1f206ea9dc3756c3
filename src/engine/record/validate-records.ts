import type { UnknownDimensions } from '../../access/index.ts'
import type { Feature, MeteredFeature } from '../../catalog/features/index.ts'
import { type EffectiveEntitlement, usageWindow } from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { type ApiError, badInput, notFound } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Origin } from '../../kernel/origin.ts'
import { LIFETIME, type Window } from '../../kernel/period.ts'
import { KEPT_MS, nameOfEvent, nameOfReport } from '../../metering/dedup/index.ts'
import type { CustomerMeterSubject } from '../../metering/index.ts'
import { aggregateOf, measureEvent, occurredAt } from '../../metering/records/index.ts'
import { attributionByResolution } from '../attribute.ts'
import type { HeldThenOf, HoldingOf, ResolutionOf } from '../cache/index.ts'
import type { EventInput, ReportInput, SubjectKeys, ValidatedRecord } from '../types.ts'

/** What is known of a group's customers and of their environment, at its instant of decision. */
export type ValidationContext = {
  /** The instant of decision for a customer. */
  nowOf(customerKey: Uuid): Instant
  isArchived(customerKey: Uuid): boolean
  featureWithId(featureId: string): Feature | null
  /** The features whose meters may count an event of that name. */
  meteredBy(eventName: string): readonly MeteredFeature[]
  holdingOf: HoldingOf
  heldThenOf: HeldThenOf
  resolutionOf: ResolutionOf
  /** What becomes of a use whose dimensions name no entity. */
  unknownDimensions: UnknownDimensions
}

/**
 * Reports that are good to be counted, in their order. 400 `EntityIsArchivedError`,
 * `MeteringNotAvailableForFeatureType`, `CannotReportUsageForEntitlementWithMeterError`,
 * `NoFeatureEntitlementInSubscription`, `InvalidArgumentError`; 404 `FeatureNotFound`,
 * `CustomerResourceNotFound`, `NoActiveSubscriptionForCustomer`.
 */
export function validateReports(
  reports: readonly (ReportInput & SubjectKeys)[],
  known: ValidationContext,
  origin: Origin,
): ValidatedRecord[] {
  reports.forEach((report, index) => {
    refuseArchived(report, known, `usages[${index}]`)
  })
  return reports.map((report, index) => prepareReport(report, known, { origin, index }))
}

function prepareReport(
  report: ReportInput & SubjectKeys,
  known: ValidationContext,
  { origin, index }: { origin: Origin; index: number },
): ValidatedRecord {
  const field = `usages[${index}]`
  const { customerKey, idempotencyKey, statedAt, value } = report
  const feature = reportedFeature(report, known, field)
  const resourceKey = requireResource(report, field)
  const now = known.nowOf(customerKey)
  const occurred = occurredAt(statedAt, now, `${field}.createdAt`)
  const metered = { customerKey, resourceKey, featureKey: feature.key }
  const held = heldBy(known, metered, { at: occurred, now })
  if (held === null) {
    const { hasAnything } = known.holdingOf(metered)
    throw unheld(report, feature, { hasAnything, field })
  }
  const isSet = report.behavior === 'SET'
  const counted = { featureKey: feature.key, amount: value, mark: null }
  return {
    customerKey,
    resourceKey,
    occurredAt: occurred,
    acceptedAt: now,
    kind: isSet ? 'SET' : 'REPORT',
    eventName: null,
    value,
    dimensions: report.dimensionsText,
    naming:
      idempotencyKey === null
        ? null
        : {
            name: nameOfReport({ featureKey: feature.key, resourceKey }, idempotencyKey),
            keptUntil: now + KEPT_MS.keyed,
          },
    counting: [{ ...counted, feature, aggregate: aggregateOf(null), window: held.window }],
    setIn: isSet ? usageWindow(held.then, occurred) : null,
    attributing: attributionByResolution(
      known.resolutionOf({ ...report, featureKeys: [feature.key] }),
      occurred,
    ),
    origin,
    field,
  }
}

/** A feature whose usage may be reported. */
function reportedFeature(
  { featureId }: ReportInput,
  known: ValidationContext,
  field: string,
): Feature {
  const feature = known.featureWithId(featureId)
  if (feature === null)
    throw notFound('FeatureNotFound', `${field}: feature ${featureId} not found`)
  refuseUnreportable(feature, field)
  return feature
}

/** 400 for a feature whose usage is not counted, or not by what callers say. */
export function refuseUnreportable(feature: Feature, field: string): void {
  const { id: featureId } = feature
  if (feature.meterType === 'None')
    throw badInput(
      `${field}: the feature ${featureId} is not metered`,
      'MeteringNotAvailableForFeatureType',
    )
  if (feature.meter !== null)
    throw badInput(
      `${field}: the feature ${featureId} has a meter; report events instead`,
      'CannotReportUsageForEntitlementWithMeterError',
    )
}

/**
 * By what a record is accepted: what was held when it occurred, else what is held now, since usage
 * of before a grant may be told after it. The window in which usage is shown is now's, or of what
 * is held no longer that of the record. null: neither.
 */
function heldBy(
  { heldThenOf, holdingOf }: ValidationContext,
  metered: CustomerMeterSubject,
  { at, now }: { at: Instant; now: Instant },
): { then: EffectiveEntitlement; window: Window } | null {
  const today = holdingOf(metered).resolution.held
  const then = heldThenOf(metered, at).resolution.held ?? today
  if (then === null) return null
  return { then, window: today === null ? usageWindow(then, at) : usageWindow(today, now) }
}

const unheld = (
  { customerId }: ReportInput,
  { id }: Feature,
  { hasAnything, field }: { hasAnything: boolean; field: string },
): ApiError =>
  hasAnything
    ? badInput(
        `${field}: the customer ${customerId} does not hold the feature ${id}, nor did it then`,
        'NoFeatureEntitlementInSubscription',
      )
    : notFound(
        'NoActiveSubscriptionForCustomer',
        `${field}: the customer ${customerId} holds nothing, nor did it hold ${id} then`,
      )

/**
 * Events that are good to be counted, in their order. 400 `EntityIsArchivedError`,
 * `InvalidArgumentError`, `EntitlementUsageOutOfRangeError`; 404 `CustomerResourceNotFound`.
 */
export function validateEvents(
  events: readonly (EventInput & SubjectKeys)[],
  known: ValidationContext,
  origin: Origin,
): ValidatedRecord[] {
  events.forEach((event, index) => {
    refuseArchived(event, known, `events[${index}]`)
  })
  return events.map((event, index) =>
    prepareEvent(event, known, { origin, field: `events[${index}]` }),
  )
}

function prepareEvent(
  event: EventInput & SubjectKeys,
  known: ValidationContext,
  { origin, field }: { origin: Origin; field: string },
): ValidatedRecord {
  const { customerKey, eventName, idempotencyKey: key, statedAt } = event
  const resourceKey = requireResource(event, field)
  const now = known.nowOf(customerKey)
  const shownIn = (featureKey: Uuid): Window => {
    const { held } = known.holdingOf({ customerKey, resourceKey, featureKey }).resolution
    // Of what nobody holds, the lifetime alone is kept.
    return held === null ? LIFETIME : usageWindow(held, now)
  }
  const occurred = occurredAt(statedAt, now, `${field}.timestamp`)
  const features = known.meteredBy(eventName)
  const read = { name: eventName, dimensions: event.dimensions }
  return {
    customerKey,
    resourceKey,
    occurredAt: occurred,
    acceptedAt: now,
    kind: 'EVENT',
    eventName,
    value: null,
    dimensions: event.dimensionsText,
    naming: {
      name: nameOfEvent({ eventName, resourceKey, key, stated: statedAt }),
      keptUntil: now + (statedAt === null ? KEPT_MS.untimed : KEPT_MS.keyed),
    },
    counting: measureEvent(features, read, field).map(({ feature, ...measured }) => ({
      ...measured,
      feature,
      aggregate: aggregateOf(feature.meter),
      window: shownIn(feature.key),
    })),
    setIn: null,
    attributing: attributionByResolution(
      known.resolutionOf({ ...event, featureKeys: features.map((each) => each.key) }),
      occurred,
    ),
    origin,
    field,
  }
}

function refuseArchived(
  { customerKey, customerId }: SubjectKeys & { customerId: string },
  known: ValidationContext,
  field: string,
): void {
  if (known.isArchived(customerKey))
    throw badInput(
      `${field}: the customer ${customerId} is archived; unarchive it first`,
      'EntityIsArchivedError',
    )
}

function requireResource(
  {
    customerId,
    resourceId,
    resourceKey,
  }: SubjectKeys & { customerId: string; resourceId: string | null },
  field: string,
): Uuid {
  if (resourceKey === null)
    throw notFound(
      'CustomerResourceNotFound',
      `${field}: the customer ${customerId} has no resource ${resourceId}`,
    )
  return resourceKey
}
