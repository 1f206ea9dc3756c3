import assert from 'node:assert/strict'
import { test } from 'node:test'
import { params, row } from '../../../test/support/budgets.ts'
import { grantItem, grantTo } from '../../../test/support/grants.ts'
import { officeIn } from '../../../test/support/office.ts'
import { firstOf as first, treesIn } from '../../../test/support/trees.ts'
import { NOW, openWorld } from '../../../test/support/world.ts'
import type { EntityTreeRow } from '../../api.gen.ts'
import { instantFromWire, instantToWire } from '../../kernel/clock.ts'

const HOUR = 3_600_000
const now = instantFromWire(NOW)
const world = await openWorld()
const offices = officeIn(world)
const { current, upsert, archive, use } = offices

const { tree, names, path, refused, office } = treesIn(offices)

const counted = (found: EntityTreeRow) =>
  found.capabilities.map(({ budgets, budgetCount, tightestAncestor }) => ({
    budgets: budgets.map(
      ({ scopeEntityIds, currentUsage, holds, remaining }) =>
        `[${scopeEntityIds}] ${currentUsage}+${holds} ${remaining}`,
    ),
    budgetCount,
    above: tightestAncestor && [tightestAncestor.entityId, tightestAncestor.remaining],
  }))

test('children have one parent, and entities without a parent are roots, budgeted or not', async () => {
  await office()
  assert.deepEqual(await names(), ['acme', 'gpt'])
  assert.deepEqual(await names({ parentId: 'acme' }), ['eng', 'ops'])
  assert.deepEqual(await names({ parentId: 'gpt' }), [])
  // The name of ann is ÄNNE, which comes after all letters of ASCII.
  assert.deepEqual(await names({ parentId: 'eng' }), ['bob', 'ann'])
  assert.deepEqual(await names({ flat: 'true' }), [
    ...['acme', 'b_x', 'bob', 'eng', 'gpt', 'ops', 'ann'],
  ])
  const { rows, ...part } = await tree({ parentId: 'acme' })
  const at = instantToWire(now)
  assert.deepEqual(part, { total: 2, at: 0, nextAt: null, orderedAt: at, asOf: at })
  assert.deepEqual(rows[0], {
    entityId: 'eng',
    entityTypeId: 'team',
    displayName: null,
    parentId: 'acme',
    createdAt: rows[0]?.createdAt,
    archivedAt: null,
    childCount: 2,
    capabilities: [],
  })
})

test('an archived entity is in the tree only while it leads to an active one', async () => {
  await office()
  await archive('eng', 'ops', 'b_x')
  assert.deepEqual(await names({ parentId: 'acme' }), ['eng'])
  assert.equal(first(await tree({ parentId: 'acme' })).archivedAt, instantToWire(now))
  assert.deepEqual(await names({ flat: 'true' }), ['acme', 'bob', 'gpt', 'ann'])
  assert.equal(first(await tree()).childCount, 1)
  const all = { includeArchived: 'true' }
  assert.deepEqual(await names({ parentId: 'acme', ...all }), ['eng', 'ops'])
  assert.deepEqual(await names({ parentId: 'ops', ...all }), ['b_x'])
  assert.equal((await tree({ flat: 'true', ...all })).total, 7)
  assert.equal(first(await tree(all)).childCount, 2)
  await archive('ann', 'bob')
  assert.deepEqual(await names({ parentId: 'acme' }), [])
  assert.equal(first(await tree()).childCount, 0)
})

test('rows show usage, holds and what remains, and the tightest budget above', async () => {
  await office({ acme: 1000, eng: 100, ann: 500 })
  await upsert(
    row('ann', { usageLimit: 40, scopeEntityIds: ['gpt'] }),
    row('eng', { usageLimit: 30, scopeEntityIds: ['ann'] }),
    row('eng', { usageLimit: 1, scopeEntityIds: ['bob'] }),
    row('acme', { usageLimit: 7, scopeEntityIds: ['ann', 'gpt'] }),
  )
  await use('userId=ann modelId=gpt', 5)
  await use('userId=bob', 60)
  const rows = (await tree({ parentId: 'eng', featureIds: 'tokens,calls', currencyIds: 'credits' }))
    .rows
  const [bob, ann] = rows.map(counted)
  const none = { budgets: [], budgetCount: 0, above: null }
  assert.deepEqual(ann, [
    { budgets: ['[] 5+0 495', '[gpt] 5+0 35'], budgetCount: 2, above: ['eng', 25] },
    none,
    none,
  ])
  // bob has used up eng's budget for him.
  assert.deepEqual(bob, [
    { budgets: ['[] 60+0 null'], budgetCount: 1, above: ['eng', 0] },
    none,
    none,
  ])
  assert.deepEqual(
    rows[1]?.capabilities.map(({ featureId, currencyId }) => featureId ?? currencyId),
    ['tokens', 'calls', 'credits'],
  )
  const shown = async (scope: string) =>
    (await tree({ parentId: 'eng', featureIds: 'tokens', scope })).rows.flatMap((each) => [
      each.entityId,
      ...(counted(each)[0]?.budgets ?? []),
    ])
  assert.deepEqual(await shown('scoped'), ['ann', '[gpt] 5+0 35'])
  assert.deepEqual(await shown('nodeWide'), ['bob', '[] 60+0 null', 'ann', '[] 5+0 495'])
})

