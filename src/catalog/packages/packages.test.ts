import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationId } from '../../../src/api.gen.ts'
import { environmentsIn } from '../../../test/support/environments.ts'
import { assertIdsRefused } from '../../../test/support/refuse-ids.ts'
import { LATER, NOW, openWorld } from '../../../test/support/world.ts'
import { replacedBy } from '../../events/what-changed.ts'

const world = await openWorld()
const { changes, fresh, later, tenant } = environmentsIn(world)

const params = (id: string) => ({ params: { id } })
const publication = { body: { migrationType: 'NEW_CUSTOMERS' } }
const plan = (id: string, body: object = {}) => ({
  body: { id, productId: 'app', displayName: id, pricingType: 'PAID', ...body },
})
const createPlan = async (id: string, body: object = {}) =>
  (await tenant().ok('v1.plans.create', plan(id, body))).data
const createAddon = async (id: string, body: object = {}) =>
  (await tenant().ok('v1.addons.create', plan(id, body))).data
const updatePlan = async (id: string, body: object) =>
  (await tenant().ok('v1.plans.update', { ...params(id), body })).data
const updateAddon = async (id: string, body: object) =>
  (await tenant().ok('v1.addons.update', { ...params(id), body })).data
const publishPlan = (id: string) =>
  tenant().ok('v1.plans.publish', { ...params(id), ...publication })
const publishAddon = (id: string) =>
  tenant().ok('v1.addons.publish', { ...params(id), ...publication })
const getPlan = async (id: string, query: Record<string, string> = {}) =>
  (await tenant().ok('v1.plans.retrieve', { ...params(id), query })).data

/** An environment with the products `app` and `other`. */
async function withProducts(): Promise<void> {
  await fresh()
  for (const id of ['app', 'other'])
    await tenant().ok('v1.products.createProduct', { body: { id, displayName: id } })
}

type Refusal = [
  operation: OperationId,
  id: string,
  body: object | null,
  status: number,
  code: string,
]

/** Asserts that each call is refused, and that the lists of plans and add-ons stay as they are. */
async function assertRefused(cases: readonly Refusal[]): Promise<void> {
  const state = async () => [
    await tenant().ok('v1.plans.list', { query: { limit: '100' } }),
    await tenant().ok('v1.addons.list', { query: { limit: '100' } }),
  ]
  const before = await state()
  for (const [operation, id, body, status, code] of cases) {
    const inPath = operation.endsWith('.create') ? {} : params(id)
    await tenant().refused(
      operation,
      { ...inPath, ...(body === null ? {} : { body }) },
      { status, code },
    )
  }
  assert.deepEqual(await state(), before)
}

test('a plan begins as its first draft', async () => {
  await withProducts()
  const trial = { duration: 14, units: 'DAY' }
  const common = {
    productId: 'app',
    status: 'DRAFT',
    versionNumber: 1,
    isLatest: false,
    entitlements: [],
    createdAt: NOW,
    updatedAt: NOW,
  }
  const texts = { displayName: 'Pro', description: 'd', billingId: 'b', metadata: { a: '1' } }
  const body = { ...texts, defaultTrialConfig: trial, status: 'DRAFT' }
  assert.deepEqual(await createPlan('pro', body), {
    id: 'pro',
    ...texts,
    pricingType: 'PAID',
    parentPlanId: null,
    compatibleAddonIds: null,
    defaultTrialConfig: { ...trial, trialEndBehavior: null, budget: null },
    ...common,
  })
  const { data } = await tenant().ok('v1.addons.create', {
    body: { id: 'seats', productId: 'app', displayName: 'Seats', maxQuantity: 3 },
  })
  assert.deepEqual(data, {
    id: 'seats',
    displayName: 'Seats',
    description: null,
    billingId: null,
    pricingType: null,
    maxQuantity: 3,
    dependencies: [],
    metadata: {},
    ...common,
  })
})

