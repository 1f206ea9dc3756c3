import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OperationId } from '../../src/api.gen.ts'
import type { Request } from '../support/contract-client.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import { assertSound, readGraph } from './package-graph.ts'
import { holds } from './rounds.ts'

/** The number of histories. Few by default, because CI has little time. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 3)
const STEPS = 120
const world = await openWorld()

const PRODUCTS = ['app', 'other']
const PLANS = ['free', 'basic', 'pro', 'team', 'max']
const ADDONS = ['seats', 'support', 'more']
const FEATURES = ['calls', 'storage', 'projects']
const FREE = 'free'

type Step = [OperationId, Request]

/** The product that may become a copy of the first one, and the ids of the packages in it. */
const COPY = 'eu'
const copied = (id: string) => `${id}-${COPY}`
const orCopied = (ids: readonly string[]) =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...ids) },
    { weight: 1, arbitrary: fc.constantFrom(...ids).map(copied) },
  )
const isPlan = (id: string) => PLANS.some((plan) => id === plan || id === copied(plan))

const planId = orCopied(PLANS)
const addonId = orCopied(ADDONS)
const packageId = orCopied([...PLANS, ...ADDONS])
const featureId = fc.constantFrom(...FEATURES)
/** Mostly the first product, so that packages meet. */
const home = fc.constantFrom('app', 'app', 'app', 'other', COPY)
const migrationType = fc.constantFrom('NEW_CUSTOMERS', 'ALL_CUSTOMERS')
const few = (ids: fc.Arbitrary<string>) => fc.uniqueArray(ids, { maxLength: 2 })

/** Calls of one operation on a package, of both types. */
const onPackage = (
  verb: 'createDraft' | 'removeDraft' | 'archive' | 'publish',
): fc.Arbitrary<Step> =>
  fc.tuple(packageId, migrationType).map(([id, type]): Step => {
    const kind = isPlan(id) ? 'plans' : 'addons'
    const body = verb === 'publish' ? { body: { migrationType: type } } : {}
    return [`v1.${kind}.${verb}`, { params: { id }, ...body }]
  })

const creation: fc.Arbitrary<Step> = fc
  .record({ id: fc.constantFrom(...PLANS, ...ADDONS), productId: home, parent: fc.option(planId) })
  .map(({ id, productId, parent }): Step => {
    const { body } = newPackage(id, productId)
    return PLANS.includes(id)
      ? ['v1.plans.create', { body: { ...body, ...(parent && { parentPlanId: parent }) } }]
      : ['v1.addons.create', { body }]
  })

const planChange: fc.Arbitrary<Step> = fc
  .record({
    id: planId,
    displayName: fc.constantFrom('A', 'B'),
    parentPlanId: fc.option(planId),
    compatibleAddonIds: fc.option(few(addonId)),
  })
  .map(({ id, ...body }) => ['v1.plans.update', { params: { id }, body }])

const addonChange: fc.Arbitrary<Step> = fc
  .record({
    id: addonId,
    displayName: fc.constantFrom('A', 'B'),
    dependencies: few(addonId),
    maxQuantity: fc.option(fc.integer({ min: 1, max: 9 })),
  })
  .map(({ id, ...body }) => ['v1.addons.update', { params: { id }, body }])

const entitlementChange: fc.Arbitrary<Step> = fc
  .record({
    owner: packageId,
    id: featureId,
    usageLimit: fc.integer({ min: 0, max: 9 }),
    verb: fc.constantFrom('create', 'create', 'update', 'delete'),
  })
  .map(({ owner, id, usageLimit, verb }): Step => {
    const kind = isPlan(owner) ? 'plans' : 'addons'
    const params = isPlan(owner) ? { planId: owner } : { addonId: owner }
    if (verb === 'create') {
      const entitlement = { id, type: 'FEATURE', usageLimit }
      const body = { entitlements: [entitlement] }
      return [`v1.${kind}.entitlements.create`, { params, body }]
    }
    return verb === 'update'
      ? [
          `v1.${kind}.entitlements.update`,
          { params: { ...params, id }, body: { type: 'FEATURE', usageLimit } },
        ]
      : [`v1.${kind}.entitlements.delete`, { params: { ...params, id } }]
  })

