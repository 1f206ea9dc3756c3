import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budgetsIn, params, type Row, row } from '../../test/support/budgets.ts'
import { LATER, NOW, openWorld } from '../../test/support/world.ts'

const world = await openWorld()
const { announced, archive, fresh, later, listed, metered, refused, upsert } = budgetsIn(world)

test('budgets of features and of currencies are returned in the order of the request', async () => {
  await fresh()
  const [first, second] = await upsert(
    row('team', { parentId: 'org', usageLimit: 200.5, scopeEntityIds: ['gpt', 'eu', 'gpt'] }),
    { entityId: 'org', currencyId: 'credits', usageLimit: 0, cadence: 'P30D' },
  )
  assert.deepEqual(
    [first, second],
    [
      {
        id: first?.id,
        entityId: 'team',
        featureId: 'tokens',
        scopeEntityIds: ['eu', 'gpt'],
        usageLimit: 200.5,
        cadence: 'P1M',
        parentId: 'org',
        createdAt: NOW,
        updatedAt: NOW,
      },
      {
        id: second?.id,
        entityId: 'org',
        currencyId: 'credits',
        scopeEntityIds: [],
        usageLimit: 0,
        cadence: 'P30D',
        parentId: null,
        createdAt: NOW,
        updatedAt: NOW,
      },
    ],
  )
  assert.deepEqual(await listed(), [second, first])
  assert.deepEqual(
    (await announced()).map(({ type, objectId, before, after }) => [type, objectId, before, after]),
    [
      ['entity.entitlement.created', first?.id, null, first],
      ['entity.entitlement.created', second?.id, null, second],
    ],
  )
})

test('the list of budgets may have either of its names, or both with the same content', async () => {
  const tenant = await fresh()
  const body = { entityEntitlements: [row('org', { usageLimit: 1 })] }
  const { data } = await tenant.ok('v1Beta.customers.assignments.upsert', {
    params,
    body,
    twin: true,
  })
  assert.deepEqual(await upsert(row('org')), [{ ...data[0], usageLimit: null, updatedAt: NOW }])
  await tenant.ok('v1Beta.customers.assignments.upsert', {
    params,
    body: { ...body, assignments: body.entityEntitlements },
  })
  const refusal = { status: 400, code: 'BadUserInput' }
  for (const [wrong, message] of [
    [{}, /assignments/],
    [{ ...body, assignments: [row('team')] }, /entityEntitlements and assignments differ/],
    [{ entityEntitlements: [row('nobody')] }, /^entityEntitlements\[0\] \(nobody\)/],
  ] as const)
    await tenant.refused(
      'v1Beta.customers.assignments.upsert',
      { params, body: wrong },
      { ...refusal, message },
    )
})

test('entity, capability and scope identify a budget, whatever the order of the scope', async () => {
  await fresh()
  const ids = (
    await upsert(
      row('team'),
      row('team', { scopeEntityIds: ['gpt'] }),
      row('team', { scopeEntityIds: ['gpt', 'eu'] }),
      row('ann', { scopeEntityIds: ['gpt'] }),
      row('team', { featureId: undefined, currencyId: 'credits' }),
    )
  ).map(({ id }) => id)
  assert.equal(new Set(ids).size, 5)
  later()
  const [again] = await upsert(row('team', { scopeEntityIds: ['eu', 'gpt', 'eu'], usageLimit: 7 }))
  assert.deepEqual([again?.id, again?.usageLimit, again?.updatedAt], [ids[2], 7, LATER])
  assert.equal((await listed()).length, 5)
})

test('sending a request again changes nothing and publishes no event', async () => {
  await fresh()
  const items = [
    row('team', { parentId: 'org', usageLimit: 10 }),
    row('org', { usageLimit: 20, cadence: 'MONTH' }),
    row('ann', { parentId: 'team', scopeEntityIds: ['gpt'] }),
  ]
  const first = await upsert(...items)
  assert.equal(first[1]?.cadence, 'P1M')
  const before = await announced()
  later()
  assert.deepEqual(await upsert(...items), first)
  assert.deepEqual(
    await upsert(
      ...items.map(({ entityId, featureId, scopeEntityIds }) => ({
        entityId,
        featureId,
        scopeEntityIds,
      })),
    ),
    first,
  )
  assert.deepEqual(await announced(), before)
})

test('an absent limit or cadence is kept, and a limit of null means unlimited', async () => {
  await fresh()
  await upsert(row('org', { usageLimit: 10 }))
  later()
  const change = async (more: Row) =>
    (await upsert({ entityId: 'org', featureId: 'tokens', ...more }))[0]
  assert.equal((await change({ cadence: 'P1D' }))?.usageLimit, 10)
  assert.equal((await change({ usageLimit: null }))?.usageLimit, null)
  const last = await change({ usageLimit: 5 })
  assert.deepEqual([last?.usageLimit, last?.cadence, last?.createdAt], [5, 'P1D', NOW])
  assert.deepEqual(
    (await announced()).map(({ type, before }) => [type, (before as Row | null)?.usageLimit]),
    [
      ['entity.entitlement.created', undefined],
      ['entity.entitlement.updated', undefined],
      ['entity.entitlement.updated', 10],
      ['entity.entitlement.updated', null],
    ],
  )
})