test('what cannot be created is refused with its code', async () => {
  await withProducts()
  await createPlan('pro')
  await createPlan('foreign', { productId: 'other' })
  await createAddon('seats')
  const body = (extra: object) => plan('new', extra).body
  await assertRefused([
    ['v1.plans.create', '', body({ id: 'pro' }), 409, 'DuplicatedEntityNotAllowed'],
    ['v1.plans.create', '', body({ id: 'seats' }), 409, 'DuplicatedEntityNotAllowed'],
    ['v1.addons.create', '', body({ id: 'pro' }), 409, 'DuplicatedEntityNotAllowed'],
    ['v1.plans.create', '', body({ productId: 'no' }), 404, 'ProductNotFoundError'],
    ['v1.addons.create', '', body({ productId: 'no' }), 404, 'ProductNotFoundError'],
    ['v1.plans.create', '', body({ parentPlanId: 'no' }), 404, 'PlanNotFound'],
    ['v1.plans.create', '', body({ parentPlanId: 'foreign' }), 404, 'PlanNotFound'],
    ['v1.plans.create', '', body({ parentPlanId: 'seats' }), 404, 'PlanNotFound'],
    ['v1.plans.create', '', body({ status: 'PUBLISHED' }), 400, 'InvalidArgumentError'],
    ['v1.addons.create', '', body({ status: 'ARCHIVED' }), 400, 'InvalidArgumentError'],
    ['v1.plans.create', '', body({ maxQuantity: 1 }), 400, 'BadUserInput'],
    ['v1.addons.create', '', body({ parentPlanId: 'pro' }), 400, 'BadUserInput'],
    ['v1.addons.create', '', body({ maxQuantity: 0 }), 400, 'BadUserInput'],
  ])
})

test('a version is drafted, changed and published, and its number rises by one', async () => {
  await withProducts()
  const first = await createPlan('pro', { metadata: { a: '1' } })
  await publishPlan('pro')
  const published = { ...first, status: 'PUBLISHED', isLatest: true } as const
  assert.deepEqual(await getPlan('pro'), published)
  later()
  const draft = (await tenant().ok('v1.plans.createDraft', params('pro'))).data
  const opened = { ...first, versionNumber: 2, createdAt: LATER, updatedAt: LATER }
  assert.deepEqual(draft, opened)
  const changed = await updatePlan('pro', { displayName: 'Pro 2', metadata: { b: '2' } })
  const metadata = { a: '1', b: '2' }
  assert.deepEqual(changed, { ...opened, displayName: 'Pro 2', metadata })
  assert.deepEqual(await getPlan('pro'), published)
  assert.deepEqual(await getPlan('pro', { draft: 'false' }), published)
  assert.deepEqual(await getPlan('pro', { draft: 'true' }), changed)
  const { data: both } = await tenant().ok('v1.plans.list')
  assert.deepEqual(both, [changed, published])
  for (const [status, found] of [
    ['DRAFT', [changed]],
    ['PUBLISHED', [published]],
    ['ARCHIVED', []],
    ['DRAFT,PUBLISHED', both],
  ] as const)
    assert.deepEqual((await tenant().ok('v1.plans.list', { query: { status } })).data, found)
  const pageOne = await tenant().ok('v1.plans.list', { query: { limit: '1' } })
  const after = String(pageOne.pagination.next)
  const pageTwo = await tenant().ok('v1.plans.list', { query: { limit: '1', after } })
  assert.deepEqual([...pageOne.data, ...pageTwo.data], both)
  assert.deepEqual((await tenant().ok('v1.plans.removeDraft', params('pro'))).data, { id: 'pro' })
  assert.deepEqual((await tenant().ok('v1.plans.list')).data, [published])
  const { data: next } = await tenant().ok('v1.plans.createDraft', params('pro'))
  assert.equal(next.versionNumber, 2)
  const result = await tenant().ok('v1.plans.publish', {
    ...params('pro'),
    body: { migrationType: 'ALL_CUSTOMERS' },
  })
  assert.deepEqual(result, { data: { taskId: null } })
  const second = { ...next, status: 'PUBLISHED', isLatest: true } as const
  assert.deepEqual((await tenant().ok('v1.plans.list')).data, [second])
  const archived = (await tenant().ok('v1.plans.archive', params('pro'))).data
  assert.deepEqual(archived, { ...second, status: 'ARCHIVED' })
  assert.deepEqual((await tenant().ok('v1.plans.archive', params('pro'))).data, archived)
  assert.deepEqual(await changes(), [
    ['product.created', null, (await changes())[0]?.[2]],
    ['product.created', null, (await changes())[1]?.[2]],
    ['plan.created', null, first],
    ['plan.updated', replacedBy(first, published), published],
    ['plan.updated', replacedBy(published, draft), draft],
    ['plan.updated', replacedBy(draft, changed), changed],
    ['plan.updated', replacedBy(changed, published), published],
    ['plan.updated', replacedBy(published, next), next],
    ['plan.updated', replacedBy(next, second), second],
    ['plan.deleted', replacedBy(second, archived), archived],
  ])
})

