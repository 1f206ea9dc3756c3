import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Metadata, MetadataPatch } from '../../kernel/metadata.ts'
import type { Quantity } from '../../kernel/quantity.ts'

export type PackageType = 'Plan' | 'Addon'

export type PackageStatus = 'DRAFT' | 'PUBLISHED' | 'ARCHIVED'

export type PricingType = 'FREE' | 'PAID' | 'CUSTOM'

/** An object that another one names. Neither part ever changes. */
export type Reference = { key: Uuid; id: string }

/** What a package entitlement is of: a feature or a currency. A version has at most one of each. */
export type Target = { type: 'FEATURE' | 'CREDIT'; id: string }

/** A plan or an add-on without its content. */
export type Package = {
  key: Uuid
  /** No other plan or add-on of the environment has it. */
  id: string
  type: PackageType
  product: Reference
  /** The newest published version. Null before the first. */
  latestVersion: number | null
  /** The version that can be changed. At most one: the number after the latest. */
  draftVersion: number | null
  createdAt: Instant
  updatedAt: Instant
  archivedAt: Instant | null
  /** Whether it was archived with its product. Unarchiving the product then restores it. */
  isArchivedWithProduct: boolean
}

/** The content of a package under one number. It never changes once it is published. */
export type PackageVersion = {
  /** The place of the version in lists. */
  key: Uuid
  version: number
  displayName: string
  description: string | null
  billingId: string | null
  /** Null until it is set. */
  pricingType: PricingType | null
  /** The plan that it inherits from. */
  parent: Reference | null
  /** Null and the empty list both mean none. */
  compatibleAddons: readonly Reference[] | null
  defaultTrial: DefaultTrial | null
  /** The highest quantity of an add-on in one subscription. Null is unlimited. */
  maxQuantity: number | null
  /** Add-ons that must be in the same subscription. */
  dependencies: readonly Reference[]
  /** Those of the version itself, not of its parents, in their order. */
  entitlements: readonly Target[]
  metadata: Metadata
  createdAt: Instant
  updatedAt: Instant
  /** Null for a draft. */
  publishedAt: Instant | null
}

export type DefaultTrial = {
  duration: number
  units: 'DAY' | 'MONTH'
  trialEndBehavior: 'CONVERT_TO_PAID' | 'CANCEL_SUBSCRIPTION' | null
  /** An amount of money. */
  budget: { hasSoftLimit: boolean; limit: Quantity } | null
}

/** A version of a package. */
export type VersionKey = { packageKey: Uuid; version: number }

/** A package with the version that an operation shows or changes. */
export type PackageAtVersion = Package & { content: PackageVersion }

/** Fields of a new package in a request, besides its id and its product. */
export type NewPackageInput = {
  status: PackageStatus | undefined
  displayName: string
  description: string | null
  billingId: string | null
  pricingType: PricingType | null
  parentId: string | null
  defaultTrial: DefaultTrial | null
  maxQuantity: number | null
  metadata: MetadataPatch | undefined
}

/** Changes of a draft in a request. Absent fields are kept, null clears, metadata is merged. */
export type PackageInput = {
  status?: PackageStatus | undefined
  displayName?: string | undefined
  description?: string | null | undefined
  billingId?: string | null | undefined
  parentId?: string | null | undefined
  compatibleAddonIds?: readonly string[] | null | undefined
  defaultTrial?: DefaultTrial | null | undefined
  maxQuantity?: number | null | undefined
  dependencyIds?: readonly string[] | null | undefined
  metadata?: MetadataPatch | undefined
  /** Prices are not served yet. */
  hasCharges: boolean
}
