import type { PromotionalEntitlementPeriod, ResetAnchor, ResetPeriod } from '../api.gen.ts'
import type { BareFeature } from '../catalog/features/index.ts'
import type { Allowance, Reset } from '../entitlements/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Quantity } from '../kernel/quantity.ts'

/** A feature granted to a customer for a while, outside of any subscription. */
export type PromotionalEntitlement = {
  key: Uuid
  /** Grows with each change; the ones before are kept, so that the past can be read. */
  revision: number
  feature: BareFeature
  period: PromotionalEntitlementPeriod
  allowance: Allowance
  reset: Reset | null
  /** Whether the vendor's own pages should show it. */
  isVisible: boolean
  /** The beginning of the grant, and the anchor of its usage. */
  startsAt: Instant
  /** From when this revision holds. */
  since: Instant
  /** Exclusive; null for ever. */
  endsAt: Instant | null
  createdAt: Instant
  updatedAt: Instant
}

/** What a request says of a promotional entitlement to grant; null where it says nothing. */
export type PromotionalInput = {
  featureId: string
  period: PromotionalEntitlementPeriod
  customEndDate: Instant | null
  limit: Quantity | null
  isUnlimited: boolean
  isSoft: boolean
  enumValues: readonly string[]
  isVisible: boolean
  resetPeriod: ResetPeriod | null
  /** What is sent for each period, whether or not it is the one. */
  accordingTo: { YEAR: ResetAnchor | null; MONTH: ResetAnchor | null; WEEK: ResetAnchor | null }
}

/** What a request says of a grant to change: what is absent stays. */
export type PromotionalChange = {
  period?: PromotionalEntitlementPeriod | undefined
  customEndDate?: Instant | null | undefined
  limit?: Quantity | null | undefined
  isUnlimited?: boolean | undefined
  isSoft?: boolean | undefined
  enumValues?: readonly string[] | undefined
  isVisible?: boolean | undefined
  resetPeriod?: ResetPeriod | null | undefined
  /** null: nothing was sent for the period. */
  accordingTo: PromotionalInput['accordingTo']
}