test('a package that was never published goes with its draft, and its id is free', async () => {
  await withProducts()
  const first = await createPlan('pro')
  await tenant().ok('v1.plans.removeDraft', params('pro'))
  assert.deepEqual((await changes()).at(-1), ['plan.deleted', first, null])
  await assertRefused([['v1.plans.retrieve', 'pro', null, 404, 'PlanNotFound']])
  assert.equal((await createAddon('pro')).versionNumber, 1)
  await createAddon('needy')
  await updateAddon('needy', { dependencies: ['pro'] })
  await createPlan('base')
  await createPlan('child', { parentPlanId: 'base' })
  await createAddon('extra')
  await updatePlan('child', { compatibleAddonIds: ['extra'] })
  await assertRefused([
    ['v1.addons.removeDraft', 'pro', null, 400, 'IntegrityViolation'],
    ['v1.plans.removeDraft', 'base', null, 400, 'IntegrityViolation'],
    ['v1.addons.removeDraft', 'extra', null, 400, 'IntegrityViolation'],
  ])
})

test('each state of a package refuses what does not fit it', async () => {
  await withProducts()
  for (const [kind, create, publish] of [
    ['plans', createPlan, publishPlan],
    ['addons', createAddon, publishAddon],
  ] as const) {
    const isPlan = kind === 'plans'
    const ids = ['draft', 'sold', 'open', 'gone'].map((state) => `${kind}-${state}`)
    const [draft = '', sold = '', open = '', gone = ''] = ids
    for (const id of ids) await create(id)
    for (const id of [sold, open, gone]) await publish(id)
    await tenant().ok(`v1.${kind}.createDraft`, params(open))
    await tenant().ok(`v1.${kind}.archive`, params(gone))
    const { body } = publication
    const update = { displayName: 'x' }
    const unpublished = isPlan ? 'DraftPlanCantBeArchived' : 'DraftAddonCantBeArchived'
    const drafted = isPlan
      ? 'CannotUpsertToPackageThatHasDraft'
      : 'AddonWithDraftCannotBeDeletedError'
    await assertRefused([
      [`v1.${kind}.archive`, draft, null, 400, unpublished],
      [`v1.${kind}.archive`, open, null, 400, drafted],
      [`v1.${kind}.createDraft`, draft, null, 400, 'DraftAlreadyExists'],
      [`v1.${kind}.createDraft`, open, null, 400, 'DraftAlreadyExists'],
      [`v1.${kind}.createDraft`, gone, null, 400, 'EntityIsArchivedError'],
      [`v1.${kind}.removeDraft`, sold, null, 404, 'NoDraftOfferFound'],
      [`v1.${kind}.removeDraft`, gone, null, 400, 'EntityIsArchivedError'],
      [`v1.${kind}.publish`, sold, body, 400, 'PackageAlreadyPublished'],
      [`v1.${kind}.publish`, gone, body, 400, 'EntityIsArchivedError'],
      [`v1.${kind}.publish`, open, {}, 400, 'BadUserInput'],
      [`v1.${kind}.update`, sold, update, 400, 'CannotEditPackageInNonDraftMode'],
      [`v1.${kind}.update`, gone, update, 400, 'EntityIsArchivedError'],
      [`v1.${kind}.update`, open, { charges: {} }, 400, 'UnsupportedParameter'],
    ])
    const query = { draft: 'true' }
    const noDraft = { status: 404, code: 'NoDraftOfferFound' } as const
    await tenant().refused(`v1.${kind}.retrieve`, { ...params(sold), query }, noDraft)
  }
})

