import type { PromotionalEntitlementPeriod } from '../api.gen.ts'
import type { Feature } from '../catalog/features/index.ts'
import type { Allowance, Reset } from '../entitlements/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { type BadInputCode, badInput } from '../kernel/errors.ts'
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
    allowance: allowanceOf(input, feature, where),
    reset: resetOf(input, feature, where),
    isVisible,
    startsAt: now,
    since: now,
    endsAt: endOf(input, { from: now, now, where }),
    createdAt: now,
    updatedAt: now,
  }
}

/** Returns the fields that the feature's type has. Enum values are sorted. */
export function allowanceOf(input: PromotionalInput, feature: Feature, where: Field): Allowance {
  const { limit, isUnlimited, isSoft } = input
  const enumValues = [...new Set(input.enumValues)].toSorted()
  if (feature.featureType !== 'NUMBER' && (limit !== null || isUnlimited || isSoft))
    throw unsupported(
      where.at(limit !== null ? 'usageLimit' : isUnlimited ? 'hasUnlimitedUsage' : 'hasSoftLimit'),
      `${where}: a ${feature.featureType} feature has no usageLimit, hasUnlimitedUsage or hasSoftLimit`,
    )
  if (feature.featureType !== 'ENUM' && enumValues.length > 0)
    throw unsupported(
      where.at('enumValues'),
      `${where}: a ${feature.featureType} feature has no enumValues`,
    )
  if (feature.featureType === 'NUMBER') refuseImpossibleLimit(input, where)
  if (feature.featureType === 'ENUM') refuseUnknownValues(input.enumValues, feature, where)
  return { limit, isUnlimited, isSoft, enumValues }
}

function refuseImpossibleLimit({ limit, isUnlimited }: PromotionalInput, where: Field): void {
  if (isUnlimited && limit !== null)
    throw impossible(
      where.at('usageLimit'),
      `${where}: send either usageLimit or hasUnlimitedUsage, not both`,
    )
  if (!isUnlimited && limit === null)
    throw impossible(
      where.at('usageLimit'),
      `${where}: a NUMBER feature needs usageLimit or hasUnlimitedUsage`,
    )
}

function refuseUnknownValues(enumValues: readonly string[], feature: Feature, where: Field): void {
  const field = where.at('enumValues')
  if (enumValues.length === 0) throw impossible(field, `${where}: an ENUM feature needs enumValues`)
  const known = new Set((feature.enumConfiguration ?? []).map(({ value }) => value))
  const index = enumValues.findIndex((value) => !known.has(value))
  const unknown = enumValues[index]
  if (unknown !== undefined)
    throw impossible(
      field.at(index),
      `${where}: enumValues: the feature has no value ${JSON.stringify(unknown)}`,
    )
}

const CONFIGURED = ['YEAR', 'MONTH', 'WEEK'] as const
const CONFIGURATIONS = {
  YEAR: 'yearlyResetPeriodConfiguration',
  MONTH: 'monthlyResetPeriodConfiguration',
  WEEK: 'weeklyResetPeriodConfiguration',
} as const

/**
 * Years, months and weeks begin with the promotional entitlement unless the input says otherwise.
 */
export function resetOf(input: PromotionalInput, feature: Feature, where: Field): Reset | null {
  const { resetPeriod: period, accordingTo } = input
  if (period !== null && feature.meterType !== 'INCREMENTAL')
    throw badReset(
      where.at('resetPeriod'),
      `${where}: resetPeriod is only for features of the meter type INCREMENTAL`,
    )
  const stray = CONFIGURED.find((each) => each !== period && accordingTo[each] !== null)
  if (stray !== undefined)
    throw badReset(
      where.at(CONFIGURATIONS[stray]),
      `${where}: the configuration is for the reset period ${stray}, not ${period}`,
    )
  if (period === null) return null
  if (period === 'DAY' || period === 'HOUR') return { period, accordingTo: null }
  return { period, accordingTo: accordingTo[period] ?? 'SubscriptionStart' }
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

const refusedWith = (code: BadInputCode) => (field: Field, message: string) =>
  badInput(field, message, code)
const impossible = refusedWith('InvalidArgumentError')
const badReset = refusedWith('InvalidEntitlementResetPeriod')
const unsupported = refusedWith('UnsupportedFeatureType')
