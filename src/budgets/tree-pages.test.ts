import assert from 'node:assert/strict'
import { test } from 'node:test'
import { params, row } from '../../test/support/budgets.ts'
import { officeIn } from '../../test/support/office.ts'
import { NOW, openWorld } from '../../test/support/world.ts'
import { column, row as rowOf, sql } from '../db/index.ts'
import { instantFromWire, instantToWire } from '../kernel/clock.ts'
import { windowOf } from './cadence.ts'

const DAY = 86_400_000
const now = instantFromWire(NOW)
const world = await openWorld()
const { app } = world.bursar
const { current, furnished, upsert, read, names, use } = officeIn(world)

const refused = (query: Record<string, string>, message: RegExp) =>
  current().tenant.refused(
    'v1.events.beta.customers.retrieveGovernance',
    { params, query },
    { status: 400, code: 'BadUserInput', message },
  )

test('rows can be sorted in both directions, with missing values last, for windows of any cadence', async () => {
  await furnished()
  await upsert(
    row('eng', { usageLimit: 10, cadence: 'P1D' }),
    row('ops', { usageLimit: null, cadence: 'PT15M' }),
    row('ann', { usageLimit: 5, scopeEntityIds: ['gpt', 'eng'], cadence: 'P3M' }),
    row('bob', { usageLimit: 40, scopeEntityIds: ['gpt'], cadence: 'P10D' }),
  )
  world.clock.moveTo(now + 47 * DAY)
  await use('teamId=eng', 9, world.clock.now() - 1 * DAY)
  await use('teamId=eng', 3)
  await use('teamId=ops', 7)
  await use('userId=ann modelId=gpt teamId=eng', 1, world.clock.now() - 46 * DAY)
  await use('userId=bob modelId=gpt', 4, world.clock.now() - 7 * DAY)
  await use('userId=bob modelId=gpt', 30, world.clock.now() - 20 * DAY)
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

test('the SQL statement computes the same end of a window as the code', async () => {
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
    return {
      cadence,
      window: windowOf({ cadence, isLevel: false, createdAt }, now + random(40 * 365) * DAY),
    }
  })
  const ends = await app.db.read.many(
    rowOf({ end: column.instant }),
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

test('in every order, the pages contain each row exactly once', async () => {
  await furnished()
  const entities = ['acme', 'eng', 'ops', 'ann', 'bob', 'b_x', 'gpt']
  await upsert(
    ...entities.map((id, index) => row(id, { usageLimit: [5, null, 10, 0, null, 5, 10][index] })),
    ...entities.map((id) => row(id, { scopeEntityIds: ['gpt'], usageLimit: 5 })),
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

test('rows can be filtered by type, text, scope and utilization', async () => {
  await furnished()
  await upsert(
    row('eng', { usageLimit: 10 }),
    row('ops', { usageLimit: 0 }),
    row('ann', { usageLimit: 10, scopeEntityIds: ['gpt'] }),
    row('bob', { usageLimit: null }),
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

test('a cursor is valid only for its own query and for a row of the customer', async () => {
  await furnished()
  await upsert(row('eng', { usageLimit: 10 }), row('ops', { usageLimit: 10 }))
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
    await refused({ ...other, after }, /after is a cursor of another query/)
  const forged = Buffer.from(
    Buffer.from(after, 'base64url')
      .toString()
      .replace(/[0-9a-f]{12}\.10/, '000000000000.10'),
  ).toString('base64url')
  assert.notEqual(forged, after)
  await refused({ ...query, after: forged }, /after is not a valid cursor/)
  await refused({ ...query, after: 'x' }, /after is not a valid cursor/)
  for (const wrong of ['limit=0', 'limit=101', 'sortBy=name', 'scope=none', 'minUtilization=-1'])
    await refused(
      Object.fromEntries([wrong.split('=') as [string, string]]),
      new RegExp(wrong.split('=')[0] ?? ''),
    )
})
