import assert from 'node:assert/strict'
import { test } from 'node:test'
import { params, type Row, row, shown } from '../../test/support/budgets.ts'
import { officeIn } from '../../test/support/office.ts'
import { openWorld } from '../../test/support/world.ts'
import { sql } from '../db/index.ts'
import { instantFromWire } from '../kernel/clock.ts'

const world = await openWorld()
const { app } = world.bursar
const { furnished, upsert, read, names, use, archive } = officeIn(world)

test('without capabilities, every active entity is listed once, with its parent and without usage', async () => {
  await furnished()
  await upsert(
    row('acme', { usageLimit: 1 }),
    row('eng', { usageLimit: 1, parentId: 'acme' }),
    row('eng', { scopeEntityIds: ['gpt'], usageLimit: 1 }),
    row('ann', { usageLimit: 1, parentId: 'eng' }),
  )
  const ids = ['acme', 'ann', 'b_x', 'bob', 'eng', 'gpt', 'ops']
  const { data, pagination } = await read({ order: 'asc' })
  assert.deepEqual(shown(data), ids)
  assert.deepEqual(pagination, { next: null })
  assert.deepEqual(data[4], {
    entityId: 'eng',
    entityTypeId: 'team',
    entityType: 'team',
    displayName: null,
    parentId: 'acme',
    scopeEntityIds: [],
    usageLimit: null,
    currentUsage: null,
    utilization: null,
    cadence: null,
    usagePeriodStart: null,
    usagePeriodEnd: null,
  })
  assert.deepEqual(
    data.map(({ parentId }) => parentId),
    [null, 'eng', null, null, 'acme', null, null],
  )
  // All orders except that of creation are by id.
  for (const sortBy of ['utilization', 'currentUsage', 'usageLimit', 'scopeSize', 'id'])
    assert.deepEqual(await names({ sortBy }), ids.toReversed())
  const created = ['acme', 'eng', 'ops', 'ann', 'bob', 'b_x', 'gpt']
  assert.deepEqual(await names({ sortBy: 'createdAt' }), created.toReversed())
  assert.deepEqual(await names({ sortBy: 'createdAt', order: 'asc' }), created)
  // Entities have neither scopes nor usage.
  assert.deepEqual(await names({ scope: 'scoped' }), [])
  assert.deepEqual(await names({ minUtilization: '0' }), [])
  assert.equal((await names({ scope: 'nodeWide' })).length, ids.length)
})

test('an archived entity is not listed, but its children still name it as their parent', async () => {
  await furnished()
  await upsert(
    row('acme', { usageLimit: 1 }),
    row('eng', { usageLimit: 1, parentId: 'acme' }),
    row('ann', { usageLimit: 1, parentId: 'eng' }),
  )
  await archive('eng')
  for (const query of [{}, { featureIds: 'tokens' }]) {
    const { data } = await read({ order: 'asc', sortBy: 'id', ...query })
    assert.ok(!shown(data).includes('eng'))
    assert.equal(data.find(({ entityId }) => entityId === 'ann')?.parentId, 'eng')
  }
})

