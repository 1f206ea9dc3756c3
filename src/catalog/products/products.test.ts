import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentsIn } from '../../../test/support/environments.ts'
import { assertIdsRefused } from '../../../test/support/refuse-ids.ts'
import { LATER, NOW, openWorld } from '../../../test/support/world.ts'
import { replacedBy } from '../../events/what-changed.ts'

const world = await openWorld()
const { changes, fresh, later, tenant } = environmentsIn(world)

const params = (id: string) => ({ params: { id } })
const create = async (body: object) =>
  (await tenant().ok('v1.products.createProduct', { body })).data
const update = async (id: string, body: object) =>
  (await tenant().ok('v1.products.updateProduct', { ...params(id), body })).data
const archive = async (id: string) =>
  (await tenant().ok('v1.products.archiveProduct', params(id))).data
const unarchive = async (id: string) =>
  (await tenant().ok('v1.products.unarchiveProduct', params(id))).data
const duplicate = async (id: string, body: object) =>
  (await tenant().ok('v1.products.duplicateProduct', { ...params(id), body })).data
const listed = async (query: Record<string, string> = {}) =>
  (await tenant().ok('v1.products.listProducts', { query })).data.map(({ id }) => id)
const plans = async (productId: string) =>
  (await tenant().ok('v1.plans.list', { query: { productId } })).data
const addons = async (productId: string) =>
  (await tenant().ok('v1.addons.list', { query: { productId } })).data
/** Returns the type of each event after the first `count`, its object, and the states of it. */
const eventsSince = async (count: number) =>
  (await tenant().announced()).slice(count).map(({ type, objectId, ...states }) => {
    const [before, after] = [states.before, states.after].map(Object)
    const was = before.status ?? (Object.keys(before).length === 0 ? '-' : after.status)
    const version = after.versionNumber ?? before.versionNumber ?? []
    return [type, objectId, version, was, after.status ?? '-'].flat().join(' ')
  })
const createPlan = async (id: string, body: object = {}) =>
  tenant().ok('v1.plans.create', {
    body: { id, productId: 'assistant', displayName: id, pricingType: 'FREE', ...body },
  })
const publish = (id: string) =>
  tenant().ok('v1.plans.publish', { ...params(id), body: { migrationType: 'NEW_CUSTOMERS' } })

const DEFAULTS = {
  subscriptionStartSetup: 'PLAN_SELECTION',
  subscriptionStartPlanId: null,
  subscriptionEndSetup: 'CANCEL_SUBSCRIPTION',
  downgradePlanId: null,
  subscriptionCancellationTime: 'IMMEDIATE',
  prorateAtEndOfBillingPeriod: null,
} as const
const assistant = { id: 'assistant', displayName: 'Assistant' }

test('a product begins published, with default settings', async () => {
  await fresh()
  const texts = { description: 'd', multipleSubscriptions: true, metadata: { a: '1' } }
  const common = {
    status: 'PUBLISHED',
    productSettings: DEFAULTS,
    usageResetCutoffRule: { behavior: 'ALWAYS_RESET' },
    createdAt: NOW,
    updatedAt: NOW,
  }
  assert.deepEqual(await create({ ...assistant, ...texts }), { ...assistant, ...texts, ...common })
  assert.deepEqual(await create({ id: 'b', displayName: 'B', metadata: null }), {
    id: 'b',
    displayName: 'B',
    description: null,
    multipleSubscriptions: false,
    metadata: {},
    ...common,
  })
  assert.deepEqual(await listed(), ['b', 'assistant'])
  assert.deepEqual(await listed({ id: 'assistant' }), ['assistant'])
})

