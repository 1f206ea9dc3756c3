import assert from 'node:assert/strict'
import { addMetered, type MeteredFeature } from './furnish.ts'
import { grantItem, grantTo } from './grants.ts'
import type { Tenant, World } from './world.ts'

/** How a feature differs from an INCREMENTAL one without a meter, and how it is granted. */
export type FeatureOptions = MeteredFeature & {
  resetPeriod?: 'YEAR' | 'MONTH' | 'WEEK' | 'DAY' | 'HOUR' | null
  /** Whether the feature is granted to the customers. Default: true. */
  isHeld?: boolean
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
  for (const [id, options] of Object.entries(features)) await addMetered(tenant, id, options)
  for (const id of customerIds) {
    await tenant.ok('v1.customers.provision', { body: { id } })
    for (const [featureId, options] of Object.entries(features))
      if (options.isHeld !== false) await grantTo(tenant, [itemOf(featureId, options)], id)
  }
  return { tenant, ...waysOf(tenant) }
}

/** A grant of 1000 units, per period if there is one. */
const itemOf = (featureId: string, { resetPeriod = null }: FeatureOptions) =>
  grantItem(featureId, {
    usageLimit: 1000,
    resetPeriod,
    ...(resetPeriod === 'MONTH' && {
      monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
    }),
  })

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
