import type { Feature, MeteredFeature } from '../catalog/index.ts'
import { usageWindow } from '../entitlements/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Origin } from '../kernel/origin.ts'
import { LIFETIME, type Window } from '../kernel/period.ts'
import {
  aggregateOf,
  KEPT_MS,
  measureEvent,
  NO_RESOURCE,
  nameOfEvent,
  nameOfReport,
  occurredAt,
} from '../metering/index.ts'
import { attributingBy } from './attribute.ts'
import type { HoldingOf } from './remember-held.ts'
import type { ResolutionOf } from './remember-resolutions.ts'
import type { Address, EventInput, Prepared, ReportInput } from './types.ts'

/** What is known of a group's customers and of their environment, at its instant of decision. */
export type Known = {
  /** The instant of decision for a customer. */
  nowOf(customerKey: Uuid): Instant
  isArchived(customerKey: Uuid): boolean
  featureWithId(featureId: string): Feature | null
  /** The features whose meters may count an event of that name. */
  meteredBy(eventName: string): readonly MeteredFeature[]
  holdingOf: HoldingOf
  resolutionOf: ResolutionOf
}

/**
 * Reports that are good to be counted, in their order. 400 `EntityIsArchivedError`,
 * `MeteringNotAvailableForFeatureType`, `CannotReportUsageForEntitlementWithMeterError`,
 * `NoFeatureEntitlementInSubscription`, `InvalidArgumentError`; 404 `FeatureNotFound`,
 * `CustomerResourceNotFound`, `NoActiveSubscriptionForCustomer`.
 */
export function prepareReports(
  reports: readonly (ReportInput & Address)[],
  known: Known,
  origin: Origin,
): Prepared[] {
  reports.forEach((report, index) => {
    refuseArchived(report, known, `usages[${index}]`)
  })
  return reports.map((report, index) => prepareReport(report, known, { origin, index }))
}

function prepareReport(
  report: ReportInput & Address,
  known: Known,
  { origin, index }: { origin: Origin; index: number },
): Prepared {
  const field = `usages[${index}]`
  const { customerKey, idempotencyKey, statedAt, value } = report
  const feature = reportedFeature(report, known, field)
  const resourceKey = requireResource(report, field)
  const now = known.nowOf(customerKey)
  const windowAt = windowsHeld(report, feature, known.holdingOf, field)
  const occurred = occurredAt(statedAt, now, `${field}.createdAt`)
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
    counting: [{ ...counted, feature, aggregate: aggregateOf(null), window: windowAt(now) }],
    setIn: isSet ? windowAt(occurred) : null,
    attributing: attributingBy(
      known.resolutionOf({ ...report, featureKeys: [feature.key] }),
      occurred,
    ),
    origin,
    field,
  }
}

/** A feature whose usage may be reported. */
function reportedFeature({ featureId }: ReportInput, known: Known, field: string): Feature {
  const feature = known.featureWithId(featureId)
  if (feature === null)
    throw notFound('FeatureNotFound', `${field}: there is no feature ${featureId}`)
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

/** The windows in which usage counts by what the customer holds of the feature. */
function windowsHeld(
  { customerId, ...address }: ReportInput & Address,
  feature: Feature,
  holdingOf: HoldingOf,
  field: string,
): (at: Instant) => Window {
  const resourceKey = address.resourceKey ?? NO_RESOURCE
  const { resolution, hasAnything } = holdingOf({
    ...address,
    resourceKey,
    featureKey: feature.key,
  })
  const { held } = resolution
  if (held !== null) return (at) => usageWindow(held, at)
  if (!hasAnything)
    throw notFound(
      'NoActiveSubscriptionForCustomer',
      `${field}: the customer ${customerId} holds nothing`,
    )
  throw badInput(
    `${field}: the customer ${customerId} does not hold the feature ${feature.id}`,
    'NoFeatureEntitlementInSubscription',
  )
}

/**
 * Events that are good to be counted, in their order. 400 `EntityIsArchivedError`,
 * `InvalidArgumentError`, `EntitlementUsageOutOfRangeError`; 404 `CustomerResourceNotFound`.
 */
export function prepareEvents(
  events: readonly (EventInput & Address)[],
  known: Known,
  origin: Origin,
): Prepared[] {
  events.forEach((event, index) => {
    refuseArchived(event, known, `events[${index}]`)
  })
  return events.map((event, index) =>
    prepareEvent(event, known, { origin, field: `events[${index}]` }),
  )
}

function prepareEvent(
  event: EventInput & Address,
  known: Known,
  { origin, field }: { origin: Origin; field: string },
): Prepared {
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
    attributing: attributingBy(
      known.resolutionOf({ ...event, featureKeys: features.map((each) => each.key) }),
      occurred,
    ),
    origin,
    field,
  }
}

function refuseArchived(
  { customerKey, customerId }: Address & { customerId: string },
  known: Known,
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
  }: Address & { customerId: string; resourceId: string | null },
  field: string,
): Uuid {
  if (resourceKey === null)
    throw notFound(
      'CustomerResourceNotFound',
      `${field}: the customer ${customerId} has no resource ${resourceId}`,
    )
  return resourceKey
}