test('fields that are not sent are kept, and the settings are replaced as a whole', async () => {
  await fresh()
  await create({ ...assistant, description: 'd', metadata: { a: '1', b: '2' } })
  await createPlan('free')
  await publish('free')
  later()
  const settings = {
    subscriptionStartSetup: 'FREE_PLAN',
    subscriptionStartPlanId: 'free',
    subscriptionEndSetup: 'DOWNGRADE_TO_FREE',
    downgradePlanId: 'free',
    subscriptionCancellationTime: 'SPECIFIC_DATE',
    prorateAtEndOfBillingPeriod: true,
  }
  const changed = await update('assistant', { productSettings: settings, metadata: { a: '' } })
  assert.deepEqual(changed.productSettings, settings)
  assert.deepEqual([changed.description, changed.metadata], ['d', { b: '2' }])
  assert.deepEqual([changed.createdAt, changed.updatedAt], [NOW, LATER])
  const { subscriptionStartSetup, subscriptionEndSetup, subscriptionCancellationTime } = DEFAULTS
  const required = { subscriptionStartSetup, subscriptionEndSetup, subscriptionCancellationTime }
  const replaced = await update('assistant', { productSettings: required, description: '' })
  assert.deepEqual([replaced.productSettings, replaced.description], [DEFAULTS, null])
  const behavior = 'NEVER_RESET'
  const last = await update('assistant', { usageResetCutoffRule: { behavior }, metadata: null })
  assert.deepEqual([last.usageResetCutoffRule, last.metadata], [{ behavior }, {}])
})

test('settings name published plans of the product', async () => {
  await fresh()
  await create(assistant)
  await create({ id: 'other', displayName: 'Other' })
  await createPlan('draft')
  await createPlan('paid', { pricingType: 'PAID' })
  await createPlan('foreign', { productId: 'other' })
  for (const id of ['paid', 'foreign']) await publish(id)
  await createPlan('old')
  await publish('old')
  await tenant().ok('v1.plans.archive', params('old'))
  const base = { ...DEFAULTS }
  const cases: [settings: object, status: 400 | 404, code: string][] = [
    [{ ...base, subscriptionStartSetup: 'TRIAL_PERIOD' }, 400, 'InvalidArgumentError'],
    [{ ...base, subscriptionStartSetup: 'FREE_PLAN' }, 400, 'InvalidArgumentError'],
    [{ ...base, subscriptionEndSetup: 'DOWNGRADE_TO_FREE' }, 400, 'InvalidArgumentError'],
    [{ ...base, downgradePlanId: 'paid' }, 400, 'InvalidArgumentError'],
    [{ ...base, subscriptionStartPlanId: 'draft' }, 400, 'UnPublishedPackage'],
    [{ ...base, subscriptionStartPlanId: 'old' }, 400, 'UnPublishedPackage'],
    [{ ...base, subscriptionStartPlanId: 'foreign' }, 404, 'PlanNotFound'],
    [{ ...base, downgradePlanId: 'nothing' }, 404, 'PlanNotFound'],
  ]
  for (const [productSettings, status, code] of cases)
    await tenant().refused(
      'v1.products.updateProduct',
      { ...params('assistant'), body: { productSettings } },
      { status, code },
    )
  const [product] = (await tenant().ok('v1.products.listProducts', { query: { id: 'assistant' } }))
    .data
  assert.deepEqual(product?.productSettings, DEFAULTS)
})

