import type { Tenant } from '../support/world.ts'
import { portraitOfAccess } from './access-calls.ts'
import { path } from './calls.ts'

/** Returns everything that an environment shows to callers, and all its events, as one text. */
export async function portrait(tenant: Tenant): Promise<string> {
  const query = { includeArchived: 'true' }
  return JSON.stringify([
    await tenant.ok('v1.customers.list'),
    (await tenant.call('v1.customers.retrieve', { params: path })).text,
    (await tenant.call('v1.customers.integrations.list', { params: path })).text,
    await tenant.ok('v1Beta.entityTypes.list', { query }),
    (await tenant.call('v1Beta.customers.entities.list', { params: path, query })).text,
    (await tenant.call('v1.customers.promotionalEntitlements.list', { params: path })).text,
    await tenant.ok('v1.customers.retrieveEntitlements', { params: path }),
    (await tenant.call('v1.customers.reservations.list', { params: path })).text,
    await tenant.ok('v1.features.listFeatures'),
    await tenant.ok('v1.credits.customCurrencies.list', { query: { status: 'ACTIVE,ARCHIVED' } }),
    await tenant.ok('v1.products.listProducts'),
    await tenant.ok('v1.plans.list'),
    await tenant.ok('v1.addons.list'),
    await tenant.ok('v1.catalog.retrieve'),
    await tenant.ok('v1.subscriptions.list'),
    await tenant.ok('v1.tasks.list'),
    (await tenant.call('v1.plans.entitlements.list', { params: { planId: 'team' } })).text,
    (await tenant.call('v1.addons.entitlements.list', { params: { addonId: 'more-seats' } })).text,
    (await tenant.call('v1Beta.customers.assignments.list', { params: path })).text,
    await tenant.ok('v1.events.beta.customers.retrieveGovernance', { params: path }),
    await tenant.ok('v1Beta.governance.retrieveThresholdConfig'),
    await tenant.ok('v1.environment.settings.retrieve'),
    await tenant.ok('v1.decisions.list'),
    await portraitOfAccess(tenant),
    await tenant.announced(),
  ])
}