test('a row with missing, invalid or contradictory fields is refused with its index and entity', async () => {
  await fresh()
  const good = row('org')
  const bad: readonly (readonly [Row, RegExp])[] = [
    [row('team', { currencyId: 'credits' }), /either featureId or currencyId/],
    [row('team', { featureId: undefined }), /either featureId or currencyId/],
    [row('team', { usageLimit: undefined }), /usageLimit is required/],
    [row('team', { cadence: undefined }), /cadence is required/],
    [row('team', { cadence: 'monthly' }), /cadence must be .* with one unit/],
    [row('team', { cadence: 'P11Y' }), /cadence must be at most ten years/],
    [row('team', { usageLimit: 1.00000000001 }), /usageLimit.*10 decimals/],
    [row('team', { usageLimit: 1e21 }), /usageLimit/],
    [row('nobody'), /entityId: entity nobody not found/],
    [row('team', { parentId: 'nobody' }), /parentId: entity nobody not found/],
    [row('team', { scopeEntityIds: ['gpt', 'nobody'] }), /scopeEntityIds: entity nobody not found/],
    [row('team', { parentId: 'team' }), /cycle/],
    [row('org', { usageLimit: 1 }), /duplicate budget, also at assignments\[0\] \(org\)/],
    [row('org', { scopeEntityIds: [], cadence: 'P1D' }), /duplicate budget/],
  ]
  for (const [wrong, message] of bad) {
    await refused([good, wrong], message)
    await refused([good, wrong], new RegExp(`^assignments\\[1\\] \\(${wrong.entityId}\\): `))
  }
  for (const [wrong, message] of [
    [row('team', { usageLimit: -1 }), /usageLimit/],
    [row('team', { usageLimit: '1' }), /usageLimit/],
    [row('team', { scopeEntityIds: Array.from({ length: 101 }, (_, at) => `e${at}`) }), /scope/],
    [row('team', { enforcement: 'soft' }), /enforcement/],
  ] as const)
    await refused([good, wrong], message)
  await refused([], /assignments/)
  await refused(
    Array.from({ length: 101 }, (_, at) => row(`e${at}`)),
    /assignments/,
  )
  assert.deepEqual(await listed(), [])
  assert.deepEqual(await announced(), [])
})

test('a budget needs a feature that is summed or counted, or a currency', async () => {
  const tenant = await fresh()
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'sso', displayName: 'SSO', featureType: 'BOOLEAN' },
  })
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'rows', displayName: 'Rows', featureType: 'NUMBER', meterType: 'None' },
  })
  const unfit = { code: 'UnsupportedFeatureType' }
  for (const featureId of ['sso', 'rows'])
    await refused([row('org'), row('team', { featureId })], /assignments\[1\].*not metered/, unfit)
  for (const [name, isFit] of [
    ['SUM', true],
    ['COUNT', true],
    ['UNIQUE', false],
    ['MAX', false],
    ['MIN', false],
    ['AVG', false],
  ] as const) {
    const id = `by-${name}`
    await metered(id)
    const aggregation = name === 'COUNT' ? { function: name } : { function: name, field: 'amount' }
    const meter = { aggregation, filters: [{ conditions: [] }] }
    await tenant.ok('v1.features.updateFeature', { params: { id }, body: { meter } })
    if (isFit) {
      await upsert(row('org', { featureId: id }))
      const largest = { aggregation: { function: 'MAX', field: 'amount' }, filters: [] }
      await tenant.refused(
        'v1.features.updateFeature',
        { params: { id }, body: { meter: largest } },
        { status: 400, code: 'InvalidArgumentError', message: /budgets/ },
      )
    } else await refused([row('org', { featureId: id })], new RegExp(`${id}.*${name}`), unfit)
  }
})

test('an unknown feature, currency or customer is a 404 with its own code', async () => {
  const tenant = await fresh()
  await refused([row('org', { featureId: 'none' })], /assignments\[0\].*none/, {
    status: 404,
    code: 'FeatureNotFound',
  })
  const money = { featureId: undefined, currencyId: 'tokens' }
  await refused([row('org', money)], /assignments\[0\].*tokens/, {
    status: 404,
    code: 'CustomCurrencyNotFound',
  })
  const nobody = { params: { id: 'nobody' } }
  const unknown = { status: 404, code: 'CustomerNotFound' }
  await tenant.refused(
    'v1Beta.customers.assignments.upsert',
    { ...nobody, body: { assignments: [row('org'), row('org')] } },
    unknown,
  )
  await tenant.refused('v1Beta.customers.assignments.list', nobody, unknown)
})

test('the budgets of an archived customer can be read, and every write is refused', async () => {
  const tenant = await fresh()
  const before = await upsert(row('org'))
  await tenant.ok('v1.customers.archive', { params })
  await refused([row('org', { usageLimit: 1 })], /archived/, { code: 'EntityIsArchivedError' })
  assert.deepEqual(await listed(), before)
})

test('an archived object is refused in a new reference and accepted in an existing one', async () => {
  const tenant = await fresh()
  const rows = [
    row('team', { parentId: 'org', scopeEntityIds: ['gpt'] }),
    row('ann', { parentId: 'team' }),
  ]
  const before = await upsert(...rows)
  await archive('team', 'org', 'gpt')
  await tenant.ok('v1.features.archiveFeature', { params: { id: 'tokens' } })
  assert.deepEqual(await upsert(...rows), before)
  assert.equal((await upsert({ ...rows[0], usageLimit: 3 }))[0]?.usageLimit, 3)
  const archived = { code: 'EntityIsArchivedError' }
  await refused([row('bob')], /feature tokens is archived/, archived)
  await tenant.ok('v1.features.unarchiveFeature', { params: { id: 'tokens' } })
  for (const [wrong, id] of [
    [row('team'), 'team'],
    [row('bob', { scopeEntityIds: ['gpt'] }), 'gpt'],
    [row('bob', { parentId: 'team' }), 'team'],
    [row('ann', { parentId: 'org' }), 'org'],
    [row('team', { scopeEntityIds: ['gpt'], parentId: null }), 'team'],
  ] as const)
    await refused([wrong], new RegExp(`the entity ${id} is archived`), archived)
})
