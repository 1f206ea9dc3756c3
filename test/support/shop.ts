import assert from 'node:assert/strict'
import type { Tenant, World } from './world.ts'

/** How a feature differs from an INCREMENTAL one without a meter. */
export type FeatureOptions = {
  meterType?: 'INCREMENTAL' | 'FLUCTUATING'
  meter?: object
  unitTransformation?: object
  resetPeriod?: 'YEAR' | 'MONTH' | 'WEEK' | 'DAY' | 'HOUR' | null
  /** Whether the feature is granted to the customers. Default: true. */
  isHeld?: boolean
}

const NO_RESET = {
  resetPeriod: null,
  yearlyResetPeriodConfiguration: null,
  monthlyResetPeriodConfiguration: null,
  weeklyResetPeriodConfiguration: null,
}

/**
 * Creates an environment with customers to whom features are granted. Also returns functions that
 * report and read usage.
 */
export async function openShop(
  world: World,
  features: Readonly<Record<string, FeatureOptions>>,
  customerIds: readonly string[] = ['acme'],
) {
  const tenant = await world.tenant()
  for (const [id, options] of Object.entries(features)) await addFeature(tenant, id, options)
  for (const id of customerIds) {
    await tenant.ok('v1.customers.provision', { body: { id } })
    for (const [featureId, options] of Object.entries(features))
      if (options.isHeld !== false) await grant(tenant, id, featureId, options)
  }
  return { tenant, ...waysOf(tenant) }
}

async function addFeature(tenant: Tenant, id: string, options: FeatureOptions) {
  const { meterType = 'INCREMENTAL', meter, unitTransformation } = options
  await tenant.ok('v1.features.createFeature', {
    body: { id, displayName: id, featureType: 'NUMBER', meterType },
  })
  if (meter !== undefined || unitTransformation !== undefined)
    await tenant.ok('v1.features.updateFeature', {
      params: { id },
      body: { ...(meter && { meter }), ...(unitTransformation && { unitTransformation }) },
    })
}

async function grant(
  tenant: Tenant,
  customerId: string,
  featureId: string,
  { resetPeriod = null }: FeatureOptions = {},
) {
  const anchored = resetPeriod === 'MONTH'
  await tenant.ok('v1.customers.promotionalEntitlements.create', {
    params: { id: customerId },
    body: {
      promotionalEntitlements: [
        {
          featureId,
          period: 'lifetime',
          customEndDate: null,
          usageLimit: 1000,
          hasUnlimitedUsage: null,
          hasSoftLimit: null,
          enumValues: null,
          isVisible: null,
          ...NO_RESET,
          resetPeriod,
          ...(anchored && {
            monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
          }),
        },
      ],
    },
  })
}

const waysOf = (tenant: Tenant) => ({
  report: async (usages: readonly object[], headers: Record<string, string> = {}) =>
    (
      await tenant.ok('v1.usage.report', {
        body: { usages: usages.map((usage) => ({ customerId: 'acme', ...usage })) },
        headers,
      })
    ).data,
  ingest: (events: readonly object[]) =>
    tenant.ok('v1.events.report', {
      body: { events: events.map((event) => ({ customerId: 'acme', ...event })) },
    }),
  /** Returns the usage that a check shows. */
  usage: async (featureId: string, customerId = 'acme') => {
    const { data } = await tenant.ok('v1.customers.checkEntitlement', {
      params: { id: customerId },
      query: { featureId },
    })
    assert.ok(data.type === 'FEATURE')
    return data.currentUsage
  },
})
