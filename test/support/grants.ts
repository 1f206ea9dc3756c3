import type { PromotionalEntitlementInput } from '../../src/api.gen.ts'
import { NO_TERMS } from '../../src/cli/demo/put-grant.ts'
import type { Tenant } from './world.ts'

/**
 * Returns a grant of a feature that needs no value, for its lifetime. Requests must have all
 * fields.
 */
export const grantItem = (
  featureId: string,
  parts: Partial<PromotionalEntitlementInput> = {},
): PromotionalEntitlementInput => ({
  featureId,
  period: 'lifetime',
  ...NO_TERMS,
  ...parts,
})

/** One feature of each kind. Its id is its kind. */
const FEATURES = [
  { id: 'sso', featureType: 'BOOLEAN' },
  {
    id: 'region',
    featureType: 'ENUM',
    enumConfiguration: ['eu', 'us', 'a,b'].map((value) => ({ value, displayName: value })),
  },
  { id: 'retention', featureType: 'NUMBER' },
  { id: 'seats', featureType: 'NUMBER', meterType: 'FLUCTUATING' },
  { id: 'calls', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
] as const

/** Creates the customer `acme` and `FEATURES`. */
export async function furnishFeatures(tenant: Tenant): Promise<void> {
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' } })
  for (const feature of FEATURES)
    await tenant.ok('v1.features.createFeature', {
      body: { displayName: feature.id, ...feature },
    })
}

export const acme = { params: { id: 'acme' } }

/** Grants features to a customer. */
export const grantTo = (
  tenant: Tenant,
  items: readonly PromotionalEntitlementInput[],
  customerId = 'acme',
) =>
  tenant.ok('v1.customers.promotionalEntitlements.create', {
    params: { id: customerId },
    body: { promotionalEntitlements: items },
  })
