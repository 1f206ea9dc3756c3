import type { PromotionalEntitlementStatus } from '../api.gen.ts'
import type { Instant } from '../kernel/clock.ts'
import type { PromotionalEntitlement } from './types.ts'

/**
 * Returns the status of a promotional entitlement in force. It is paused while the customer is
 * archived.
 */
export const statusInForce = (isArchived: boolean): PromotionalEntitlementStatus =>
  isArchived ? 'Paused' : 'Active'

/** Returns the status of a promotional entitlement. It also expires while it is paused. */
export const statusOf = (
  { endsAt }: PromotionalEntitlement,
  { isArchived, now }: { isArchived: boolean; now: Instant },
): PromotionalEntitlementStatus =>
  endsAt !== null && endsAt <= now ? 'Expired' : statusInForce(isArchived)
