import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW, openWorld, type Tenant } from '../../test/support/world.ts'
import { findFeatures } from '../catalog/index.ts'
import { findCustomerKey } from '../customers/index.ts'
import { column, row, sql } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import { instantFromWire, instantToWire } from '../kernel/clock.ts'
import { windowOf } from './cadence.ts'
import type { CompanyBudget } from './testing.ts'
import { recordUsage } from './testing-usage.ts'

const params = { id: 'acme' }
const DAY = 86_400_000
const now = instantFromWire(NOW)
const world = await openWorld()
const { app } = world.bursar
let tenant: Tenant

type Row = Record<string, unknown>

/** The sample company: an organisation, two teams, three users, and a model. */
async function fresh() {
  world.clock.moveTo(now)
  tenant = await world.tenant()
  const types = ['org', 'team', 'user', 'model']
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: types.map((id) => ({ id, displayName: id, attributionKeys: [`${id}Id`] })) },
  })
  for (const id of ['tokens', 'calls'])
    await tenant.ok('v1.features.createFeature', {
      body: { id, displayName: id, featureType: 'NUMBER', meterType: 'INCREMENTAL' },
    })
  await tenant.ok('v1.credits.customCurrencies.create', {
    body: { id: 'credits', displayName: 'Credits' },
  })
  await tenant.ok('v1.customers.provision', { body: params })
  const entities = {
    acme: 'org',
    eng: 'team',
    ops: 'team',
    ann: 'user',
    bob: 'user',
    b_x: 'user',
    gpt: 'model',
  }
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params,
    body: {
      entities: Object.entries(entities).map(([id, entityTypeId]) => ({
        id,
        entityTypeId,
        ...(id === 'ann' ? { displayName: 'ÄNNE 100% of_it' } : {}),
      })),
    },
  })
}

const put = async (...budgets: (CompanyBudget & { parentId?: string | null })[]) =>
  tenant.ok('v1Beta.customers.assignments.upsert', {
    params,
    body: {
      assignments: budgets.map(({ entity, capability = 'tokens', scope, limit, ...more }) => ({
        entityId: entity,
        ...(capability === 'credits' ? { currencyId: capability } : { featureId: capability }),
        scopeEntityIds: [...(scope ?? [])],
        usageLimit: limit,
        cadence: more.cadence ?? 'P1M',
        parentId: more.parentId,
      })),
    },
  })

const read = (query: Record<string, string> = {}) =>
  tenant.ok('v1.events.beta.customers.retrieveGovernance', { params, query })
const refused = (query: Record<string, string>, message: RegExp) =>
  tenant.refused(
    'v1.events.beta.customers.retrieveGovernance',
    { params, query },
    { status: 400, code: 'BadUserInput', message },
  )
/** `eng` or `eng[gpt]`, in order. */
const shown = (rows: readonly { entityId: string; scopeEntityIds: string[] }[]) =>
  rows.map(({ entityId: id, scopeEntityIds: scope }) =>
    scope.length === 0 ? id : `${id}[${scope}]`,
  )
const names = async (query: Record<string, string> = {}) => shown((await read(query)).data)

async function use(dimension: string, amount: number, daysAgo = 0) {
  const customerKey = required(await findCustomerKey(app.db.read, tenant.scope, 'acme'), 'acme')
  const [feature] = await findFeatures(app.db.read, tenant.scope, ['tokens'])
  const dimensions = dimension.split(' ').map((each) => each.split('=') as [string, string])
  const occurredAt = world.clock.now() - daysAgo * DAY
  await recordUsage({ ...app, scope: tenant.scope, customerKey, now: world.clock.now() }, [
    { capabilityKey: required(feature, 'tokens').key, amount, dimensions, occurredAt },
  ])
}

