import type { PromotionalEntitlement as WirePromotionalEntitlement } from '../api.gen.ts'
import { featureOfEntitlementToWire, limitToWire, valuesToWire } from '../entitlements/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import { statusOf } from './status.ts'
import type { PromotionalEntitlement } from './types.ts'

/** `featureId` is a key, as the published form of the answer has it; `feature.id` is the id. */
export const promotionalToWire = (
  grant: PromotionalEntitlement,
  of: { scope: Scope; isArchived: boolean; now: Instant },
): WirePromotionalEntitlement => {
  const { feature, allowance, reset } = grant
  return {
    id: grant.key,
    featureId: feature.key,
    feature: featureOfEntitlementToWire(feature),
    environmentId: of.scope.environmentKey,
    status: statusOf(grant, of),
    description: feature.description,
    period: grant.period,
    startDate: instantToWire(grant.startsAt),
    endDate: grant.endsAt === null ? null : instantToWire(grant.endsAt),
    usageLimit: limitToWire(allowance.limit),
    hasUnlimitedUsage: allowance.isUnlimited,
    hasSoftLimit: allowance.isSoft,
    enumValues: valuesToWire(allowance, feature),
    isVisible: grant.isVisible,
    resetPeriod: reset?.period ?? null,
    resetPeriodConfiguration:
      reset === null || reset.accordingTo === null ? null : { accordingTo: reset.accordingTo },
    featureGroupIds: null,
    createdAt: instantToWire(grant.createdAt),
    updatedAt: instantToWire(grant.updatedAt),
  }
}
