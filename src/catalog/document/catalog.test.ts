import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { catalogCalls } from '../../../test/support/catalog-calls.ts'
import { catalogs, FULL } from '../../../test/support/catalogs.ts'
import { openWorld, type Tenant } from '../../../test/support/world.ts'
import type { Catalog, CatalogApplyRequestBody } from '../../api.gen.ts'
import { canonicalCatalog } from './canonical.ts'

const world = await openWorld()

const { apply, filled, retrieve } = catalogCalls(world)
/** Asserts that a document is refused at a field, and that nothing changes. */
async function refused(
  tenant: Tenant,
  body: CatalogApplyRequestBody,
  { status = 400, field, message }: { status?: number; field: string | null; message: RegExp },
) {
  const before = [await retrieve(tenant), await tenant.announced()]
  const { status: found, refusal, text } = await tenant.call('v1.catalog.apply', { body })
  assert.equal(found, status, text)
  assert.deepEqual(refusal?.field, field, text)
  assert.match(refusal?.message ?? '', message)
  assert.deepEqual([await retrieve(tenant), await tenant.announced()], before)
}
const words = ({ changes }: { changes: { action: string; type: string; id: string }[] }) =>
  changes.map(({ action, type, id }) => `${action} ${type} ${id}`)
const params = (id: string) => ({ params: { id } })
const publication = { body: { migrationType: 'NEW_CUSTOMERS' } }

/** Returns the full catalog with other fields of an object of its first product. */
function changedFull(list: 'plans' | 'addons', id: string, fields: object): Catalog {
  const [product, ...others] = FULL.products ?? []
  assert.ok(product !== undefined)
  const changed = (product[list] ?? []).map((each) =>
    each.id === id ? { ...each, ...fields } : each,
  )
  return { ...FULL, products: [{ ...product, [list]: changed }, ...others] }
}
const without = (kind: 'features' | 'currencies' | 'products', id: string): Catalog => ({
  ...FULL,
  [kind]: (FULL[kind] ?? []).filter((each) => each.id !== id),
})

const withoutEntitlements = (catalog: Catalog): Catalog =>
  JSON.parse(JSON.stringify(catalog, (key, value) => (key === 'entitlements' ? [] : value)))

test('a catalog is read as it was applied, and another environment gets the same bytes', async () => {
  const [one, other] = [await filled(FULL), await world.tenant()]
  const { catalog, drafts } = await retrieve(one)
  assert.deepEqual(catalog, FULL)
  assert.equal(JSON.stringify(catalog), JSON.stringify(canonicalCatalog(FULL)))
  assert.deepEqual(drafts, [])
  await apply(other, { catalog })
  const copy = await retrieve(other)
  assert.equal(JSON.stringify(copy.catalog), JSON.stringify(catalog))
  assert.equal(copy.revision, (await retrieve(one)).revision)
})

test('any catalog follows any other one, and the second time nothing changes', async () => {
  const tenant = await world.tenant()
  await fc.assert(
    fc.asyncProperty(catalogs, async (catalog) => {
      const planned = await tenant.call('v1.catalog.apply', {
        body: { catalog, archive: true, dryRun: true },
      })
      const answer = await tenant.call('v1.catalog.apply', { body: { catalog, archive: true } })
      // Plans and add-ons are archived for ever, each under its id.
      if (answer.status === 400) {
        assert.match(answer.text, /is archived; choose another id/)
        return
      }
      assert.equal(answer.status, 200, answer.text)
      const applied = answer.success?.data
      assert.deepEqual(planned.success?.data.changes, applied?.changes)
      const { catalog: found, revision } = await retrieve(tenant)
      assert.equal(JSON.stringify(found), JSON.stringify(canonicalCatalog(catalog)))
      assert.equal(applied?.revision, revision)
      const events = await tenant.announced()
      const again = await apply(tenant, { catalog, archive: true })
      assert.deepEqual([again.changes, again.notInCatalog], [[], []])
      assert.equal((await tenant.announced()).length, events.length)
    }),
    { numRuns: 15 },
  )
})

test('objects change into each other without archives, in any order', async () => {
  await fc.assert(
    fc.asyncProperty(catalogs, catalogs, async (one, other) => {
      const tenant = await filled(one)
      const { notInCatalog } = await apply(tenant, { catalog: other })
      const again = await apply(tenant, { catalog: other })
      assert.deepEqual([again.changes, again.notInCatalog], [[], notInCatalog])
    }),
    { numRuns: 8 },
  )
})