test('an archived product takes its packages along, and brings them back', async () => {
  await fresh()
  await create(assistant)
  for (const id of ['sold', 'gone', 'open']) await createPlan(id)
  await createPlan('draft', { parentPlanId: 'sold' })
  for (const id of ['sold', 'gone', 'open']) await publish(id)
  await tenant().ok('v1.plans.archive', params('gone'))
  await tenant().ok('v1.plans.createDraft', params('open'))
  const before = await plans('assistant')
  const count = (await changes()).length
  later()
  const archived = await archive('assistant')
  assert.deepEqual([archived.status, archived.updatedAt], ['ARCHIVED', LATER])
  const states = async () =>
    (await plans('assistant'))
      .map(({ id, status, versionNumber }) => `${id} ${versionNumber} ${status}`)
      .toSorted()
  assert.deepEqual(await states(), [
    'draft 1 ARCHIVED',
    'gone 1 ARCHIVED',
    'open 1 ARCHIVED',
    'sold 1 ARCHIVED',
  ])
  assert.deepEqual(await archive('assistant'), archived)
  await tenant().refused(
    'v1.products.updateProduct',
    { ...params('assistant'), body: {} },
    { status: 400, code: 'EntityIsArchivedError' },
  )
  await tenant().refused(
    'v1.plans.create',
    { body: { id: 'new', productId: 'assistant', displayName: 'New' } },
    { status: 400, code: 'EntityIsArchivedError' },
  )
  const back = await unarchive('assistant')
  assert.deepEqual(await unarchive('assistant'), back)
  assert.deepEqual(await states(), [
    'draft 1 DRAFT',
    'gone 1 ARCHIVED',
    'open 1 PUBLISHED',
    'sold 1 PUBLISHED',
  ])
  const content = (all: typeof before) =>
    all
      .filter(({ versionNumber }) => versionNumber === 1)
      .map((each) => ({ ...each, updatedAt: 0 }))
  assert.deepEqual(content(await plans('assistant')), content(before))
  assert.deepEqual(await eventsSince(count), [
    'plan.deleted sold 1 PUBLISHED ARCHIVED',
    'plan.draft_changed open 2 DRAFT -',
    'plan.deleted open 1 PUBLISHED ARCHIVED',
    'plan.draft_changed draft 1 DRAFT ARCHIVED',
    'product.deleted assistant PUBLISHED ARCHIVED',
    'plan.updated sold 1 ARCHIVED PUBLISHED',
    'plan.updated open 1 ARCHIVED PUBLISHED',
    'plan.draft_changed draft 1 ARCHIVED DRAFT',
    'product.unarchived assistant ARCHIVED PUBLISHED',
  ])
  assert.deepEqual(await listed({ status: 'ARCHIVED' }), [])
})

test('when packages were archived is kept', async () => {
  await fresh()
  await create(assistant)
  for (const id of ['sold', 'gone']) {
    await createPlan(id)
    await publish(id)
  }
  await tenant().ok('v1.plans.archive', params('gone'))
  await archive('assistant')
  later()
  await unarchive('assistant')
  await archive('assistant')
  await archive('assistant')
  await unarchive('assistant')
  const found = await world.bursar.app.db.withClient((client) =>
    client.query<Record<string, string | null>>(
      `select id, number, to_json(a.archived_at)::text as since,
        to_json(unarchived_at)::text as until
      from package_archivals as a join packages using (package_key)
      where a.environment_key = '${tenant().scope.environmentKey}' order by id, number`,
    ),
  )
  const at = (text: string | null | undefined) =>
    text ? new Date(JSON.parse(text) as string).toISOString() : null
  assert.deepEqual(
    found.rows.map(({ id, number, since, until }) => [id, Number(number), at(since), at(until)]),
    [
      ['gone', 1, NOW, null],
      ['sold', 1, NOW, LATER],
      ['sold', 2, LATER, LATER],
    ],
  )
})

