import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { openWorld } from '../../test/support/world.ts'

const START = '2026-05-18T00:00:00Z'
const LATER = '2026-07-01T00:00:00Z'
const world = await openWorld()
const to = subscriptionsIn(world)
const { tenant, provision, cancel } = to

/** Returns an environment in which the plan `basic` and the add-on `more` give calls. */
async function fresh() {
  world.clock.moveTo(Date.parse(START))
  await to.open()
  const calls = [{ id: 'calls', type: 'FEATURE', usageLimit: 10 }]
  for (const [kind, id, param] of [
    ['plans', 'basic', 'planId'],
    ['addons', 'more', 'addonId'],
  ] as const) {
    await tenant().ok(`v1.${kind}.createDraft`, { params: { id } })
    await tenant().ok(`v1.${kind}.entitlements.create`, {
      params: { [param]: id },
      body: { entitlements: calls },
    })
    await tenant().ok(`v1.${kind}.publish`, {
      params: { id },
      body: { migrationType: 'NEW_CUSTOMERS' },
    })
  }
}

const transform = (divide: number) => ({
  params: { id: 'calls' },
  body: { unitTransformation: { divide } },
})
const code = 'CannotUpdateUnitTransformationError'

const own = [{ id: 'calls', type: 'FEATURE' as const, usageLimit: 5 }]

/** Subscriptions that give calls. */
const GIVING: Record<string, Omit<Parameters<typeof provision>[0], 'id'>> = {
  'a plan': { planId: 'basic' },
  'the parent of a plan': { planId: 'pro' },
  'an add-on': { planId: 'pro', addons: [{ id: 'more', quantity: 1 }] },
  'a subscription itself': { planId: 'other', entitlements: own },
  'a trial': { planId: 'tried', entitlements: own },
  'a subscription that is to start': { planId: 'other', entitlements: own, startDate: LATER },
}

for (const [what, body] of Object.entries(GIVING))
  test(`while ${what} gives a feature, its units cannot change`, async () => {
    await fresh()
    await provision({ id: 'a', ...body })
    const before = await tenant().announced()
    const refusal = { status: 400, code, message: /^unitTransformation: / }
    await tenant().refused('v1.features.updateFeature', transform(10), refusal)
    assert.deepEqual(await tenant().announced(), before)
    const renamed = { params: { id: 'calls' }, body: { displayName: 'C' } }
    await tenant().ok('v1.features.updateFeature', renamed)
    await cancel('a')
    await tenant().ok('v1.features.updateFeature', transform(10))
  })

test('the units of a feature that no subscription gives can change', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'other' })
  await provision({ id: 'b', planId: 'site', resourceId: 'eu' })
  await tenant().ok('v1.features.updateFeature', transform(10))
})

test('an older version that a subscription has does not give what the newest one gives', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'other' })
  const draft = { params: { id: 'other' } }
  await tenant().ok('v1.plans.createDraft', draft)
  await tenant().ok('v1.plans.entitlements.create', {
    params: { planId: 'other' },
    body: { entitlements: own },
  })
  await tenant().ok('v1.plans.publish', { ...draft, body: { migrationType: 'NEW_CUSTOMERS' } })
  await tenant().ok('v1.features.updateFeature', transform(10))
  await tenant().ok('v1.subscriptions.migrate', { params: { id: 'a' }, body: {} })
  await tenant().refused('v1.features.updateFeature', transform(20), { status: 400, code })
})

const app = { params: { id: 'app' } }
const REFUSAL = { status: 400, code: 'CannotArchiveProductError', message: /product app has sub/ }

/** Subscriptions to the product `app` that have not ended. */
const LIVE: Record<string, Omit<Parameters<typeof provision>[0], 'id'>> = {
  active: { planId: 'basic' },
  'free for ever': { planId: 'free' },
  'in a trial': { planId: 'tried' },
  'to start': { planId: 'basic', startDate: LATER },
}

for (const [what, body] of Object.entries(LIVE))
  test(`a product with a subscription that is ${what} cannot be archived`, async () => {
    await fresh()
    await provision({ id: 'a', ...body })
    const before = await tenant().announced()
    await tenant().refused('v1.products.archiveProduct', app, REFUSAL)
    assert.deepEqual(await tenant().announced(), before)
    await tenant().ok('v1.products.archiveProduct', { params: { id: 'sites' } })
    await cancel('a')
    await tenant().ok('v1.products.archiveProduct', app)
    await tenant().ok('v1.products.archiveProduct', app)
    await tenant().ok('v1.products.unarchiveProduct', app)
  })

test('a product cannot be archived for a subscription to a plan that was archived before', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'other' })
  await tenant().ok('v1.plans.archive', { params: { id: 'other' } })
  await tenant().refused('v1.products.archiveProduct', app, REFUSAL)
})

test('a product keeps `multipleSubscriptions` once a plan of it was sold', async () => {
  await fresh()
  const change = (multipleSubscriptions: boolean) => ({ ...app, body: { multipleSubscriptions } })
  for (const several of [true, false])
    await tenant().ok('v1.products.updateProduct', change(several))
  await provision({ id: 'a', planId: 'basic' })
  await cancel('a')
  await tenant().refused('v1.products.updateProduct', change(true), {
    ...{ status: 400, code: 'InvalidArgumentError', message: /^multipleSubscriptions: / },
  })
  await tenant().ok('v1.products.updateProduct', change(false))
  const sites = { params: { id: 'sites' }, body: { multipleSubscriptions: false } }
  await tenant().ok('v1.products.updateProduct', sites)
})

test('a document does not archive a product with subscriptions', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  const { data } = await tenant().ok('v1.catalog.retrieve')
  const products = (data.catalog.products ?? []).filter(({ id }) => id !== 'app')
  const body = { catalog: { ...data.catalog, products }, archive: true }
  await tenant().refused('v1.catalog.apply', { body }, REFUSAL)
})
