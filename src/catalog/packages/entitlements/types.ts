import type { Instant } from '../../../kernel/clock.ts'
import type { Uuid } from '../../../kernel/ids.ts'
import type { Quantity } from '../../../kernel/quantity.ts'
import type { Allowance, BareFeature, GrantTerms, Reset } from '../../features/index.ts'

/** The pages of a vendor that can hide an entitlement. */
export const WIDGETS = ['PAYWALL', 'CUSTOMER_PORTAL', 'CHECKOUT'] as const
export type Widget = (typeof WIDGETS)[number]

/** The fields of every entitlement of a package. */
type Common = {
  /** The same in every version that has the entitlement. */
  key: Uuid
  /** Only add-ons override. */
  behavior: 'Increment' | 'Override'
  /** False: the package takes away what the plan or its parents give. */
  isGranted: boolean
  /** Whether each subscription fills in the amount. Only of CUSTOM packages. */
  isCustom: boolean
  /** Sorted as `WIDGETS`. */
  hiddenFromWidgets: readonly Widget[]
  /** For display only. Equal ones are in the order of creation. */
  order: Quantity
  displayNameOverride: string | null
  description: string | null
  createdAt: Instant
  updatedAt: Instant
}

export type FeatureOfPackage = Common & {
  type: 'FEATURE'
  feature: BareFeature
  allowance: Allowance
  reset: Reset | null
}

export type CreditOfPackage = Common & {
  type: 'CREDIT'
  currency: { key: Uuid; id: string; displayName: string; isArchived: boolean }
  /** Credits per cadence. Null if each subscription fills it in, or if nothing is granted. */
  amount: Quantity | null
  cadence: 'MONTH' | 'YEAR'
  /** Whether usage is granted after the credits are used up. */
  isSoft: boolean
  /** The feature whose limit multiplies the amount. */
  dependency: { key: Uuid; id: string; isArchived: boolean } | null
}

/** What a version of a package gives of a feature, or how many credits of a currency. */
export type PackageEntitlement = FeatureOfPackage | CreditOfPackage

/** The input that both kinds have. Null or absent: the default. */
export type CommonInput = {
  behavior: 'Increment' | 'Override'
  isGranted: boolean
  isCustom: boolean
  hiddenFromWidgets: readonly Widget[]
  /** Null: after all others. */
  order: Quantity | null
  displayNameOverride: string | null
  description: string | null
}

export type FeatureInput = CommonInput & GrantTerms & { type: 'FEATURE'; id: string }

export type CreditInput = CommonInput & {
  type: 'CREDIT'
  id: string
  amount: Quantity | null
  cadence: 'MONTH' | 'YEAR'
  isSoft: boolean
  dependencyFeatureId: string | null
}

export type EntitlementInput = FeatureInput | CreditInput

/** Fields that stay as they are if absent. */
type Changes<T> = { [K in keyof T]?: T[K] | undefined }

type CommonChange = Changes<Omit<CommonInput, 'order'>> & { order?: Quantity | undefined }

export type FeatureChange = CommonChange &
  Changes<Omit<GrantTerms, 'accordingTo'>> &
  Pick<GrantTerms, 'accordingTo'> & { type: 'FEATURE' }

export type CreditChange = CommonChange &
  Changes<Pick<CreditInput, 'amount' | 'cadence' | 'isSoft' | 'dependencyFeatureId'>> & {
    type: 'CREDIT'
  }

export type EntitlementChange = FeatureChange | CreditChange

/** What rules need to know of the package of an entitlement. */
export type Holder = {
  type: 'Plan' | 'Addon'
  pricingType: 'FREE' | 'PAID' | 'CUSTOM' | null
}

/** A plan or an add-on, as a path names it. */
export type PackagePath = { type: Holder['type']; id: string }
