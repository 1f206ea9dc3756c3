import type { EntitlementAllowance, EntitlementSource, PastEntitlement } from '../api.gen.ts'
import type { BareFeature } from '../catalog/features/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { FeatureState } from './feature-state.ts'
import type { Allowance, Part } from './types.ts'
import { usagePeriod } from './usage-period.ts'
import { featureOfEntitlementToWire, limitToWire, valuesToWire } from './wire.ts'

/** Returns all sources that were considered for a feature. */
export const sourcesToWire = ({
  feature,
  resolution,
}: Pick<FeatureState, 'feature' | 'resolution'>): EntitlementSource[] =>
  resolution.parts.map((part) => sourceToWire(part, feature))

const sourceToWire = (
  { source, contributes, wins }: Part,
  feature: BareFeature,
): EntitlementSource => ({
  kind: source.kind,
  id: source.id,
  version: source.version,
  quantity: source.quantity,
  subscriptionId: source.subscription?.id ?? null,
  behavior: source.behavior,
  contributes: contributes && allowanceToWire(contributes, feature),
  wins,
})

const allowanceToWire = (allowance: Allowance, feature: BareFeature): EntitlementAllowance => ({
  usageLimit: limitToWire(allowance.limit),
  hasUnlimitedUsage: allowance.isUnlimited,
  hasSoftLimit: allowance.isSoft,
  enumValues: valuesToWire(allowance, feature),
})

/** Returns what a customer held of a feature at an instant. */
export function pastEntitlementToWire(
  held: Pick<FeatureState, 'feature' | 'resolution'>,
  at: Instant,
): PastEntitlement {
  const { feature, resolution } = held
  const { effective, isRevoked } = resolution
  const period = effective && usagePeriod(effective, at)
  return {
    feature: featureOfEntitlementToWire(feature),
    isRevoked,
    ...allowanceToWire(effective ?? NOTHING, feature),
    ...(effective?.isUnlimited ? { usageLimit: null } : {}),
    resetPeriod: effective?.reset?.period ?? null,
    usagePeriodStart: period && instantToWire(period.window.start),
    usagePeriodEnd: period && instantToWire(period.window.end),
    entitlementUpdatedAt: effective && instantToWire(effective.updatedAt),
    sources: sourcesToWire(held),
  }
}

const NOTHING: Allowance = { limit: null, isUnlimited: false, isSoft: false, enumValues: [] }