test('without capabilities every active entity stands once, with its place and no usage', async () => {
  await fresh()
  await put(
    { entity: 'acme', limit: 1 },
    { entity: 'eng', limit: 1, parentId: 'acme' },
    { entity: 'eng', scope: ['gpt'], limit: 1 },
    { entity: 'ann', limit: 1, parentId: 'eng' },
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
  // All orders but that of creation are that of ids.
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

test('an archived entity is no row, and still the parent of its children', async () => {
  await fresh()
  await put(
    { entity: 'acme', limit: 1 },
    { entity: 'eng', limit: 1, parentId: 'acme' },
    { entity: 'ann', limit: 1, parentId: 'eng' },
  )
  await tenant.ok('v1Beta.customers.entities.archive', { params, body: { ids: ['eng'] } })
  for (const query of [{}, { featureIds: 'tokens' }]) {
    const { data } = await read({ order: 'asc', sortBy: 'id', ...query })
    assert.ok(!shown(data).includes('eng'))
    assert.equal(data.find(({ entityId }) => entityId === 'ann')?.parentId, 'eng')
  }
})

test('with capabilities each budget of them stands once, with its usage of the window now', async () => {
  await fresh()
  await put(
    { entity: 'eng', limit: 1000 },
    { entity: 'eng', scope: ['gpt'], limit: 500 },
    { entity: 'eng', capability: 'calls', limit: 3 },
    { entity: 'eng', capability: 'credits', limit: 7 },
  )
  await use('teamId=eng', 690)
  await use('teamId=eng modelId=gpt', 130)
  const row = {
    entityId: 'eng',
    entityTypeId: 'team',
    entityType: 'team',
    displayName: null,
    parentId: null,
    cadence: 'P1M',
    usagePeriodStart: '2026-05-01T00:00:00.000Z',
    usagePeriodEnd: '2026-06-01T00:00:00.000Z',
  }
  const tokens = (more: Row) => ({ ...row, featureId: 'tokens', ...more })
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
    ...row,
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

test('utilization is uncapped, 1 at a limit of 0, null without a limit, and never below 0', async () => {
  await fresh()
  await put(
    { entity: 'eng', limit: 50 },
    { entity: 'ops', limit: 0 },
    { entity: 'ann', limit: null },
    { entity: 'bob', limit: 3 },
    { entity: 'b_x', limit: 3 },
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

test('usage is in the units that are limited, as everywhere', async () => {
  await fresh()
  await put({ entity: 'eng', limit: 4 })
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
    const [row] = (await read({ featureIds: 'tokens' })).data
    assert.deepEqual([row?.currentUsage, row?.utilization], [units, units / 4], round)
  }
})

test('orders go both ways, values that are missing last, and a window of any cadence is in them', async () => {
  await fresh()
  await put(
    { entity: 'eng', limit: 10, cadence: 'P1D' },
    { entity: 'ops', limit: null, cadence: 'PT15M' },
    { entity: 'ann', limit: 5, scope: ['gpt', 'eng'], cadence: 'P3M' },
    { entity: 'bob', limit: 40, scope: ['gpt'], cadence: 'P10D' },
  )
  world.clock.moveTo(now + 47 * DAY)
  await use('teamId=eng', 9, 1)
  await use('teamId=eng', 3)
  await use('teamId=ops', 7)
  await use('userId=ann modelId=gpt teamId=eng', 1, 46)
  await use('userId=bob modelId=gpt', 4, 7)
  await use('userId=bob modelId=gpt', 30, 20)
  const orders: Record<string, string[]> = {
    // ann 1/5, eng 3/10, bob 4/40, ops 7.
    utilization: ['eng', 'ann[eng,gpt]', 'bob[gpt]', 'ops'],
    currentUsage: ['ops', 'bob[gpt]', 'eng', 'ann[eng,gpt]'],
    usageLimit: ['bob[gpt]', 'eng', 'ann[eng,gpt]', 'ops'],
    scopeSize: ['ann[eng,gpt]', 'bob[gpt]', 'ops', 'eng'],
    id: ['ops', 'eng', 'bob[gpt]', 'ann[eng,gpt]'],
    createdAt: ['bob[gpt]', 'ann[eng,gpt]', 'ops', 'eng'],
  }
  for (const [sortBy, expected] of Object.entries(orders)) {
    assert.deepEqual(await names({ featureIds: 'tokens', sortBy }), expected, sortBy)
    const isLast = (name: string) =>
      ['utilization', 'usageLimit'].includes(sortBy) && name === 'ops'
    assert.deepEqual(
      await names({ featureIds: 'tokens', sortBy, order: 'asc' }),
      [...expected.filter((each) => !isLast(each)).toReversed(), ...expected.filter(isLast)],
      sortBy,
    )
  }
  assert.deepEqual(await names({ featureIds: 'tokens' }), orders.utilization)
})

test('a window ends where the statement ends it: its cadence after its start', async () => {
  const random = (below: number) => Math.floor(below * fraction())
  let seed = 7
  const fraction = () => {
    seed = (seed * 16_807) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const cadences = ['PT1M', 'PT99999M', 'PT5H', 'P1D', 'P30D', 'P3W', 'P1M', 'P7M', 'P1Y', 'P3Y']
  const windows = Array.from({ length: 500 }, (_, index) => {
    const cadence = cadences[index % cadences.length] ?? ''
    const createdAt = now - random(20 * 365) * DAY + random(DAY)
    return { cadence, window: windowOf({ cadence, createdAt }, now + random(40 * 365) * DAY) }
  })
  const ends = await app.db.read.many(
    row({ end: column.instant }),
    sql`
    select window_start + cadence::interval as end
    from unnest(
      ${windows.map(({ window }) => instantToWire(window.start))}::timestamptz[],
      ${windows.map(({ cadence }) => cadence)}::text[]
    ) with ordinality as w (window_start, cadence, number)
    order by number`,
  )
  assert.deepEqual(
    ends.map(({ end }) => end),
    windows.map(({ window }) => window.end),
  )
})

test('pages of every order hold each row once, in its order', async () => {
  await fresh()
  const entities = ['acme', 'eng', 'ops', 'ann', 'bob', 'b_x', 'gpt']
  await put(
    ...entities.map((entity, index) => ({
      entity,
      limit: [5, null, 10, 0, null, 5, 10][index] ?? 0,
    })),
    ...entities.map((entity) => ({ entity, scope: ['gpt'], limit: 5 })),
  )
  for (const [index, id] of ['eng', 'ops'].entries()) await use(`teamId=${id}`, index + 1)
  for (const mode of [{}, { featureIds: 'tokens' }])
    for (const sortBy of [
      'utilization',
      'currentUsage',
      'usageLimit',
      'scopeSize',
      'id',
      'createdAt',
    ])
      for (const order of ['asc', 'desc']) {
        const query = { ...mode, sortBy, order }
        const whole = (await read({ ...query, limit: '100' })).data
        const paged: typeof whole = []
        let after: string | null = null
        do {
          const page: Awaited<ReturnType<typeof read>> = await read({
            ...query,
            limit: '3',
            ...(after === null ? {} : { after }),
          })
          paged.push(...page.data)
          after = page.pagination.next
        } while (after !== null)
        assert.deepEqual(paged, whole, `${sortBy} ${order}`)
        assert.equal(paged.length, 'featureIds' in mode ? 14 : 7)
      }
})

test('filters choose by type, by text, by scope and by utilization', async () => {
  await fresh()
  await put(
    { entity: 'eng', limit: 10 },
    { entity: 'ops', limit: 0 },
    { entity: 'ann', limit: 10, scope: ['gpt'] },
    { entity: 'bob', limit: null },
  )
  await use('teamId=eng', 8)
  const featureIds = 'tokens'
  assert.deepEqual(await names({ entityTypeIds: 'team' }), ['ops', 'eng'])
  assert.deepEqual(await names({ entityTypeIds: 'org,model' }), ['gpt', 'acme'])
  assert.deepEqual(await names({ entityTypeIds: 'none' }), [])
  assert.deepEqual(await names({ featureIds, entityTypeIds: 'user', sortBy: 'id' }), [
    'bob',
    'ann[gpt]',
  ])
  for (const entityIdSearch of ['änne', 'ÄNNE', '100%', 'of_it', 'ann', 'AnN'])
    assert.deepEqual(await names({ entityIdSearch }), ['ann'], entityIdSearch)
  for (const [entityIdSearch, expected] of [
    ['b', ['bob', 'b_x']],
    ['_', ['b_x', 'ann']],
    ['%', ['ann']],
    ['\\', []],
    ['nobody', []],
  ] as const)
    assert.deepEqual(await names({ entityIdSearch }), expected, entityIdSearch)
  assert.deepEqual(await names({ featureIds, entityIdSearch: 'O' }), ['ops', 'ann[gpt]', 'bob'])
  assert.deepEqual(await names({ featureIds, scope: 'scoped' }), ['ann[gpt]'])
  assert.deepEqual(await names({ featureIds, scope: 'nodeWide' }), ['ops', 'eng', 'bob'])
  assert.deepEqual(await names({ featureIds, scope: 'all', minUtilization: '0' }), [
    'ops',
    'eng',
    'ann[gpt]',
  ])
  assert.deepEqual(await names({ featureIds, minUtilization: '0.8' }), ['ops', 'eng'])
  assert.deepEqual(await names({ featureIds, minUtilization: '0.8000000001' }), ['ops'])
  assert.deepEqual(await names({ featureIds, minUtilization: '1.5' }), [])
})

test('names of an older version are found, and those of now follow every change', async () => {
  await fresh()
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

test('an unknown customer has no rows; an archived one keeps its tree', async () => {
  await fresh()
  const { data, pagination } = await tenant.ok('v1.events.beta.customers.retrieveGovernance', {
    params: { id: 'nobody' },
    query: { featureIds: 'tokens' },
  })
  assert.deepEqual([data, pagination], [[], { next: null }])
  await tenant.ok('v1.customers.archive', { params })
  assert.equal((await names()).length, 7)
})

test('a cursor goes with its question, and with a row of the customer', async () => {
  await fresh()
  await put({ entity: 'eng', limit: 10 }, { entity: 'ops', limit: 10 })
  const query = { featureIds: 'tokens', sortBy: 'usageLimit' }
  const { next } = (await read({ ...query, limit: '1' })).pagination
  const after = next ?? ''
  assert.equal((await read({ ...query, after, limit: '50' })).data.length, 1)
  for (const other of [
    { featureIds: 'tokens' },
    { ...query, order: 'asc' },
    { ...query, scope: 'nodeWide' },
    { ...query, minUtilization: '0' },
    { ...query, entityTypeIds: 'team' },
    { ...query, entityIdSearch: 'o' },
    { ...query, currencyIds: 'credits' },
    {},
  ])
    await refused({ ...other, after }, /after is a cursor of other parameters/)
  const forged = Buffer.from(
    Buffer.from(after, 'base64url')
      .toString()
      .replace(/[0-9a-f]{12}\.10/, '000000000000.10'),
  ).toString('base64url')
  assert.notEqual(forged, after)
  await refused({ ...query, after: forged }, /after is no cursor/)
  await refused({ ...query, after: 'x' }, /after is no cursor/)
  for (const wrong of ['limit=0', 'limit=101', 'sortBy=name', 'scope=none', 'minUtilization=-1'])
    await refused(
      Object.fromEntries([wrong.split('=') as [string, string]]),
      new RegExp(wrong.split('=')[0] ?? ''),
    )
})
