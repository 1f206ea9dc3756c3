import type { UnknownDimensions } from '../../access/index.ts'
import type { Resolution } from '../../budgets/index.ts'
import type { Feature, MeteredFeature } from '../../catalog/features/index.ts'
import { type EffectiveEntitlement, usagePeriod, usageWindow } from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { type ApiError, badInput, notFound } from '../../kernel/errors.ts'
import { type Field, inBody } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Origin } from '../../kernel/origin.ts'
import { LIFETIME, type Window } from '../../kernel/period.ts'
import { type DedupKey, KEPT_MS, nameOfEvent, nameOfReport } from '../../metering/dedup/index.ts'
import type { CustomerMeterSubject } from '../../metering/index.ts'
import { aggregateOf, measureEvent, occurredAt } from '../../metering/records/index.ts'
import { attributeRecord } from '../attribute.ts'
import type { EntitlementOf, PastEntitlementOf } from '../cache/index.ts'
import type { EventInput, ReportInput, SubjectKeys, ValidatedRecord } from '../types.ts'

/** What validation must know about the customers of a batch, at their instants of decision. */
export type ValidationContext = {
  /** The instant of decision of a customer. */
  nowOf(customerKey: Uuid): Instant
  isArchived(customerKey: Uuid): boolean
  featureWithId(featureId: string): Feature | null
  /** The features whose meters may count an event with a name. */
  meteredBy(eventName: string): readonly MeteredFeature[]
  entitlementOf: EntitlementOf
  pastEntitlementOf: PastEntitlementOf
  /** The resolution of an item's dimensions; null: they cannot name an entity. */
  resolutionOf(item: SubjectKeys): Resolution | null
  /** The environment's setting for consumption whose dimensions name no entity. */
  unknownDimensions: UnknownDimensions
}

type Validate<T> = (
  item: T & SubjectKeys,
  context: ValidationContext,
  of: { origin: Origin; field: Field },
) => ValidatedRecord

/** Validates all items of a request. Archived customers are refused before anything else. */
const validateAll =
  <T extends { customerId: string }>(list: 'usages' | 'events', validate: Validate<T>) =>
  (
    items: readonly (T & SubjectKeys)[],
    context: ValidationContext,
    origin: Origin,
  ): ValidatedRecord[] => {
    items.forEach((item, index) => {
      refuseArchived(item, context, inBody(list, index))
    })
    return items.map((item, index) =>
      validate(item, context, { origin, field: inBody(list, index) }),
    )
  }

const validateReport: Validate<ReportInput> = (report, context, { origin, field }) => {
  const { customerKey, idempotencyKey, timestamp, value } = report
  const feature = reportableFeature(report, context, field)
  const resourceKey = requireResource(report, field)
  const now = context.nowOf(customerKey)
  const at = occurredAt(timestamp, now, field.at('createdAt'))
  const subject = { customerKey, resourceKey, featureKey: feature.key }
  const entitlement = reportEntitlement(context, subject, { at, now })
  if (entitlement === null) {
    const { hasAnything } = context.entitlementOf(subject)
    throw notEntitled(report, feature, { hasAnything, field })
  }
  const isSet = report.behavior === 'SET'
  const { window, period } = entitlement
  const amounts = [
    { featureKey: feature.key, amount: value, mark: null, feature, window, aggregate: SUM },
  ]
  return {
    customerKey,
    resourceKey,
    occurredAt: at,
    acceptedAt: now,
    kind: isSet ? 'SET' : 'REPORT',
    eventName: null,
    value,
    dimensions: report.dimensionsText,
    dedup:
      idempotencyKey === null
        ? null
        : {
            key: nameOfReport(subject, idempotencyKey),
            keptUntil: now + KEPT_MS.keyed,
          },
    amounts,
    ...attributeRecord(context.resolutionOf(report), { amounts, occurredAt: at }),
    setWindow: isSet ? usageWindow(entitlement.then, at) : null,
    period,
    origin,
    field: field.at('value'),
  }
}

/**
 * Returns the records of reports, in order. 400 `EntityIsArchivedError`,
 * `MeteringNotAvailableForFeatureType`, `CannotReportUsageForEntitlementWithMeterError`,
 * `NoFeatureEntitlementInSubscription`, `InvalidArgumentError`; 404 `FeatureNotFound`,
 * `CustomerResourceNotFound`, `NoActiveSubscriptionForCustomer`.
 */
export const validateReports = validateAll('usages', validateReport)

const SUM = aggregateOf(null)

/** The feature of a report. 404 and 400 for one whose usage cannot be reported. */
function reportableFeature(
  { featureId }: ReportInput,
  context: ValidationContext,
  field: Field,
): Feature {
  const feature = context.featureWithId(featureId)
  if (feature === null)
    throw notFound(
      field.at('featureId'),
      'FeatureNotFound',
      `${field}: feature ${featureId} not found`,
    )
  refuseNotReportable(feature, field.at('featureId'))
  return feature
}