test('a dry run returns the changes and changes nothing', async () => {
  const tenant = await world.tenant()
  const before = [await retrieve(tenant), await tenant.announced()]
  const planned = await apply(tenant, { catalog: FULL, dryRun: true })
  assert.equal(planned.changes.length, 14)
  assert.equal(planned.revision, (await retrieve(tenant)).revision)
  assert.deepEqual([await retrieve(tenant), await tenant.announced()], before)
  const applied = await apply(tenant, { catalog: FULL, revision: planned.revision })
  assert.deepEqual(applied.changes, planned.changes)
  assert.equal(applied.revision, (await retrieve(tenant)).revision)
})

test('a catalog that has changed since the plan is not changed (412)', async () => {
  const tenant = await filled(FULL)
  const { revision } = await apply(tenant, { catalog: {}, dryRun: true })
  await tenant.ok('v1.plans.createDraft', params('pro'))
  const field = 'revision'
  await refused(tenant, { catalog: FULL, revision }, { status: 412, field, message: /has changed/ })
  await refused(
    tenant,
    { catalog: FULL, revision: 'x' },
    { status: 412, field, message: /changed/ },
  )
})

test('what the document lacks stays and is named, and is archived only with the option', async () => {
  const tenant = await filled(FULL)
  const { catalog: _, ...kept } = { catalog: 0, ...(await apply(tenant, { catalog: {} })) }
  assert.deepEqual(kept.changes, [])
  assert.equal(kept.notInCatalog.length, 14)
  assert.deepEqual((await retrieve(tenant)).catalog, FULL)
  const gone = await apply(tenant, { catalog: {}, archive: true })
  assert.deepEqual(words(gone), [
    'ARCHIVE PRODUCT plain',
    'ARCHIVE PRODUCT assistant',
    'ARCHIVE CURRENCY tokens',
    'ARCHIVE FEATURE voice',
    'ARCHIVE FEATURE sso',
    'ARCHIVE FEATURE seats',
    'ARCHIVE FEATURE region',
    'ARCHIVE FEATURE calls',
  ])
  assert.deepEqual((await retrieve(tenant)).catalog, {})
  const back = await apply(tenant, { catalog: FULL })
  assert.ok(
    words(back).every((each) => each.startsWith('UNARCHIVE ')),
    words(back).join(),
  )
  assert.deepEqual((await retrieve(tenant)).catalog, FULL)
})

test('a plan that is not in the document any more is archived after those that name it', async () => {
  const tenant = await filled(FULL)
  const [product, ...others] = FULL.products ?? []
  const catalog = {
    ...FULL,
    products: [
      {
        ...product,
        id: 'assistant',
        displayName: 'A',
        productSettings: undefined,
        plans: [],
        addons: [],
      },
      ...others,
    ],
  } as Catalog
  const body = JSON.parse(JSON.stringify({ catalog, archive: true }))
  assert.deepEqual(words(await apply(tenant, body)), [
    'UPDATE PRODUCT assistant',
    'ARCHIVE PLAN enterprise',
    'ARCHIVE PLAN a-team',
    'ARCHIVE PLAN pro',
    'ARCHIVE PLAN free',
    'ARCHIVE ADDON extra',
    'ARCHIVE ADDON support',
  ])
  await refused(
    tenant,
    { catalog: FULL },
    {
      field: 'catalog/products/0/addons/1/id',
      message: /add-on support is archived; choose another id/,
    },
  )
})

test('a package with a draft is not changed, and its draft stays if it does not change', async () => {
  const tenant = await filled(FULL)
  await tenant.ok('v1.plans.createDraft', params('pro'))
  await tenant.ok('v1.plans.update', { ...params('pro'), body: { displayName: 'Draft' } })
  const same = await apply(tenant, { catalog: FULL })
  assert.deepEqual([same.changes, same.drafts], [[], [{ type: 'PLAN', id: 'pro' }]])
  await refused(
    tenant,
    { catalog: changedFull('plans', 'pro', { displayName: 'New' }) },
    {
      field: 'catalog/products/0/plans/3/id',
      message: /plan pro has a draft; publish or remove it/,
    },
  )
  await refused(
    tenant,
    { catalog: without('products', 'assistant'), archive: true },
    {
      field: 'catalog',
      message: /assistant cannot be archived while the plan pro has a draft/,
    },
  )
  const { data } = await tenant.ok('v1.plans.retrieve', {
    ...params('pro'),
    query: { draft: 'true' },
  })
  assert.equal(data.displayName, 'Draft')
})