test('with capabilities, each of their budgets is listed once, with its usage in the current window', async () => {
  await furnished()
  await upsert(
    row('eng', { usageLimit: 1000 }),
    row('eng', { scopeEntityIds: ['gpt'], usageLimit: 500 }),
    row('eng', { featureId: 'calls', usageLimit: 3 }),
    row('eng', { featureId: undefined, currencyId: 'credits', usageLimit: 7 }),
  )
  await use('teamId=eng', 690)
  await use('teamId=eng modelId=gpt', 130)
  const common = {
    entityId: 'eng',
    entityTypeId: 'team',
    entityType: 'team',
    displayName: null,
    parentId: null,
    cadence: 'P1M',
    usagePeriodStart: '2026-05-01T00:00:00.000Z',
    usagePeriodEnd: '2026-06-01T00:00:00.000Z',
  }
  const tokens = (more: Row) => ({ ...common, featureId: 'tokens', ...more })
  const nodeWide = tokens({
    scopeEntityIds: [],
    usageLimit: 1000,
    currentUsage: 820,
    utilization: 0.82,
  })
  const scoped = tokens({
    scopeEntityIds: ['gpt'],
    usageLimit: 500,
    currentUsage: 130,
    utilization: 0.26,
  })
  assert.deepEqual((await read({ featureIds: 'tokens' })).data, [nodeWide, scoped])
  const credits = {
    ...common,
    currencyId: 'credits',
    scopeEntityIds: [],
    usageLimit: 7,
    currentUsage: 0,
    utilization: 0,
  }
  assert.deepEqual((await read({ currencyIds: 'credits' })).data, [credits])
  assert.equal((await read({ featureIds: 'tokens,calls', currencyIds: 'credits' })).data.length, 4)
  assert.deepEqual((await read({ featureIds: 'none' })).data, [])
  world.clock.moveTo(instantFromWire('2026-06-01T00:00:00.000Z'))
  assert.deepEqual((await read({ featureIds: 'tokens', scope: 'nodeWide' })).data, [
    {
      ...nodeWide,
      currentUsage: 0,
      utilization: 0,
      usagePeriodStart: '2026-06-01T00:00:00.000Z',
      usagePeriodEnd: '2026-07-01T00:00:00.000Z',
    },
  ])
})

test('utilization may exceed 1, is 1 at a limit of 0, is null without a limit, and is never negative', async () => {
  await furnished()
  await upsert(
    row('eng', { usageLimit: 50 }),
    row('ops', { usageLimit: 0 }),
    row('ann', { usageLimit: null }),
    row('bob', { usageLimit: 3 }),
    row('b_x', { usageLimit: 3 }),
  )
  await use('teamId=eng', 51)
  await use('userId=ann', 9)
  await use('userId=bob', 1)
  await use('userId=b_x', -1)
  assert.deepEqual(
    (await read({ featureIds: 'tokens' })).data.map(({ entityId, currentUsage, utilization }) => [
      entityId,
      currentUsage,
      utilization,
    ]),
    [
      ['eng', 51, 1.02],
      ['ops', 0, 1],
      ['bob', 1, 0.3333333333],
      ['b_x', 0, 0],
      ['ann', 9, null],
    ],
  )
})

test('usage is shown in limited units', async () => {
  const tenant = await furnished()
  await upsert(row('eng', { usageLimit: 4 }))
  for (const [round, used, units] of [
    ['UP', 2001, 3],
    ['DOWN', 0, 2],
    ['UP', 999, 3],
    ['DOWN', 0, 3],
  ] as const) {
    await tenant.ok('v1.features.updateFeature', {
      params: { id: 'tokens' },
      body: { unitTransformation: { divide: 1000, round, featureUnits: 'k' } },
    })
    await use('teamId=eng', used)
    const [found] = (await read({ featureIds: 'tokens' })).data
    assert.deepEqual([found?.currentUsage, found?.utilization], [units, units / 4], round)
  }
})

test('a search finds names that an older version wrote, and follows every change of a name', async () => {
  const tenant = await furnished()
  await app.db.transaction((tx) =>
    tx.execute(sql`
      update entities set folded_name = null
      where environment_key = ${tenant.scope.environmentKey}::uuid`),
  )
  assert.deepEqual(await names({ entityIdSearch: '100%' }), ['ann'])
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params,
    body: { entities: [{ id: 'ann', displayName: 'Zoë' }] },
  })
  assert.deepEqual(await names({ entityIdSearch: 'ZOË' }), ['ann'])
  assert.deepEqual(await names({ entityIdSearch: '100%' }), [])
})

test('the tree of an unknown customer is empty, and an archived customer keeps its tree', async () => {
  const tenant = await furnished()
  const { data, pagination } = await tenant.ok('v1.events.beta.customers.retrieveGovernance', {
    params: { id: 'nobody' },
    query: { featureIds: 'tokens' },
  })
  assert.deepEqual([data, pagination], [[], { next: null }])
  await tenant.ok('v1.customers.archive', { params })
  assert.equal((await names()).length, 7)
})
