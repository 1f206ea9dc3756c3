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
import type { EvaluatedCredit, Evaluation } from './evaluate.ts'
import type { Entitlements } from './list-entitlements.ts'
import type { Allowance, Decision } from './types.ts'

export const featureOfEntitlementToWire = (feature: BareFeature): EntitlementFeature => ({
  id: feature.id,
  displayName: feature.displayName,
  featureStatus: feature.status,
  featureType: feature.featureType,
})

export const limitToWire = (limit: Quantity | null): number | null =>
  limit === null ? null : quantityToWire(limit)

/** Only an ENUM has values. */
export const valuesToWire = (
  { enumValues }: Allowance,
  { featureType }: BareFeature,
): string[] | null => (featureType === 'ENUM' ? [...enumValues] : null)

/** Limits and usage are shown if there is an entitlement, and a period if usage is reset. */
export function featureEntitlementToWire(
  evaluated: Pick<Evaluation, 'holding' | 'period' | 'validUntil'> & {
    decision: Pick<Decision, 'isGranted' | 'accessDeniedReason'>
  },
): FeatureEntitlement {
  const { decision, holding, period, validUntil } = evaluated
  const held = holding?.resolution.held ?? null
  return {
    type: 'FEATURE',
    isGranted: decision.isGranted,
    accessDeniedReason: decision.accessDeniedReason,
    ...(holding === null ? {} : { feature: featureOfEntitlementToWire(holding.feature) }),
    ...(holding === null || held === null
      ? {}
      : {
          usageLimit: held.isUnlimited ? null : limitToWire(held.limit),
          hasUnlimitedUsage: held.isUnlimited,
          currentUsage: usageToWire(holding.used.usage, holding.feature),
          resetPeriod: held.reset?.period ?? null,
          entitlementUpdatedAt: instantToWire(held.updatedAt),
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

/** In units, and never below 0. */
function usageToWire(usage: Quantity, { unitTransformation }: BareFeature): number {
  const units = transformUnits(usage, unitTransformation)
  return units < 0n ? 0 : quantityToWire(units)
}

/** As long as nobody has a wallet, nothing was ever granted or spent. */
export const creditEntitlementToWire = ({
  currency,
  decision,
  validUntil,
}: EvaluatedCredit & { validUntil: Instant | null }): CreditEntitlement => ({
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

export const entitlementsToWire = (listed: Entitlements): CustomerEntitlements => ({
  accessDeniedReason: listed.accessDeniedReason,
  entitlements: listed.entitlements.map(featureEntitlementToWire),
})
