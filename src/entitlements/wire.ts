import type {
  CreditEntitlement,
  CustomerEntitlements,
  EntitlementFeature,
  FeatureEntitlement,
} from '../api.gen.ts'
import type { Currency } from '../catalog/currencies/index.ts'
import { type BareFeature, transformUnits } from '../catalog/features/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { type Quantity, quantityToWire } from '../kernel/quantity.ts'
import type { ListDenialReason } from './decide.ts'
import type { CreditEvaluation, Evaluation } from './evaluate.ts'
import type { Allowance, Decision } from './types.ts'

export const featureOfEntitlementToWire = (feature: BareFeature): EntitlementFeature => ({
  id: feature.id,
  displayName: feature.displayName,
  featureStatus: feature.status,
  featureType: feature.featureType,
})

export const limitToWire = (limit: Quantity | null): number | null =>
  limit === null ? null : quantityToWire(limit)

/** null unless the feature is an ENUM. */
export const valuesToWire = (
  { enumValues }: Allowance,
  { featureType }: BareFeature,
): string[] | null => (featureType === 'ENUM' ? [...enumValues] : null)

/**
 * Limits and usage are part of the response only with an entitlement, and the period only if usage
 * is reset.
 */
export function featureEntitlementToWire(
  evaluated: Pick<Evaluation, 'featureState' | 'period' | 'validUntil'> & {
    decision: Pick<Decision, 'isGranted' | 'accessDeniedReason'>
  },
): FeatureEntitlement {
  const { decision, featureState, period, validUntil } = evaluated
  const effective = featureState?.resolution.effective ?? null
  return {
    type: 'FEATURE',
    isGranted: decision.isGranted,
    accessDeniedReason: decision.accessDeniedReason,
    ...(featureState === null ? {} : { feature: featureOfEntitlementToWire(featureState.feature) }),
    ...(featureState === null || effective === null
      ? {}
      : {
          usageLimit: effective.isUnlimited ? null : limitToWire(effective.limit),
          hasUnlimitedUsage: effective.isUnlimited,
          currentUsage: usageToWire(featureState.used.usage, featureState.feature),
          resetPeriod: effective.reset?.period ?? null,
          entitlementUpdatedAt: instantToWire(effective.updatedAt),
        }),
    ...(period === null
      ? {}
      : {
          usagePeriodAnchor: instantToWire(period.anchor),
          usagePeriodStart: instantToWire(period.window.start),
          usagePeriodEnd: instantToWire(period.window.end),
        }),
    ...(validUntil === null ? {} : { validUntil: instantToWire(validUntil) }),
  }
}

/** In the units of the limit, never below 0. */
function usageToWire(usage: Quantity, { unitTransformation }: BareFeature): number {
  const units = transformUnits(usage, unitTransformation)
  return units < 0n ? 0 : quantityToWire(units)
}

/** Credits do not exist yet, so nothing was granted or spent. */
export const creditEntitlementToWire = ({
  currency,
  decision,
  validUntil,
}: CreditEvaluation & { validUntil: Instant | null }): CreditEntitlement => ({
  type: 'CREDIT',
  isGranted: decision.isGranted,
  accessDeniedReason: decision.accessDeniedReason,
  currency: currencyToWire(currency),
  usageLimit: 0,
  currentUsage: 0,
  usageUpdatedAt: instantToWire(currency.createdAt),
  ...(validUntil === null ? {} : { validUntil: instantToWire(validUntil) }),
})

const currencyToWire = (currency: Currency): CreditEntitlement['currency'] => ({
  currencyId: currency.id,
  displayName: currency.displayName,
  description: currency.description,
  metadata: { ...currency.metadata },
  unitSingular: currency.units?.singular ?? null,
  unitPlural: currency.units?.plural ?? null,
})

type EntitlementList = {
  accessDeniedReason: ListDenialReason | null
  entitlements: readonly Evaluation[]
}

export const entitlementsToWire = (listed: EntitlementList): CustomerEntitlements => ({
  accessDeniedReason: listed.accessDeniedReason,
  entitlements: listed.entitlements.map(featureEntitlementToWire),
})