/** 400 for a feature that has no usage, or whose usage is measured from raw events. */
export function refuseNotReportable(feature: Feature, field: Field): void {
  const { id: featureId } = feature
  if (feature.meterType === 'None')
    throw badInput(
      field,
      `${field}: the feature ${featureId} is not metered`,
      'MeteringNotAvailableForFeatureType',
    )
  if (feature.meter !== null)
    throw badInput(
      field,
      `${field}: the feature ${featureId} has a meter; report events instead`,
      'CannotReportUsageForEntitlementWithMeterError',
    )
}

/**
 * Returns the entitlement that a report counts by (`then`), and the window whose usage is shown,
 * with its period.
 * The entitlement is that of the instant when the usage occurred. If there was none, it is the
 * current one, because the grant that covers the usage may have begun later. The window is the
 * current one, or without a current entitlement the one in which the usage occurred. Returns null
 * if there is neither a past nor a current entitlement.
 */
function reportEntitlement(
  { pastEntitlementOf, entitlementOf }: ValidationContext,
  subject: CustomerMeterSubject,
  { at, now }: { at: Instant; now: Instant },
): { then: EffectiveEntitlement; window: Window; period: Window | null } | null {
  const current = entitlementOf(subject).resolution.effective
  const then = pastEntitlementOf(subject, at).resolution.effective ?? current
  if (then === null) return null
  const [shown, instant] = current === null ? [then, at] : [current, now]
  const period = usagePeriod(shown, instant)?.window ?? null
  return { then, window: usageWindow(shown, instant), period }
}

const notEntitled = (
  { customerId }: ReportInput,
  { id }: Feature,
  { hasAnything, field }: { hasAnything: boolean; field: Field },
): ApiError =>
  hasAnything
    ? badInput(
        field.at('featureId'),
        `${field}: the customer ${customerId} has no entitlement to the feature ${id}, ` +
          'and had none when the usage occurred',
        'NoFeatureEntitlementInSubscription',
      )
    : notFound(
        field.at('customerId'),
        'NoActiveSubscriptionForCustomer',
        `${field}: the customer ${customerId} has no entitlements, ` +
          `and had none to the feature ${id} when the usage occurred`,
      )

const validateEvent: Validate<EventInput> = (event, context, { origin, field }) => {
  const { customerKey, eventName, timestamp } = event
  const resourceKey = requireResource(event, field)
  const now = context.nowOf(customerKey)
  const shownWindow = (featureKey: Uuid): Window => {
    const { effective } = context.entitlementOf({ customerKey, resourceKey, featureKey }).resolution
    // Without an entitlement, the window is all time.
    return effective === null ? LIFETIME : usageWindow(effective, now)
  }
  const at = occurredAt(timestamp, now, field.at('timestamp'))
  const measured = measureEvent(
    context.meteredBy(eventName),
    { name: eventName, dimensions: event.dimensions },
    field,
  )
  const amounts = measured.map(({ feature, ...reading }) => ({
    ...reading,
    feature,
    aggregate: aggregateOf(feature.meter),
    window: shownWindow(feature.key),
  }))
  return {
    customerKey,
    resourceKey,
    occurredAt: at,
    acceptedAt: now,
    kind: 'EVENT',
    eventName,
    value: null,
    dimensions: event.dimensionsText,
    dedup: {
      key: dedupKeyOfEvent(event, resourceKey),
      keptUntil: now + (timestamp === null ? KEPT_MS.untimed : KEPT_MS.keyed),
    },
    amounts,
    ...attributeRecord(context.resolutionOf(event), { amounts, occurredAt: at }),
    setWindow: null,
    period: null,
    origin,
    field,
  }
}

/**
 * Returns the records of raw events, in order. 400 `EntityIsArchivedError`, `InvalidArgumentError`,
 * `EntitlementUsageOutOfRangeError`; 404 `CustomerResourceNotFound`.
 */
export const validateEvents = validateAll('events', validateEvent)

/** The deduplication key of an event. */
export const dedupKeyOfEvent = (
  { eventName, idempotencyKey: key, timestamp: stated }: EventInput,
  resourceKey: Uuid,
): DedupKey => nameOfEvent({ eventName, resourceKey, key, stated })

function refuseArchived(
  { customerKey, customerId }: SubjectKeys & { customerId: string },
  context: ValidationContext,
  field: Field,
): void {
  if (context.isArchived(customerKey))
    throw badInput(
      field.at('customerId'),
      `${field}: the customer ${customerId} is archived; unarchive it first`,
      'EntityIsArchivedError',
    )
}

function requireResource(
  item: SubjectKeys & { customerId: string; resourceId: string | null },
  field: Field,
): Uuid {
  if (item.resourceKey === null)
    throw notFound(
      field.at('resourceId'),
      'CustomerResourceNotFound',
      `${field}: the customer ${item.customerId} has no resource ${item.resourceId}`,
    )
  return item.resourceKey
}
