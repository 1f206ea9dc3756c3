import type { PromotionalEntitlementPeriod } from '../api.gen.ts'
import { allowanceOf, type Feature, resetOf } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import type { Field } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import { addUnits, type Span } from '../kernel/period.ts'
import type { PromotionalEntitlement, PromotionalInput } from './types.ts'

type GrantContext = { feature: Feature; key: Uuid; now: Instant; where: Field }

/**
 * Returns a promotional entitlement that starts now. 400 `EntityIsArchivedError` for an archived
 * feature; `UnsupportedFeatureType` for fields that the feature's type does not have;
 * `InvalidEntitlementResetPeriod`; `InvalidArgumentError` for an invalid or missing end, limit or
 * value.
 */
export function grantPromotional(
  input: PromotionalInput,
  { feature, key, now, where }: GrantContext,
): PromotionalEntitlement {
  if (feature.status === 'SUSPENDED')
    throw badInput(
      where.at('featureId'),
      `${where}: the feature is archived`,
      'EntityIsArchivedError',
    )
  const { period, isVisible } = input
  return {
    key,
    revision: 0,
    feature,
    period,
    allowance: allowanceOf(input, feature, { where, needsValue: true }),
    reset: resetOf(input, feature, where),
    isVisible,
    startsAt: now,
    since: now,
    endsAt: endOf(input, { from: now, now, where }),
    createdAt: now,
    updatedAt: now,
  }
}

/** The length of fixed periods. */
export const SPANS: Readonly<
  Record<Exclude<PromotionalEntitlementPeriod, 'custom' | 'lifetime'>, Span>
> = {
  '1 week': { unit: 'WEEK', count: 1 },
  '1 month': { unit: 'MONTH', count: 1 },
  '6 month': { unit: 'MONTH', count: 6 },
  '1 year': { unit: 'YEAR', count: 1 },
}

/** 9999-12-31T23:59:59.999Z: the API cannot express later instants. */
const LAST_INSTANT = 253_402_300_799_999

/** `from` is the start of the promotional entitlement. */
export function endOf(
  input: PromotionalInput,
  { from, now, where }: { from: Instant; now: Instant; where: Field },
): Instant | null {
  const { period, customEndDate } = input
  if (period !== 'custom' && customEndDate !== null)
    throw impossible(
      where.at('customEndDate'),
      `${where}: customEndDate is only for the period custom`,
    )
  if (period === 'lifetime') return null
  if (period !== 'custom') return addUnits(from, SPANS[period].unit, SPANS[period].count)
  if (customEndDate === null)
    throw impossible(where.at('customEndDate'), `${where}: customEndDate is required`)
  if (customEndDate <= now || customEndDate > LAST_INSTANT)
    throw impossible(
      where.at('customEndDate'),
      `${where}: customEndDate must be in the future, up to the year 9999`,
    )
  return customEndDate
}

const impossible = (field: Field, message: string) =>
  badInput(field, message, 'InvalidArgumentError')
