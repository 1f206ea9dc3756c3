import type { PromotionalEntitlement as WirePromotionalEntitlement } from '../api.gen.ts'
import { featureOfEntitlementToWire, limitToWire, valuesToWire } from '../entitlements/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import { statusOf } from './status.ts'
import type { PromotionalEntitlement } from './types.ts'

/** In the published response form `featureId` is the key of the feature; `feature.id` is its id. */
export const promotionalToWire = (
  promotional: PromotionalEntitlement,
  of: { scope: Scope; isArchived: boolean; now: Instant },
): WirePromotionalEntitlement => {
  const { feature, allowance, reset } = promotional
  return {
    id: promotional.key,
    featureId: feature.key,
    feature: featureOfEntitlementToWire(feature),
    environmentId: of.scope.environmentKey,
    status: statusOf(promotional, of),
    description: feature.description,
    period: promotional.period,
    startDate: instantToWire(promotional.startsAt),
    endDate: promotional.endsAt === null ? null : instantToWire(promotional.endsAt),
    usageLimit: limitToWire(allowance.limit),
    hasUnlimitedUsage: allowance.isUnlimited,
    hasSoftLimit: allowance.isSoft,
    enumValues: valuesToWire(allowance, feature),
    isVisible: promotional.isVisible,
    resetPeriod: reset?.period ?? null,
    resetPeriodConfiguration:
      reset === null || reset.accordingTo === null ? null : { accordingTo: reset.accordingTo },
    featureGroupIds: null,
    createdAt: instantToWire(promotional.createdAt),
    updatedAt: instantToWire(promotional.updatedAt),
  }
}
