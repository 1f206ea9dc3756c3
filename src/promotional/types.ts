import type { PromotionalEntitlementPeriod, ResetPeriod } from '../api.gen.ts'
import type { Allowance, BareFeature, GrantTerms, Reset } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Quantity } from '../kernel/quantity.ts'

/** A feature given to one customer for some time, outside of any subscription. */
export type PromotionalEntitlement = {
  key: Uuid
  /** Grows with each change. Earlier revisions are kept for reads of the past. */
  revision: number
  feature: BareFeature
  period: PromotionalEntitlementPeriod
  allowance: Allowance
  reset: Reset | null
  /** Whether the vendor's own pages should show it. */
  isVisible: boolean
  /** The start, and the anchor of its usage periods. */
  startsAt: Instant
  /** The start of this revision. */
  since: Instant
  /** Exclusive. null: no end. */
  endsAt: Instant | null
  createdAt: Instant
  updatedAt: Instant
}

/** The input for a new promotional entitlement; null if not sent. */
export type PromotionalInput = GrantTerms & {
  featureId: string
  period: PromotionalEntitlementPeriod
  customEndDate: Instant | null
  isVisible: boolean
}

/** The input for a change. Absent fields stay as they are. */
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