test('a duplicate has the settings, the latest versions and the drafts', async () => {
  await fresh()
  await create({ ...assistant, description: 'd', metadata: { a: '1' } })
  const addon = { productId: 'assistant', displayName: 'X', pricingType: 'FREE' }
  for (const id of ['seats', 'support']) {
    await tenant().ok('v1.addons.create', { body: { id, ...addon } })
    const body = { migrationType: 'NEW_CUSTOMERS' }
    await tenant().ok('v1.addons.publish', { ...params(id), body })
  }
  await tenant().ok('v1.addons.createDraft', params('seats'))
  await tenant().ok('v1.addons.update', {
    ...params('seats'),
    body: { dependencies: ['support'], maxQuantity: 7 },
  })
  await createPlan('free', { billingId: 'outside' })
  await createPlan('gone')
  for (const id of ['free', 'gone']) await publish(id)
  await tenant().ok('v1.plans.archive', params('gone'))
  await createPlan('pro', { parentPlanId: 'free', pricingType: 'PAID' })
  await tenant().ok('v1.plans.update', {
    ...params('pro'),
    body: { compatibleAddonIds: ['support', 'seats'] },
  })
  const productSettings = { ...DEFAULTS, downgradePlanId: 'free' }
  await update('assistant', { productSettings })
  later()
  const count = (await changes()).length
  const copy = await duplicate('assistant', { targetId: 'eu' })
  assert.deepEqual(await eventsSince(count), [
    'product.created eu - PUBLISHED',
    'addon.created seats-eu 1 - PUBLISHED',
    'addon.draft_changed seats-eu 2 - DRAFT',
    'addon.created support-eu 1 - PUBLISHED',
    'plan.created free-eu 1 - PUBLISHED',
    'plan.draft_changed pro-eu 1 - DRAFT',
  ])
  assert.deepEqual(
    [copy.displayName, copy.description, copy.metadata, copy.createdAt],
    ['Assistant', 'd', { a: '1' }, LATER],
  )
  assert.deepEqual(copy.productSettings, { ...productSettings, downgradePlanId: 'free-eu' })
  const copies = await plans('eu')
  assert.deepEqual(
    copies.map((each) => [each.id, each.versionNumber, each.status, each.isLatest, each.billingId]),
    [
      ['pro-eu', 1, 'DRAFT', false, null],
      ['free-eu', 1, 'PUBLISHED', true, null],
    ],
  )
  assert.deepEqual(
    [copies[0]?.parentPlanId, copies[0]?.compatibleAddonIds],
    ['free-eu', ['support-eu', 'seats-eu']],
  )
  assert.deepEqual(
    (await addons('eu')).map((each) => [each.id, each.versionNumber, each.dependencies]),
    [
      ['support-eu', 1, []],
      ['seats-eu', 2, ['support-eu']],
      ['seats-eu', 1, []],
    ],
  )
  await duplicate('eu', { targetId: 'us', displayName: 'US', description: '' })
  assert.deepEqual((await listed()).toSorted(), ['assistant', 'eu', 'us'])
})

test('a duplicate that cannot have its ids is refused whole', async () => {
  await fresh()
  await create(assistant)
  await createPlan('free')
  await createPlan('free-taken')
  const refused = (targetId: string, status: 400 | 409, code: string) =>
    tenant().refused(
      'v1.products.duplicateProduct',
      { ...params('assistant'), body: { targetId } },
      { status, code, message: /^targetId/ },
    )
  await refused('taken', 400, 'DuplicateProductValidationError')
  await refused('x'.repeat(255), 400, 'DuplicateProductValidationError')
  await refused('assistant', 409, 'DuplicatedEntityNotAllowed')
  await duplicate('assistant', { targetId: 'eu' })
  await refused('eu', 409, 'DuplicatedEntityNotAllowed')
  assert.deepEqual((await listed()).toSorted(), ['assistant', 'eu'])
  await archive('assistant')
  await tenant().refused(
    'v1.products.duplicateProduct',
    { ...params('assistant'), body: { targetId: 'eu' } },
    { status: 400, code: 'EntityIsArchivedError' },
  )
})

test('repeating a write changes nothing and publishes no event', async () => {
  await fresh()
  const created = await create(assistant)
  await tenant().refused(
    'v1.products.createProduct',
    { body: assistant },
    { status: 409, code: 'DuplicatedEntityNotAllowed', message: /assistant/ },
  )
  later()
  assert.deepEqual(await update('assistant', { productSettings: DEFAULTS }), created)
  const renamed = await update('assistant', { displayName: 'Helper' })
  assert.deepEqual(await changes(), [
    ['product.created', null, created],
    ['product.updated', replacedBy(created, renamed), renamed],
  ])
})

test('an unknown product is a 404 ProductNotFoundError, and an invalid id is a 400', async () => {
  await fresh()
  const calls = {
    'v1.products.updateProduct': { body: {} },
    'v1.products.archiveProduct': {},
    'v1.products.unarchiveProduct': {},
    'v1.products.duplicateProduct': { body: { targetId: 'copy' } },
  }
  await assertIdsRefused(tenant(), calls, { params, code: 'ProductNotFoundError', field: /id/ })
})