test('the budget of an archived entity does not apply, that of one above it does', async () => {
  await office({ acme: 1000, eng: 100 })
  await archive('eng')
  const [{ above } = {}] = counted(first(await tree({ parentId: 'eng', featureIds: 'tokens' })))
  assert.deepEqual(above, ['acme', 1000])
})

test('holds are those of open reservations, and an expired one holds nothing', async () => {
  await office({ bob: 100 })
  const body = { featureId: 'tokens', amount: 30, dimensions: { userId: 'bob' }, ttlSeconds: 60 }
  const unlimited = { hasUnlimitedUsage: true, resetPeriod: 'MONTH' } as const
  await grantTo(current().tenant, [grantItem('tokens', unlimited)])
  await current().tenant.ok('v1.customers.reservations.create', {
    params,
    body: { ...body, idempotencyKey: 'one' },
  })
  const bob = async () =>
    counted(first(await tree({ parentId: 'eng', search: 'bob', featureIds: 'tokens' })))[0]?.budgets
  assert.deepEqual(await bob(), ['[] 0+30 70'])
  world.clock.moveTo(now + 60_000)
  assert.deepEqual(await bob(), ['[] 0+0 100'])
})

test('the pace is the usage since the window began, and the end follows from it', async () => {
  await office({ bob: 100, ann: 100 })
  await upsert(row('bob', { featureId: 'calls', usageLimit: 100, cadence: 'P1D' }))
  await use('userId=bob', 25)
  await use('userId=ann', 1)
  world.clock.moveTo(now + 40 * HOUR)
  const [bob, ann] = (await tree({ parentId: 'eng', featureIds: 'tokens' })).rows.map(
    ({ capabilities }) => capabilities[0]?.budgets[0],
  )
  const until = instantToWire(now + 40 * HOUR)
  assert.deepEqual(bob?.pace, { usage: 25, from: instantToWire(now), until })
  assert.equal(bob?.exhaustsAt, instantToWire(now + 160 * HOUR))
  assert.equal(bob?.utilization, 0.25)
  // At 1 in 40 hours the month ends first.
  assert.equal(ann?.exhaustsAt, null)
  await use('userId=bob', 75)
  const [used] = (await tree({ parentId: 'eng', featureIds: 'tokens' })).rows
  assert.equal(used?.capabilities[0]?.budgets[0]?.exhaustsAt, until)
})

test('entities can be ordered by name, creation, usage, utilization and end', async () => {
  await office({ acme: 1000, eng: 80, ops: 200, ann: 340, bob: 50 })
  await upsert(row('gpt', { featureId: 'calls', usageLimit: 5 }))
  await use('userId=bob', 40)
  await use('userId=ann', 30)
  await use('userId=b_x', 20)
  world.clock.moveTo(now + HOUR)
  const flat = { flat: 'true', featureIds: 'tokens' }
  const orders: Record<string, string[]> = {
    createdAt: ['gpt', 'b_x', 'bob', 'ann', 'ops', 'eng', 'acme'],
    currentUsage: ['acme', 'eng', 'bob', 'ann', 'b_x', 'ops', 'gpt'],
    utilization: ['eng', 'bob', 'ops', 'acme', 'ann', 'gpt', 'b_x'],
    exhaustsAt: ['eng', 'bob', 'ops', 'acme', 'ann', 'b_x', 'gpt'],
    name: ['acme', 'b_x', 'bob', 'eng', 'gpt', 'ops', 'ann'],
  }
  for (const [sortBy, expected] of Object.entries(orders)) {
    assert.deepEqual(await names({ ...flat, sortBy }), expected, sortBy)
    const order = sortBy === 'name' || sortBy === 'exhaustsAt' ? 'desc' : 'asc'
    const turned = await names({ ...flat, sortBy, order })
    if (sortBy === 'createdAt' || sortBy === 'name')
      assert.deepEqual(turned, expected.toReversed(), sortBy)
    else assert.equal(turned.at(-1) === 'gpt' || turned.at(-1) === 'b_x', true, sortBy)
  }
})