test('what never changes is refused with the place of the field', async () => {
  const tenant = await filled(FULL)
  const [calls, ...others] = FULL.features ?? []
  assert.ok(calls !== undefined)
  const { meter: _, ...unmetered } = calls
  await refused(
    tenant,
    {
      catalog: {
        ...withoutEntitlements(changedFull('plans', 'a-team', { pricingType: 'CUSTOM' })),
        features: [
          { ...unmetered },
          ...others.map((each) => ({
            ...each,
            featureType: 'NUMBER' as const,
            enumConfiguration: [],
          })),
        ],
      },
    },
    {
      field: 'catalog/features/0/meter',
      message:
        /meter: .* calls cannot be removed.* features\[1\]: featureType.*plans\[0\]: pricingType/,
    },
  )
})

test('a client gets each mistake with its field', async () => {
  const tenant = await filled(FULL)
  const [first] = FULL.features ?? []
  assert.ok(first !== undefined)
  const { refusal, text } = await tenant.call('v1.catalog.apply', {
    body: {
      catalog: {
        features: [first, first],
        products: [
          {
            ...{ id: 'app', displayName: 'A' },
            plans: [
              {
                ...{ id: 'p', displayName: 'P', pricingType: 'PAID', parentPlanId: 'x' },
                entitlements: [{ id: 'y', type: 'FEATURE' }],
              },
            ],
          },
        ],
      },
    },
  })
  const { mistakes } = JSON.parse(text) as { mistakes: { field: string; message: string }[] }
  assert.deepEqual(
    mistakes.map(({ field }) => field),
    [
      'catalog/features/1/id',
      'catalog/products/0/plans/0/parentPlanId',
      'catalog/products/0/plans/0/entitlements/0/id',
    ],
  )
  assert.match(mistakes[2]?.message ?? '', /^products\[0\]\.plans\[0\]: feature y not found$/)
  assert.equal(refusal?.field, mistakes[0]?.field)
  assert.equal(refusal?.message, mistakes.map(({ message }) => message).join('; '))
})

test('what an operation refuses undoes everything and names its place in the document', async () => {
  const tenant = await world.tenant()
  const plans = Array.from({ length: 60 }, (_, index) => ({
    ...{ id: `p${index}`, displayName: 'P', pricingType: 'PAID' as const },
  }))
  const addons = plans.map((each, index) => ({ ...each, id: `a${index}` }))
  await refused(
    tenant,
    { catalog: { ...FULL, products: [{ id: 'app', displayName: 'App', plans, addons }] } },
    { field: 'catalog/products/0/plans/45', message: /the plan p\d+: .*at most 100/ },
  )
})

test('the versions of a plan that does not change stay, and new ones are for new customers', async () => {
  const tenant = await filled(FULL)
  const version = async (id: string) =>
    (await tenant.ok('v1.plans.retrieve', params(id))).data.versionNumber
  const catalog = changedFull('plans', 'pro', { description: 'For all' })
  const { changes } = await apply(tenant, { catalog })
  assert.deepEqual(changes, [
    {
      ...{ action: 'UPDATE', type: 'PLAN', id: 'pro' },
      details: ['description: "For one" → "For all"'],
    },
  ])
  assert.deepEqual([await version('pro'), await version('free')], [2, 1])
})

test('a draft that was never published is no part of the catalog', async () => {
  const tenant = await filled({ products: [{ id: 'app', displayName: 'App' }] })
  const plan = { id: 'a', displayName: 'A', pricingType: 'PAID' as const }
  await tenant.ok('v1.plans.create', { body: { ...plan, productId: 'app' } })
  const { catalog, drafts } = await retrieve(tenant)
  assert.deepEqual(catalog, { products: [{ id: 'app', displayName: 'App' }] })
  assert.deepEqual(drafts, [{ type: 'PLAN', id: 'a' }])
  const wanted = { products: [{ id: 'app', displayName: 'App', plans: [plan] }] }
  const field = 'catalog/products/0/plans/0/id'
  await refused(tenant, { catalog: wanted }, { field, message: /plan a has a draft/ })
  await tenant.ok('v1.plans.publish', { ...params('a'), ...publication })
  assert.deepEqual((await apply(tenant, { catalog: wanted })).changes, [])
})
