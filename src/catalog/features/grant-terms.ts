import { type BadInputCode, badInput } from '../../kernel/errors.ts'
import type { Field } from '../../kernel/field.ts'
import { sent } from '../../kernel/patch.ts'
import type { Allowance, Feature, GrantTerms, Reset } from './types.ts'

/**
 * Returns the allowance of the terms on which something gives a feature. Enum values are sorted.
 * `needsValue`: whether a NUMBER needs a limit, or no limit, and an ENUM needs values. 400
 * `UnsupportedFeatureType` for fields that the feature's type does not have, `InvalidArgumentError`
 * for an impossible or missing limit or value.
 */
export function allowanceOf(
  terms: GrantTerms,
  feature: Feature,
  { where, needsValue }: { where: Field; needsValue: boolean },
): Allowance {
  const { limit, isUnlimited, isSoft } = terms
  const enumValues = [...new Set(terms.enumValues)].toSorted()
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
  if (feature.featureType === 'NUMBER') refuseImpossibleLimit(terms, { where, needsValue })
  if (feature.featureType === 'ENUM') {
    if (needsValue && enumValues.length === 0)
      throw impossible(where.at('enumValues'), `${where}: an ENUM feature needs enumValues`)
    refuseUnknownValues(terms.enumValues, feature, where)
  }
  return { limit, isUnlimited, isSoft, enumValues }
}

function refuseImpossibleLimit(
  { limit, isUnlimited }: GrantTerms,
  { where, needsValue }: { where: Field; needsValue: boolean },
): void {
  if (isUnlimited && limit !== null)
    throw impossible(
      where.at('usageLimit'),
      `${where}: send either usageLimit or hasUnlimitedUsage, not both`,
    )
  if (needsValue && !isUnlimited && limit === null)
    throw impossible(
      where.at('usageLimit'),
      `${where}: a NUMBER feature needs usageLimit or hasUnlimitedUsage`,
    )
}

function refuseUnknownValues(enumValues: readonly string[], feature: Feature, where: Field): void {
  const known = new Set((feature.enumConfiguration ?? []).map(({ value }) => value))
  const index = enumValues.findIndex((value) => !known.has(value))
  const unknown = enumValues[index]
  if (unknown !== undefined)
    throw impossible(
      where.at('enumValues').at(index),
      `${where}: enumValues: the feature has no value ${JSON.stringify(unknown)}`,
    )
}

const CONFIGURED = ['YEAR', 'MONTH', 'WEEK'] as const
/** The field of a request that configures each reset period. */
export const CONFIGURATIONS = {
  YEAR: 'yearlyResetPeriodConfiguration',
  MONTH: 'monthlyResetPeriodConfiguration',
  WEEK: 'weeklyResetPeriodConfiguration',
} as const

/**
 * Returns the reset of the terms. Years, months and weeks begin with what gives the feature unless
 * the terms say otherwise. 400 `InvalidEntitlementResetPeriod`.
 */
export function resetOf(terms: GrantTerms, feature: Feature, where: Field): Reset | null {
  const { resetPeriod: period, accordingTo } = terms
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

/** Changes of terms. Absent fields stay as they are. */
export type TermsChange = {
  [K in 'limit' | 'isUnlimited' | 'resetPeriod']?: GrantTerms[K] | undefined
} & Pick<GrantTerms, 'accordingTo'>

/** Returns the limit after a change. A new limit ends unlimited usage, and the reverse. */
export function limitAfter(
  before: Allowance,
  { limit, isUnlimited }: TermsChange,
): Pick<GrantTerms, 'limit' | 'isUnlimited'> {
  const hasLimit = limit !== undefined && limit !== null
  return {
    limit: sent(limit, isUnlimited === true ? null : before.limit),
    isUnlimited: sent(isUnlimited, hasLimit ? false : before.isUnlimited),
  }
}

/** The reset after a change. A configuration stays unless it is sent or the period changes. */
export function resetAfter(
  before: Reset | null,
  { resetPeriod, accordingTo }: TermsChange,
): Pick<GrantTerms, 'resetPeriod' | 'accordingTo'> {
  const period = sent(resetPeriod, before?.period ?? null)
  const kept = before !== null && before.period === period ? before : null
  const of = (each: 'YEAR' | 'MONTH' | 'WEEK') =>
    accordingTo[each] ?? (kept?.period === each ? kept.accordingTo : null)
  return {
    resetPeriod: period,
    accordingTo: { YEAR: of('YEAR'), MONTH: of('MONTH'), WEEK: of('WEEK') },
  }
}

const refusedWith = (code: BadInputCode) => (field: Field, message: string) =>
  badInput(field, message, code)
const impossible = refusedWith('InvalidArgumentError')
const badReset = refusedWith('InvalidEntitlementResetPeriod')
const unsupported = refusedWith('UnsupportedFeatureType')