test('entities can be filtered by type, text, scope and utilization', async () => {
  await office({ eng: 100, bob: 50, ann: 50 })
  await upsert(row('ann', { usageLimit: 10, scopeEntityIds: ['gpt'] }))
  await use('userId=ann modelId=gpt', 8)
  const flat = { flat: 'true', featureIds: 'tokens' }
  assert.deepEqual(await names({ ...flat, entityTypeIds: 'team,model' }), ['eng', 'gpt', 'ops'])
  assert.deepEqual(await names({ ...flat, entityTypeIds: 'none' }), [])
  assert.deepEqual(await names({ ...flat, search: 'ÄN' }), ['ann'])
  assert.deepEqual(await names({ ...flat, search: '_' }), ['b_x', 'ann'])
  assert.deepEqual(await names({ ...flat, scope: 'scoped' }), ['ann'])
  assert.deepEqual(await names({ ...flat, minUtilization: '0.8' }), ['ann'])
  assert.deepEqual(await names({ ...flat, minUtilization: '0.8', scope: 'nodeWide' }), [])
  assert.deepEqual(await names({ ...flat, minUtilization: '0' }), ['bob', 'eng', 'ann'])
  assert.deepEqual(await names({ parentId: 'eng', search: 'bob' }), ['bob'])
})

test('any part of a list can be read by place', async () => {
  await office()
  const flat = { flat: 'true' }
  const all = await names(flat)
  for (let at = 0; at <= all.length + 1; at += 1) {
    const part = await tree({ ...flat, at: String(at), limit: '2' })
    assert.deepEqual(
      part.rows.map(({ entityId }) => entityId),
      all.slice(at, at + 2),
    )
    assert.deepEqual([part.total, part.at], [all.length, at])
    assert.equal(part.nextAt, at + 2 < all.length ? at + 2 : null)
  }
})

test('a path has the place of each entity among its siblings', async () => {
  await office({ eng: 100, ann: 50 })
  await use('userId=ann', 8)
  const places = async (entityId: string, query?: Record<string, string>) =>
    (await path(entityId, query)).map(({ entityId: id, at, total }) => [id, at, total])
  assert.deepEqual(await places('ann'), [
    ['acme', 0, 2],
    ['eng', 0, 2],
    ['ann', 1, 2],
  ])
  const byUse = { featureIds: 'tokens', sortBy: 'currentUsage' }
  assert.deepEqual((await places('ann', byUse)).at(-1), ['ann', 0, 2])
  assert.deepEqual(await places('gpt'), [['gpt', 1, 2]])
  const [, eng, ann] = (await path('ann', byUse)).map(counted)
  assert.deepEqual(eng?.[0]?.budgets, ['[] 8+0 92'])
  assert.deepEqual(ann?.[0], { budgets: ['[] 8+0 42'], budgetCount: 1, above: ['eng', 92] })
  await archive('b_x')
  assert.deepEqual((await places('b_x')).at(-1), ['b_x', null, 0])
  assert.deepEqual((await places('b_x', { includeArchived: 'true' })).at(-1), ['b_x', 0, 1])
})

test('a request that names something unknown or lacks a capability is refused', async () => {
  await office()
  await refused({ parentId: 'nobody' }, /parentId: entity nobody not found/)
  await refused({ parentId: 'acme', flat: 'true' }, /either parentId or flat/)
  await refused({ featureIds: 'nope' }, /featureIds: feature nope not found/)
  await refused({ currencyIds: 'tokens' }, /currencyIds: currency tokens not found/)
  for (const query of ['sortBy=currentUsage', 'scope=scoped', 'minUtilization=0']) {
    const [name = '', value = ''] = query.split('=')
    await refused({ [name]: value }, /needs featureIds or currencyIds/)
  }
  await refused({ featureIds: 'tokens,calls,a,b,c', currencyIds: 'credits' }, /at most 5/)
  for (const query of ['limit=0', 'limit=501', 'at=-1', 'sortBy=id', 'minUtilization=-1', 'x=1']) {
    const [name = '', value = ''] = query.split('=')
    await refused({ [name]: value }, new RegExp(name))
  }
  const { tenant } = current()
  const entityId = 'nobody'
  await tenant.refused(
    'v1.customers.entities.retrievePath',
    { params: { ...params, entityId } },
    { status: 404, code: null, message: /entity nobody of customer acme not found/ },
  )
  for (const id of [
    'v1.customers.retrieveEntityTree',
    'v1.customers.entities.retrievePath',
  ] as const)
    await tenant.refused(
      id,
      { params: { id: 'nobody', entityId } },
      { status: 404, code: 'CustomerNotFound' },
    )
})