test('inheritance stays in the product, without a cycle, and is not too deep', async () => {
  await withProducts()
  await createPlan('p0')
  for (let depth = 1; depth <= 10; depth += 1)
    await createPlan(`p${depth}`, { parentPlanId: `p${depth - 1}` })
  await createPlan('foreign', { productId: 'other' })
  await createAddon('seats')
  await createPlan('gone')
  await publishPlan('gone')
  await tenant().ok('v1.plans.archive', params('gone'))
  const deep = plan('p11', { parentPlanId: 'p10' }).body
  const circular = 'PlansCircularDependencyError'
  await assertRefused([
    ['v1.plans.update', 'p0', { parentPlanId: 'p0' }, 400, circular],
    ['v1.plans.update', 'p0', { parentPlanId: 'p1' }, 400, circular],
    ['v1.plans.update', 'p0', { parentPlanId: 'p10' }, 400, circular],
    ['v1.plans.update', 'p0', { parentPlanId: 'foreign' }, 404, 'PlanNotFound'],
    ['v1.plans.update', 'p0', { parentPlanId: 'seats' }, 404, 'PlanNotFound'],
    ['v1.plans.update', 'p0', { parentPlanId: 'gone' }, 400, 'EntityIsArchivedError'],
    ['v1.plans.create', '', deep, 400, 'InvalidArgumentError'],
    ['v1.plans.publish', 'p1', publication.body, 400, 'PlanCannotBePublishWhenBasePlanIsDraft'],
  ])
  await publishPlan('p0')
  await publishPlan('p1')
  await assertRefused([['v1.plans.archive', 'p0', null, 400, 'PlanWithChildCantBeDeleted']])
  // The published version still inherits from p0, so that p0 cannot inherit from the draft.
  await tenant().ok('v1.plans.createDraft', params('p1'))
  assert.equal((await updatePlan('p1', { parentPlanId: null })).parentPlanId, null)
  await tenant().ok('v1.plans.createDraft', params('p0'))
  await assertRefused([['v1.plans.update', 'p0', { parentPlanId: 'p1' }, 400, circular]])
  await publishPlan('p1')
  assert.equal((await updatePlan('p0', { parentPlanId: 'p1' })).parentPlanId, 'p1')
})

test('compatible add-ons fit the product and the price of their plan', async () => {
  await withProducts()
  await createPlan('pro')
  await createPlan('free', { pricingType: 'FREE' })
  await createPlan('custom', { pricingType: 'CUSTOM' })
  await createAddon('seats')
  await createAddon('deal', { pricingType: 'CUSTOM' })
  await createAddon('foreign', { productId: 'other' })
  const named = (...ids: string[]) => ({ compatibleAddonIds: ids })
  assert.deepEqual((await updatePlan('pro', named('seats'))).compatibleAddonIds, ['seats'])
  assert.deepEqual((await updatePlan('custom', named('deal', 'seats'))).compatibleAddonIds, [
    'deal',
    'seats',
  ])
  const draft = 'PlanCannotBePublishWhenCompatibleAddonIsDraft'
  await assertRefused([
    ['v1.plans.update', 'pro', named('seats', 'seats'), 400, 'InvalidArgumentError'],
    ['v1.plans.update', 'pro', named('deal'), 400, 'InvalidArgumentError'],
    ['v1.plans.update', 'free', named('seats'), 400, 'InvalidArgumentError'],
    ['v1.plans.update', 'pro', named('no'), 404, 'AddonsNotFound'],
    ['v1.plans.update', 'pro', named('custom'), 404, 'AddonsNotFound'],
    ['v1.plans.update', 'pro', named('foreign'), 404, 'AddonsNotFound'],
    ['v1.plans.publish', 'pro', publication.body, 400, draft],
  ])
  await publishAddon('seats')
  await publishPlan('pro')
  await assertRefused([['v1.addons.archive', 'seats', null, 400, 'AddonIsCompatibleWithPlan']])
  await updatePlan('free', named())
  assert.deepEqual((await getPlan('free')).compatibleAddonIds, [])
  assert.equal((await updatePlan('free', { compatibleAddonIds: null })).compatibleAddonIds, null)
})

