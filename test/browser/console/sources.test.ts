import { test } from 'node:test'
import { openConsole, world } from './open-console.ts'

const publication = { body: { migrationType: 'NEW_CUSTOMERS' } } as const

test('an explanation leads to the plan, the add-on and the subscription behind it', async (t) => {
  const tenant = await world.tenant()
  const limit = (usageLimit: number) => ({
    body: { entitlements: [{ id: 'seats', type: 'FEATURE', usageLimit }] },
  })
  const terms = { productId: 'app', pricingType: 'PAID' } as const
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: 'Acme' } })
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'seats', displayName: 'Seats', featureType: 'NUMBER', meterType: 'FLUCTUATING' },
  })
  await tenant.ok('v1.products.createProduct', { body: { id: 'app', displayName: 'App' } })
  await tenant.ok('v1.addons.create', { body: { id: 'more', displayName: 'More', ...terms } })
  await tenant.ok('v1.addons.entitlements.create', { params: { addonId: 'more' }, ...limit(10) })
  await tenant.ok('v1.addons.publish', { params: { id: 'more' }, ...publication })
  await tenant.ok('v1.plans.create', { body: { id: 'basic', displayName: 'Basic', ...terms } })
  await tenant.ok('v1.plans.entitlements.create', { params: { planId: 'basic' }, ...limit(5) })
  await tenant.ok('v1.plans.publish', { params: { id: 'basic' }, ...publication })
  await tenant.ok('v1.plans.create', {
    body: { id: 'pro', displayName: 'Pro', parentPlanId: 'basic', ...terms },
  })
  await tenant.ok('v1.plans.update', {
    params: { id: 'pro' },
    body: { compatibleAddonIds: ['more'] },
  })
  await tenant.ok('v1.plans.publish', { params: { id: 'pro' }, ...publication })
  await tenant.ok('v1.subscriptions.provision', {
    body: { customerId: 'acme', planId: 'pro', id: 's', addons: [{ id: 'more', quantity: 2 }] },
  })
  const page = await openConsole(t, { tenant, path: '/explain?customer=acme&feature=seats' })
  const sources = page.getByRole('table', { name: 'Sources' })
  await sources
    .getByRole('row', { name: /^inherited from the plan basic version 1 .*5 s$/ })
    .waitFor()
  const addon = sources.getByRole('row', { name: /^add-on more version 1 × 2 .*20 s$/ })
  await addon.getByRole('link', { name: 'more' }).click()
  await page.getByRole('heading', { name: 'More', exact: true }).waitFor()
  await page.goBack()
  await addon.getByRole('link', { name: 's', exact: true }).click()
  await page.getByRole('heading', { name: 'Pro', exact: true }).waitFor()
  await tenant.ok('v1.subscriptions.update', {
    params: { id: 's' },
    body: { entitlements: [{ id: 'seats', type: 'FEATURE', usageLimit: 7 }] },
  })
  await page.goBack()
  await sources.getByRole('row', { name: /^override of the subscription s .*7 s$/ }).waitFor()
})
