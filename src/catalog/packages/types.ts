import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Metadata, MetadataPatch } from '../../kernel/metadata.ts'

export type PackageType = 'Plan' | 'Addon'

export type PricingType = 'FREE' | 'PAID' | 'CUSTOM'

/** A plan or an add-on without its content. */
export type Package = {
  key: Uuid
  /** No other plan or add-on of the environment has it. */
  id: string
  type: PackageType
  productKey: Uuid
  /** The newest published version. Null before the first. */
  latestVersion: number | null
  /** The version that can be changed. At most one: the number after the latest. */
  draftVersion: number | null
  createdAt: Instant
  updatedAt: Instant
  archivedAt: Instant | null
  /** Whether the archive of its product archived it. Unarchiving the product restores it. */
  isArchivedWithProduct: boolean
}

/** The content of a package under one number. It never changes once it is published. */
export type PackageVersion = {
  packageKey: Uuid
  version: number
  displayName: string
  description: string | null
  billingId: string | null
  /** Null until it is set. */
  pricingType: PricingType | null
  /** The plan that it inherits from. */
  parentKey: Uuid | null
  /** Null and the empty list both mean none. */
  compatibleAddonKeys: readonly Uuid[] | null
  defaultTrial: DefaultTrial | null
  /** The most of an add-on in one subscription. Null is unlimited. */
  maxQuantity: number | null
  /** Add-ons that must be in the same subscription. */
  dependencyKeys: readonly Uuid[]
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
  budget: { hasSoftLimit: boolean; limit: number } | null
}

/** Fields of a new package in a request, besides its id and its product. */
export type NewPackageInput = {
  displayName: string
  description: string | null
  billingId: string | null
  pricingType: PricingType | null
  parentKey: Uuid | null
  defaultTrial: DefaultTrial | null
  maxQuantity: number | null
  metadata: MetadataPatch | undefined
}
