import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../../../kernel/clock.ts'
import { badInput } from '../../../kernel/errors.ts'
import type { Field } from '../../../kernel/field.ts'
import { sent } from '../../../kernel/patch.ts'
import { type Feature, limitAfter, resetAfter } from '../../features/index.ts'
import {
  amountOf,
  dependencyOf,
  refuseDependency,
  refuseForHolder,
  termsOf,
  widgetsOf,
} from './make-entitlement.ts'
import type {
  CreditChange,
  CreditOfPackage,
  EntitlementChange,
  FeatureChange,
  FeatureOfPackage,
  Holder,
  PackageEntitlement,
} from './types.ts'

export type ChangeContext = { holder: Holder; now: Instant; where: Field }

/**
 * Returns what a draft gives of a feature after a change, or the same object if nothing differs. A
 * limit, `isUnlimited` and `isCustom` exclude each other: what is sent ends the others. 400 as
 * `featureOfPackage`, but the feature may be archived.
 */
export function changeFeatureOfPackage(
  before: FeatureOfPackage,
  change: FeatureChange,
  { feature, ...context }: ChangeContext & { feature: Feature },
): FeatureOfPackage {
  const { allowance } = before
  const common = commonAfter(before, change, {
    ...context,
    setsAmount: change.limit != null || change.isUnlimited === true,
  })
  const input = {
    ...common,
    type: 'FEATURE' as const,
    id: feature.id,
    ...(change.isCustom === true
      ? { limit: change.limit ?? null, isUnlimited: change.isUnlimited ?? false }
      : limitAfter(allowance, change)),
    isSoft: sent(change.isSoft, allowance.isSoft),
    enumValues: sent(change.enumValues, allowance.enumValues),
    ...resetAfter(before.reset, change),
  }
  return changed(before, { ...before, ...common, ...termsOf(input, feature, context) }, context)
}

/**
 * Returns the credits of a draft after a change, or the same object if nothing differs.
 * `dependency` is the feature that the change names, or null. An amount and `isCustom` exclude
 * each other: what is sent ends the other. 400 as `creditOfPackage`, but the currency may be
 * archived.
 */
export function changeCreditOfPackage(
  before: CreditOfPackage,
  change: CreditChange,
  { dependency, ...context }: ChangeContext & { dependency: Feature | null },
): CreditOfPackage {
  refuseDependency(dependency, context.where)
  const setsAmount = change.amount != null
  const common = commonAfter(before, change, { ...context, setsAmount })
  const kept = change.isCustom === true ? null : before.amount
  const input = {
    ...common,
    type: 'CREDIT' as const,
    id: before.currency.id,
    amount: sent(change.amount, kept),
    cadence: sent(change.cadence, before.cadence),
    isSoft: sent(change.isSoft, before.isSoft),
    dependencyFeatureId: null,
  }
  const after = {
    ...before,
    ...common,
    ...amountOf(input, context.where),
    dependency:
      change.dependencyFeatureId === undefined
        ? before.dependency
        : dependency && dependencyOf(dependency),
  }
  return changed(before, after, context)
}

/**
 * Returns an entitlement after a list has stated it anew, or the same object if nothing differs.
 */
export const replacedBy = (before: PackageEntitlement, stated: PackageEntitlement) =>
  changed(
    before,
    {
      ...stated,
      // As it was read: `stated` has more fields of the feature, so the two would always differ.
      ...(before.type === 'FEATURE' ? { feature: before.feature } : {}),
      key: before.key,
      createdAt: before.createdAt,
      updatedAt: before.updatedAt,
    } as PackageEntitlement,
    { now: stated.updatedAt },
  )

/** The 400 for a change that says another type than that of the entitlement. */
export const otherType = ({ type }: PackageEntitlement, where: Field) =>
  badInput(where.at('type'), `${where}: the type of the entitlement is ${type}`)

function commonAfter(
  before: PackageEntitlement,
  change: EntitlementChange,
  { holder, where, setsAmount }: ChangeContext & { setsAmount: boolean },
) {
  const after = {
    behavior: sent(change.behavior, before.behavior),
    isGranted: sent(change.isGranted, before.isGranted),
    isCustom: sent(change.isCustom, setsAmount ? false : before.isCustom),
    hiddenFromWidgets: widgetsOf(sent(change.hiddenFromWidgets, before.hiddenFromWidgets)),
    order: sent(change.order, before.order),
    displayNameOverride: sent(change.displayNameOverride, before.displayNameOverride),
    description: sent(change.description, before.description),
  }
  refuseForHolder(after, holder, where)
  return after
}

const changed = <T extends PackageEntitlement>(
  before: T,
  after: T,
  { now }: Pick<ChangeContext, 'now'>,
): T => (isDeepStrictEqual(before, after) ? before : { ...after, updatedAt: now })
