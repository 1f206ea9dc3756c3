import type {
  PackageCreditEntitlement,
  PackageFeatureEntitlement,
  PackageEntitlement as WirePackageEntitlement,
} from '../../../api.gen.ts'
import { instantToWire } from '../../../kernel/clock.ts'
import { type Quantity, quantityToWire } from '../../../kernel/quantity.ts'
import type { InheritedEntitlement } from './inherit.ts'
import type { CreditOfPackage, FeatureOfPackage, PackageEntitlement } from './types.ts'

/** An entitlement with the plan that it is inherited from. */
export const inheritedToWire = ({ from, entitlement }: InheritedEntitlement) => ({
  ...entitlementToWire(entitlement),
  inheritedFrom: from,
})

export const entitlementToWire = (entitlement: PackageEntitlement): WirePackageEntitlement =>
  entitlement.type === 'FEATURE' ? featureToWire(entitlement) : creditToWire(entitlement)

function featureToWire(entitlement: FeatureOfPackage): PackageFeatureEntitlement {
  const { feature, allowance, reset } = entitlement
  return {
    id: feature.id,
    type: 'FEATURE',
    displayName: feature.displayName,
    usageLimit: amountToWire(allowance.limit),
    hasUnlimitedUsage: allowance.isUnlimited,
    hasSoftLimit: allowance.isSoft,
    enumValues: feature.featureType === 'ENUM' ? [...allowance.enumValues] : null,
    resetPeriod: reset?.period ?? null,
    resetPeriodConfiguration:
      reset === null || reset.accordingTo === null ? null : { accordingTo: reset.accordingTo },
    ...commonToWire(entitlement),
  }
}

function creditToWire(entitlement: CreditOfPackage): PackageCreditEntitlement {
  return {
    id: entitlement.currency.id,
    type: 'CREDIT',
    displayName: entitlement.currency.displayName,
    amount: amountToWire(entitlement.amount),
    cadence: entitlement.cadence,
    dependencyFeatureId: entitlement.dependency?.id ?? null,
    hasSoftLimit: entitlement.isSoft,
    ...commonToWire(entitlement),
  }
}

const commonToWire = (entitlement: PackageEntitlement) => ({
  behavior: entitlement.behavior,
  isGranted: entitlement.isGranted,
  isCustom: entitlement.isCustom,
  hiddenFromWidgets: [...entitlement.hiddenFromWidgets],
  order: quantityToWire(entitlement.order),
  displayNameOverride: entitlement.displayNameOverride,
  description: entitlement.description,
  createdAt: instantToWire(entitlement.createdAt),
  updatedAt: instantToWire(entitlement.updatedAt),
})

const amountToWire = (amount: Quantity | null): number | null =>
  amount === null ? null : quantityToWire(amount)
