import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentsIn } from '../../../test/support/environments.ts'
import {
  newPackage,
  packagesIn,
  params,
  publication,
  type Refusal,
} from '../../../test/support/packages.ts'
import { assertIdsRefused } from '../../../test/support/refuse-ids.ts'
import { LATER, NOW, openWorld } from '../../../test/support/world.ts'
import { replacedBy } from '../../events/what-changed.ts'

const world = await openWorld()
const environments = environmentsIn(world)
const { changes, later, tenant } = environments
const {
  assertRefused,
  createAddon,
  createPlan,
  getPlan,
  publishAddon,
  publishPlan,
  updateAddon,
  updatePlan,
  withProducts,
} = packagesIn(environments)

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
  const body = (extra: object) => newPackage('new', extra).body
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

test('the budget of a trial is an exact amount', async () => {
  await withProducts()
  await createPlan('pro')
  const trial = (limit: number) => ({
    defaultTrialConfig: { duration: 14, units: 'DAY', budget: { hasSoftLimit: true, limit } },
  })
  for (const limit of [0, 0.1, 0.3000000001, 99.99, 123_456_789_012.345, 2 ** 53 - 1]) {
    await updatePlan('pro', trial(limit))
    assert.deepEqual((await getPlan('pro')).defaultTrialConfig?.budget, {
      hasSoftLimit: true,
      limit,
    })
  }
  const refusal = {
    status: 400,
    code: 'BadUserInput',
    message: /^defaultTrialConfig\.budget\.limit/,
  } as const
  for (const limit of [0.1 + 0.2, 5e-324, 1e-11, 1.234_567_890_123_456_7, -0.01, 2 ** 53]) {
    await tenant().refused('v1.plans.update', { ...params('pro'), body: trial(limit) }, refusal)
    await tenant().refused('v1.plans.create', newPackage('new', trial(limit)), refusal)
  }
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
  const older = String(pageTwo.pagination.prev)
  assert.deepEqual((await tenant().ok('v1.plans.removeDraft', params('pro'))).data, { id: 'pro' })
  assert.deepEqual((await tenant().ok('v1.plans.list')).data, [published])
  const { data: next } = await tenant().ok('v1.plans.createDraft', params('pro'))
  assert.equal(next.versionNumber, 2)
  const result = await tenant().ok('v1.plans.publish', {
    ...params('pro'),
    body: { migrationType: 'NEW_CUSTOMERS' },
  })
  assert.deepEqual(result, { data: { taskId: null } })
  // The first page ended with a version that is not listed any more.
  const beyond = await tenant().ok('v1.plans.list', { query: { limit: '1', after: older } })
  assert.deepEqual(beyond.data, [])
  const second = { ...next, status: 'PUBLISHED', isLatest: true } as const
  assert.deepEqual((await tenant().ok('v1.plans.list')).data, [second])
  const archived = (await tenant().ok('v1.plans.archive', params('pro'))).data
  assert.deepEqual(archived, { ...second, status: 'ARCHIVED' })
  assert.deepEqual((await tenant().ok('v1.plans.archive', params('pro'))).data, archived)
  const { data: products } = await tenant().ok('v1.products.listProducts')
  assert.deepEqual(await changes(), [
    ...products.toReversed().map((product) => ['product.created', null, product]),
    ['plan.draft_changed', null, first],
    ['plan.created', null, published],
    ['plan.draft_changed', null, draft],
    ['plan.draft_changed', replacedBy(draft, changed), changed],
    ['plan.draft_changed', changed, null],
    ['plan.draft_changed', null, next],
    ['plan.updated', replacedBy(published, second), second],
    ['plan.deleted', replacedBy(second, archived), archived],
  ])
})

test('a package that was never published goes with its draft, and its id is free', async () => {
  await withProducts()
  const first = await createPlan('pro')
  await tenant().ok('v1.plans.removeDraft', params('pro'))
  assert.deepEqual((await changes()).at(-1), ['plan.draft_changed', first, null])
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
    const charges = { charges: { pricingType: 'PAID', pricingModels: [] } }
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
      [`v1.${kind}.update`, open, charges, 400, 'UnsupportedParameter'],
      [`v1.${kind}.update`, sold, charges, 400, 'CannotEditPackageInNonDraftMode'],
      [`v1.${kind}.update`, gone, charges, 400, 'EntityIsArchivedError'],
      [`v1.${kind}.update`, 'nope', charges, 404, isPlan ? 'PlanNotFound' : 'AddonNotFound'],
    ])
    const query = { draft: 'true' }
    const noDraft = { status: 404, code: 'NoDraftOfferFound' } as const
    await tenant().refused(`v1.${kind}.retrieve`, { ...params(sold), query }, noDraft)
  }
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
    ['v1.plans.create', '', newPackage('more').body, 400, 'InvalidArgumentError'],
    ['v1.addons.create', '', newPackage('more').body, 400, 'InvalidArgumentError'],
    ['v1.addons.create', '', newPackage('a7').body, 409, 'DuplicatedEntityNotAllowed'],
  ])
})

test('the database refuses a change of a published version, but not the repair of its instants', async () => {
  await withProducts()
  const draft = await createPlan('pro')
  await publishPlan('pro')
  await tenant().ok('v1.plans.createDraft', params('pro'))
  const run = (statement: string) =>
    world.bursar.app.db.withClient((client) =>
      client.query(`${statement} and environment_key = '${tenant().scope.environmentKey}'`),
    )
  for (const set of [`display_name = 'x'`, 'published_at = null', 'version = 9', `metadata = '[]'`])
    await assert.rejects(
      run(`update package_versions set ${set} where version = 1`),
      /is published/,
      set,
    )
  await assert.rejects(run('delete from package_versions where version = 1'), /is published/)
  const instants = ['created_at', 'updated_at', 'published_at']
  for (const column of instants)
    await run(`update package_versions set ${column} = '${LATER}' where version = 1`)
  const { createdAt, updatedAt, ...repaired } = await getPlan('pro')
  assert.deepEqual([createdAt, updatedAt], [LATER, LATER])
  const { createdAt: _, updatedAt: _1, ...created } = draft
  assert.deepEqual(repaired, { ...created, status: 'PUBLISHED', isLatest: true })
  await run('delete from package_versions where version = 2')
})
