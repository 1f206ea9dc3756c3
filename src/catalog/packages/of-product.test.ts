import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { environmentsIn } from '../../../test/support/environments.ts'
import { packagesIn, params, publication } from '../../../test/support/packages.ts'
import { openWorld } from '../../../test/support/world.ts'
import type { Tx } from '../../db/index.ts'

const world = await openWorld()
const environments = environmentsIn(world)
const { fresh, tenant } = environments
const {
  createAddon,
  createPlan,
  publishAddon,
  publishPlan,
  updateAddon,
  updatePlan,
  withProducts,
} = packagesIn(environments)

const app = params('app')
const archive = () => tenant().ok('v1.products.archiveProduct', app)
const unarchive = () => tenant().ok('v1.products.unarchiveProduct', app)
const duplicate = (targetId: string) =>
  tenant().ok('v1.products.duplicateProduct', { ...app, body: { targetId } })

/** Returns the number of statements that `work` sends in transactions. */
async function statementsOf(t: TestContext, work: () => Promise<unknown>): Promise<number> {
  const { db } = world.bursar.app
  const transaction = db.transaction.bind(db)
  let count = 0
  const counting = (tx: Tx) =>
    new Proxy(tx, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          count += 1
          return value.apply(target, given)
        }
      },
    })
  const mocked = t.mock.method(db, 'transaction', <T>(inside: (tx: Tx) => Promise<T>) =>
    transaction((tx) => inside(counting(tx))),
  )
  await work()
  mocked.mock.restore()
  return count
}

/** Furnishes a product with add-ons, all published; every second one has a draft. */
async function furnishAddons(count: number): Promise<void> {
  await fresh()
  const addons = Array.from({ length: count }, (_, index) => ({
    id: `a${index}`,
    displayName: 'A',
    pricingType: 'PAID',
  }))
  const products = [{ id: 'app', displayName: 'App', plans: [], addons }]
  const catalog = { features: [], currencies: [], products }
  await tenant().ok('v1.catalog.apply', { body: { catalog } })
  for (let index = 0; index < count; index += 2)
    await tenant().ok('v1.addons.createDraft', params(`a${index}`))
}

test('a product is archived, unarchived and duplicated with as many statements for 50 packages as for 2', async (t) => {
  const counts: number[][] = []
  for (const count of [2, 50]) {
    await furnishAddons(count)
    counts.push([
      await statementsOf(t, () => duplicate('eu')),
      await statementsOf(t, archive),
      await statementsOf(t, unarchive),
    ])
  }
  assert.deepEqual(counts[0], counts[1])
  assert.ok(counts[0]?.every((count) => count > 3))
})

test('a discarded draft of an archived product leaves its number to the next draft', async () => {
  await withProducts()
  await createPlan('pro')
  await publishPlan('pro')
  await tenant().ok('v1.plans.createDraft', params('pro'))
  await updatePlan('pro', { displayName: 'never sold' })
  await archive()
  await unarchive()
  const { data } = await tenant().ok('v1.plans.createDraft', params('pro'))
  assert.deepEqual([data.versionNumber, data.displayName], [2, 'pro'])
})

test('a duplicate has no earlier versions, and names packages that were created later', async () => {
  await withProducts()
  await createPlan('child')
  await createPlan('base')
  await updatePlan('child', { parentPlanId: 'base' })
  for (const id of ['base', 'child']) await publishPlan(id)
  for (const name of ['second', 'third']) {
    await tenant().ok('v1.plans.createDraft', params('child'))
    await updatePlan('child', { displayName: name })
    await publishPlan('child')
  }
  await duplicate('eu')
  const { data } = await tenant().ok('v1.plans.list', { query: { productId: 'eu' } })
  assert.deepEqual(
    data.map((each) => [each.id, each.displayName, each.versionNumber, each.parentPlanId]),
    [
      ['base-eu', 'base', 1, null],
      ['child-eu', 'third', 1, 'base-eu'],
    ],
  )
  const opened = await tenant().ok('v1.plans.createDraft', params('child-eu'))
  assert.equal(opened.data.versionNumber, 2)
})

test('what refuses an archive or a publication is asked in a fixed order', async () => {
  await withProducts()
  for (const id of ['base', 'pro']) await createPlan(id, { pricingType: 'FREE' })
  await createPlan('child', { parentPlanId: 'base' })
  for (const id of ['seats', 'needy', 'idle']) await createAddon(id)
  await updatePlan('child', { compatibleAddonIds: ['seats'] })
  await updateAddon('needy', { dependencies: ['seats'] })
  const refused = (id: 'v1.plans.publish' | 'v1.plans.archive' | 'v1.addons.archive', of: string) =>
    tenant().call(id, { ...params(of), ...(id === 'v1.plans.publish' && publication) })
  const codeOf = async (...asked: Parameters<typeof refused>) =>
    (await refused(...asked)).refusal?.code
  const isBaseDraft = 'PlanCannotBePublishWhenBasePlanIsDraft'
  assert.equal(await codeOf('v1.plans.publish', 'child'), isBaseDraft)
  for (const id of ['base', 'pro']) await publishPlan(id)
  const isAddonDraft = 'PlanCannotBePublishWhenCompatibleAddonIsDraft'
  assert.equal(await codeOf('v1.plans.publish', 'child'), isAddonDraft)
  const settings = (startPlan: string, downgradePlan: string) =>
    tenant().ok('v1.products.updateProduct', {
      ...app,
      body: {
        productSettings: {
          subscriptionStartSetup: 'FREE_PLAN',
          subscriptionStartPlanId: startPlan,
          subscriptionEndSetup: 'DOWNGRADE_TO_FREE',
          downgradePlanId: downgradePlan,
          subscriptionCancellationTime: 'IMMEDIATE',
        },
      },
    })
  await settings('base', 'base')
  assert.equal(await codeOf('v1.plans.archive', 'base'), 'PlanWithChildCantBeDeleted')
  await updatePlan('child', { parentPlanId: null })
  assert.equal(await codeOf('v1.plans.archive', 'base'), 'PlanIsUsedAsDefaultStartPlan')
  await settings('pro', 'base')
  assert.equal(await codeOf('v1.plans.archive', 'base'), 'PlanIsUsedAsDowngradePlan')
  for (const id of ['seats', 'idle']) await publishAddon(id)
  assert.equal(await codeOf('v1.addons.archive', 'seats'), 'AddonIsCompatibleWithPlan')
  await updatePlan('child', { compatibleAddonIds: [] })
  assert.equal(await codeOf('v1.addons.archive', 'seats'), 'IntegrityViolation')
  const archived = await tenant().ok('v1.addons.archive', params('idle'))
  assert.deepEqual(await tenant().ok('v1.addons.archive', params('idle')), archived)
})

test('lists of unknown products are empty, and of more than 100 add-ons are refused', async () => {
  await withProducts()
  await createPlan('pro')
  for (const kind of ['plans', 'addons'] as const) {
    const { data } = await tenant().ok(`v1.${kind}.list`, { query: { productId: 'nope' } })
    assert.deepEqual(data, [])
  }
  const compatibleAddonIds = Array.from({ length: 101 }, (_, index) => `a${index}`)
  await tenant().refused(
    'v1.plans.update',
    { ...params('pro'), body: { compatibleAddonIds } },
    { status: 400, code: 'BadUserInput', message: /compatibleAddonIds/ },
  )
})
