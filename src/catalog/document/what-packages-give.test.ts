import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { catalogCalls } from '../../../test/support/catalog-calls.ts'
import { BASIS, catalogRequests } from '../../../test/support/catalog-requests.ts'
import { params } from '../../../test/support/packages.ts'
import { openWorld, type Tenant } from '../../../test/support/world.ts'
import type { Catalog } from '../../api.gen.ts'

const world = await openWorld()

const { apply, filled, retrieve } = catalogCalls(world)

const of = (id: string, more: object = {}) => ({ id, type: 'FEATURE' as const, ...more })
/** A catalog with one plan. */
const giving = (...entitlements: object[]) =>
  ({
    features: [
      { id: 'calls', displayName: 'Calls', featureType: 'NUMBER' },
      { id: 'sso', displayName: 'SSO', featureType: 'BOOLEAN' },
    ],
    currencies: [{ id: 'sso', displayName: 'Credits' }],
    products: [
      {
        ...{ id: 'app', displayName: 'App' },
        plans: [{ id: 'pro', displayName: 'Pro', pricingType: 'PAID', entitlements }],
      },
    ],
  }) as Catalog
const listOf = async (tenant: Tenant) => {
  const { data } = await tenant.ok('v1.plans.entitlements.list', { params: { planId: 'pro' } })
  return data
}

test('what a plan gives is changed, removed and put in order, and stays the same entitlement', async () => {
  const credits = { id: 'sso', type: 'CREDIT', amount: 5, cadence: 'MONTH' }
  const tenant = await filled(giving(of('sso'), credits, of('calls', { usageLimit: 1 })))
  const before = await listOf(tenant)
  world.clock.moveTo(world.clock.now() + 1000)
  const catalog = giving(of('calls', { usageLimit: 2 }), credits)
  const { changes } = await apply(tenant, { catalog })
  assert.deepEqual(
    changes.flatMap(({ details }) => details),
    [
      'entitlement of feature calls: usageLimit: 1 → 2',
      'entitlement of feature sso: removed',
      'order of entitlements: feature sso, currency sso, feature calls → feature calls, currency sso',
    ],
  )
  const after = await listOf(tenant)
  assert.deepEqual(
    after.map(({ type, id, order, createdAt }) => ({ type, id, order, createdAt })),
    [
      { type: 'FEATURE', id: 'calls', order: 0, createdAt: before[2]?.createdAt },
      { type: 'CREDIT', id: 'sso', order: 1, createdAt: before[1]?.createdAt },
    ],
  )
  assert.equal(after[1]?.updatedAt, before[1]?.updatedAt)
  assert.deepEqual((await retrieve(tenant)).catalog, catalog)
})

test('what a restored plan gives of an archived feature is left out, and goes with a new version', async () => {
  const tenant = await filled(giving(of('sso'), of('calls', { usageLimit: 1 })))
  await tenant.ok('v1.products.archiveProduct', params('app'))
  await tenant.ok('v1.features.archiveFeature', params('sso'))
  await tenant.ok('v1.products.unarchiveProduct', params('app'))
  const { features: _, ...wanted } = giving(of('calls', { usageLimit: 1 }))
  const { catalog } = await retrieve(tenant)
  assert.deepEqual(catalog.products, wanted.products)
  const copy = await filled(catalog)
  assert.deepEqual((await retrieve(copy)).catalog, catalog)
  assert.deepEqual((await apply(tenant, { catalog })).changes, [])
  const [product] = catalog.products ?? []
  const [plan] = product?.plans ?? []
  assert.ok(product !== undefined && plan !== undefined)
  await apply(tenant, {
    catalog: { ...catalog, products: [{ ...product, plans: [{ ...plan, displayName: 'P' }] }] },
  })
  assert.deepEqual(
    (await listOf(tenant)).map(({ id }) => id),
    ['calls'],
  )
})

test('what any requests have made is exported, and another environment exports the same bytes', async () => {
  const tenant = await filled(BASIS)
  await fc.assert(
    fc.asyncProperty(catalogRequests, async (requests) => {
      for (const [operation, request] of requests) await tenant.call(operation, request)
      const { catalog } = await retrieve(tenant)
      const copy = await filled(catalog)
      assert.equal(JSON.stringify((await retrieve(copy)).catalog), JSON.stringify(catalog))
      assert.deepEqual((await apply(tenant, { catalog })).changes, [])
    }),
    { numRuns: 3, endOnFailure: true },
  )
})
