import type { Instant } from '../../../kernel/clock.ts'
import { type BadInputCode, badInput } from '../../../kernel/errors.ts'
import type { Field } from '../../../kernel/field.ts'
import type { Uuid } from '../../../kernel/ids.ts'
import type { Quantity } from '../../../kernel/quantity.ts'
import type { Currency } from '../../currencies/index.ts'
import { allowanceOf, type Feature, resetOf } from '../../features/index.ts'
import type { CommonInput, FeatureOfPackage, Holder } from './types.ts'
import { type CreditInput, type CreditOfPackage, type FeatureInput, WIDGETS } from './types.ts'

/** What a new entitlement needs besides its input. `where` is its place in the request. */
export type MakeContext = { holder: Holder; key: Uuid; order: Quantity; now: Instant; where: Field }

/**
 * Returns what a draft gives of a feature. 400 `CannotAddOverrideEntitlementToPlan` for an
 * override of a plan. `EntityIsArchivedError` for an archived feature. `UnsupportedFeatureType` for
 * fields that the type of the feature does not have. `InvalidEntitlementResetPeriod`.
 * `InvalidArgumentError` for a limit or a value that is impossible or missing, and for custom
 * values of a package whose pricing type is not CUSTOM.
 */
export function featureOfPackage(
  input: FeatureInput,
  feature: Feature,
  context: MakeContext,
): FeatureOfPackage {
  const { where } = context
  if (feature.status === 'SUSPENDED') throw archived(where.at('id'), `${where}: the feature`)
  return {
    type: 'FEATURE',
    ...commonOf(input, context),
    ...termsOf(input, feature, context),
    feature,
  }
}

/** Returns the terms of a feature under the rules of its package. 400 as `featureOfPackage`. */
export function termsOf(
  input: FeatureInput,
  feature: Feature,
  { where }: Pick<MakeContext, 'where'>,
): Pick<FeatureOfPackage, 'allowance' | 'reset'> {
  const { isCustom, isGranted, limit, isUnlimited } = input
  if (isCustom && (limit !== null || isUnlimited))
    throw impossible(
      where.at(limit === null ? 'hasUnlimitedUsage' : 'usageLimit'),
      `${where}: each subscription sets the limit of a custom entitlement; leave out usageLimit and hasUnlimitedUsage`,
    )
  const isCounted = feature.featureType === 'ENUM' || feature.meterType !== 'None'
  const needsValue = isGranted && !isCustom && isCounted
  return {
    allowance: allowanceOf(input, feature, { where, needsValue }),
    reset: resetOf(input, feature, where),
  }
}

/** What a credit entitlement refers to. `dependency`: null if the input names none. */
export type CreditObjects = { currency: Currency; dependency: Feature | null }

/**
 * Returns how many credits a draft gives. 400 `CannotAddOverrideEntitlementToPlan`,
 * `EntityIsArchivedError` for an archived currency or feature, `UnsupportedFeatureType` if the
 * feature that multiplies the amount is no NUMBER, `InvalidArgumentError` for an amount that is
 * missing or for custom values as `featureOfPackage`.
 */
export function creditOfPackage(
  input: CreditInput,
  { currency, dependency }: CreditObjects,
  context: MakeContext,
): CreditOfPackage {
  const { where } = context
  if (currency.archivedAt !== null) throw archived(where.at('id'), `${where}: the custom currency`)
  refuseDependency(dependency, where)
  return {
    type: 'CREDIT',
    ...commonOf(input, context),
    ...amountOf(input, where),
    currency: {
      key: currency.key,
      id: currency.id,
      displayName: currency.displayName,
      isArchived: false,
    },
    dependency: dependency && dependencyOf(dependency),
  }
}

export const dependencyOf = ({ key, id }: Feature) => ({ key, id, isArchived: false })

/** 400 unless credits may depend on the limit of a feature. */
export function refuseDependency(dependency: Feature | null, where: Field): void {
  const field = where.at('dependencyFeatureId')
  if (dependency?.status === 'SUSPENDED')
    throw archived(field, `${where}: the feature ${dependency.id}`)
  if (dependency !== null && dependency.featureType !== 'NUMBER')
    throw badInput(
      field,
      `${where}: dependencyFeatureId: a ${dependency.featureType} feature has no limit`,
      'UnsupportedFeatureType',
    )
}

/** Returns the amount under the rules of the package. 400 as `creditOfPackage`. */
export function amountOf(
  { amount, cadence, isSoft, isCustom, isGranted }: CreditInput,
  where: Field,
): Pick<CreditOfPackage, 'amount' | 'cadence' | 'isSoft'> {
  if (isCustom && amount !== null)
    throw impossible(
      where.at('amount'),
      `${where}: each subscription sets the amount of a custom entitlement; amount must be null`,
    )
  if (amount === null && isGranted && !isCustom)
    throw impossible(
      where.at('amount'),
      `${where}: amount is needed unless isCustom is true or isGranted is false`,
    )
  return { amount, cadence, isSoft }
}

/** Returns the fields of both kinds. 400 as `featureOfPackage`. */
function commonOf(input: CommonInput, { holder, key, order, now, where }: MakeContext) {
  const { behavior, isGranted, isCustom, displayNameOverride, description } = input
  refuseForHolder(input, holder, where)
  return {
    key,
    behavior,
    isGranted,
    isCustom,
    hiddenFromWidgets: widgetsOf(input.hiddenFromWidgets),
    order: input.order ?? order,
    displayNameOverride,
    description,
    createdAt: now,
    updatedAt: now,
  }
}

export const widgetsOf = (stated: CommonInput['hiddenFromWidgets']) =>
  WIDGETS.filter((each) => stated.includes(each))

/** 400 for what the type of the package or its pricing type excludes. */
export function refuseForHolder(
  { behavior, isCustom }: Pick<CommonInput, 'behavior' | 'isCustom'>,
  holder: Holder,
  where: Field,
): void {
  if (holder.type === 'Plan' && behavior === 'Override')
    throw badInput(
      where.at('behavior'),
      `${where}: only the entitlements of add-ons can override; behavior must be Increment`,
      'CannotAddOverrideEntitlementToPlan',
    )
  if (isCustom && holder.pricingType !== 'CUSTOM')
    throw impossible(
      where.at('isCustom'),
      `${where}: only a package with the pricing type CUSTOM has custom entitlements`,
    )
}

const refusedWith = (code: BadInputCode) => (field: Field, message: string) =>
  badInput(field, message, code)
const impossible = refusedWith('InvalidArgumentError')
const archived = (field: Field, what: string) =>
  badInput(field, `${what} is archived`, 'EntityIsArchivedError')
