import type { PromotionalEntitlementStatus } from '../api.gen.ts'
import type { Instant } from '../kernel/clock.ts'
import type { PromotionalEntitlement } from './types.ts'

/** The status of a grant in force: while its customer is archived it grants nothing. */
export const statusInForce = (isArchived: boolean): PromotionalEntitlementStatus =>
  isArchived ? 'Paused' : 'Active'

/** The status of a grant. Its time goes on while it is paused. */
export const statusOf = (
  { endsAt }: PromotionalEntitlement,
  { isArchived, now }: { isArchived: boolean; now: Instant },
): PromotionalEntitlementStatus =>
  endsAt !== null && endsAt <= now ? 'Expired' : statusInForce(isArchived)