const settings: fc.Arbitrary<Step> = fc
  .record({ id: home, start: planId, end: fc.option(fc.constant(FREE)) })
  .map(({ id, start, end }) => [
    'v1.products.updateProduct',
    {
      params: { id },
      body: {
        productSettings: {
          subscriptionStartSetup: 'TRIAL_PERIOD',
          subscriptionStartPlanId: start,
          subscriptionEndSetup: end === null ? 'CANCEL_SUBSCRIPTION' : 'DOWNGRADE_TO_FREE',
          subscriptionCancellationTime: 'IMMEDIATE',
          ...(end !== null && { downgradePlanId: end }),
        },
      },
    },
  ])

const duplication: fc.Arbitrary<Step> = fc
  .record({ id: home, targetId: fc.constantFrom(COPY, COPY, 'us', 'app') })
  .map(({ id, targetId }) => [
    'v1.products.duplicateProduct',
    { params: { id }, body: { targetId } },
  ])

const onObject = (operation: OperationId, ids: fc.Arbitrary<string>): fc.Arbitrary<Step> =>
  ids.map((id) => [operation, { params: { id } }])

/** What is archived is soon unarchived, so that most steps find something to change. */
const steps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: creation },
    { weight: 8, arbitrary: planChange },
    { weight: 4, arbitrary: addonChange },
    { weight: 8, arbitrary: entitlementChange },
    { weight: 12, arbitrary: onPackage('publish') },
    { weight: 10, arbitrary: onPackage('createDraft') },
    { weight: 1, arbitrary: onPackage('removeDraft') },
    { weight: 3, arbitrary: onPackage('archive') },
    { weight: 2, arbitrary: settings },
    { weight: 2, arbitrary: duplication },
    { weight: 1, arbitrary: onObject('v1.products.archiveProduct', home) },
    { weight: 4, arbitrary: onObject('v1.products.unarchiveProduct', home) },
    { weight: 1, arbitrary: onObject('v1.features.archiveFeature', featureId) },
    { weight: 3, arbitrary: onObject('v1.features.unarchiveFeature', featureId) },
  ),
  { minLength: STEPS, maxLength: STEPS },
)

/** An environment whose first product has a draft of every package. */
async function prepared(): Promise<Tenant> {
  const tenant = await world.tenant()
  for (const id of PRODUCTS)
    await tenant.ok('v1.products.createProduct', { body: { id, displayName: id } })
  for (const id of FEATURES)
    await tenant.ok('v1.features.createFeature', {
      body: { id, displayName: id, featureType: 'NUMBER', meterType: 'FLUCTUATING' },
    })
  for (const id of [...PLANS, ...ADDONS])
    await tenant.ok(PLANS.includes(id) ? 'v1.plans.create' : 'v1.addons.create', newPackage(id))
  return tenant
}

const newPackage = (id: string, productId = 'app'): { body: object } => ({
  body: { id, productId, displayName: id, pricingType: id === FREE ? 'FREE' : 'PAID' },
})

test('whatever is done to packages, published content stays, and no link is wrong', (t) =>
  holds(t, { rounds: ROUNDS, values: steps }, async (history) => {
    const tenant = await prepared()
    let before = await readGraph(world, tenant)
    for (const [operation, request] of history) {
      const { success, status, text } = await tenant.call(operation, request)
      const after = await readGraph(world, tenant)
      const step = `${operation} ${JSON.stringify(request)}: ${status} ${text}`
      if (success === null) {
        assert.ok(status >= 400 && status < 500, step)
        assert.deepEqual(after, before, step)
      }
      assertSound(before, after, { operation, step })
      before = after
    }
  }))