test('dependencies stay in the product, without a cycle', async () => {
  await withProducts()
  for (const id of ['a', 'b', 'c']) await createAddon(id)
  await createAddon('foreign', { productId: 'other' })
  await createAddon('gone')
  await publishAddon('gone')
  await tenant().ok('v1.addons.archive', params('gone'))
  const needs = (...ids: string[]) => ({ dependencies: ids })
  await updateAddon('b', needs('a'))
  assert.deepEqual((await updateAddon('c', needs('b', 'a'))).dependencies, ['b', 'a'])
  await assertRefused([
    ['v1.addons.update', 'a', needs('a'), 400, 'InvalidArgumentError'],
    ['v1.addons.update', 'a', needs('c'), 400, 'InvalidArgumentError'],
    ['v1.addons.update', 'a', needs('b', 'b'), 400, 'InvalidArgumentError'],
    ['v1.addons.update', 'a', needs('no'), 404, 'AddonsNotFound'],
    ['v1.addons.update', 'a', needs('foreign'), 404, 'AddonsNotFound'],
    ['v1.addons.update', 'a', needs('gone'), 400, 'EntityIsArchivedError'],
    ['v1.addons.update', 'a', { status: 'PUBLISHED' }, 400, 'InvalidArgumentError'],
  ])
  for (const id of ['a', 'b']) await publishAddon(id)
  await assertRefused([['v1.addons.archive', 'a', null, 400, 'IntegrityViolation']])
  assert.deepEqual((await updateAddon('c', { dependencies: null })).dependencies, [])
  assert.equal((await tenant().ok('v1.addons.archive', params('b'))).data.status, 'ARCHIVED')
})

test('a package needs a pricing type, which is asked for first', async () => {
  await withProducts()
  await createPlan('base')
  await createPlan('pro', { pricingType: null, parentPlanId: 'base' })
  await createAddon('seats', { pricingType: null })
  const { body } = publication
  await assertRefused([
    ['v1.plans.publish', 'pro', body, 400, 'PackagePricingTypeNotSet'],
    ['v1.addons.publish', 'seats', body, 400, 'PackagePricingTypeNotSet'],
  ])
})

test('a plan in the settings of its product cannot be archived', async () => {
  await withProducts()
  for (const id of ['start', 'end']) {
    await createPlan(id, { pricingType: 'FREE' })
    await publishPlan(id)
  }
  await tenant().ok('v1.products.updateProduct', {
    ...params('app'),
    body: {
      productSettings: {
        subscriptionStartSetup: 'FREE_PLAN',
        subscriptionStartPlanId: 'start',
        subscriptionEndSetup: 'CANCEL_SUBSCRIPTION',
        downgradePlanId: 'end',
        subscriptionCancellationTime: 'IMMEDIATE',
      },
    },
  })
  await assertRefused([
    ['v1.plans.archive', 'start', null, 400, 'PlanIsUsedAsDefaultStartPlan'],
    ['v1.plans.archive', 'end', null, 400, 'PlanIsUsedAsDowngradePlan'],
  ])
})

test('plans and add-ons do not find each other', async () => {
  await withProducts()
  await createPlan('a-plan')
  await createAddon('an-addon')
  const body = {}
  const publish = publication.body
  const cases = (kind: 'plans' | 'addons', id: string, code: string): Refusal[] => [
    [`v1.${kind}.retrieve`, id, null, 404, code],
    [`v1.${kind}.update`, id, body, 404, code],
    [`v1.${kind}.archive`, id, null, 404, code],
    [`v1.${kind}.createDraft`, id, null, 404, code],
    [`v1.${kind}.removeDraft`, id, null, 404, code],
    [`v1.${kind}.publish`, id, publish, 404, code],
  ]
  await assertRefused([
    ...cases('plans', 'an-addon', 'PlanNotFound'),
    ...cases('addons', 'a-plan', 'AddonNotFound'),
  ])
  for (const [kind, code] of [
    ['plans', 'PlanNotFound'],
    ['addons', 'AddonNotFound'],
  ] as const)
    await assertIdsRefused(
      tenant(),
      { [`v1.${kind}.retrieve`]: {}, [`v1.${kind}.update`]: { body }, [`v1.${kind}.archive`]: {} },
      { params, code, field: /id/ },
    )
})

test('a product has a maximum number of packages', async () => {
  await withProducts()
  for (let count = 0; count < 100; count += 1) await createAddon(`a${count}`)
  await assertRefused([
    ['v1.plans.create', '', plan('more').body, 400, 'InvalidArgumentError'],
    ['v1.addons.create', '', plan('more').body, 400, 'InvalidArgumentError'],
  ])
})

test('the database refuses a change of a published version', async () => {
  await withProducts()
  await createPlan('pro')
  await publishPlan('pro')
  const change = (set: string) =>
    world.bursar.app.db.withClient((client) =>
      client.query(`update package_versions set ${set} where version = 1`),
    )
  await assert.rejects(change(`display_name = 'x'`), /is published/)
  await assert.rejects(change('published_at = null'), /is published/)
})
