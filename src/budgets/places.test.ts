import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budgetsIn, params, type Row, row } from '../../test/support/budgets.ts'
import { LATER, openWorld } from '../../test/support/world.ts'

const world = await openWorld()
const { announced, archive, fresh, later, listed, parents, refused, upsert } = budgetsIn(world)

test('the first budget sets the position of an entity, and only a row with a parent changes it', async () => {
  await fresh()
  const rooted = { team: 'org', ann: 'team' }
  await upsert(row('ann', { parentId: 'team' }), row('team', { parentId: 'org' }))
  assert.deepEqual(await parents(), { ...(await parents()), ...rooted, org: null, bob: null })
  await upsert(row('ann', { scopeEntityIds: ['gpt'] }))
  assert.equal((await parents()).ann, 'team')
  later()
  const [moved, alone] = await upsert(
    { entityId: 'ann', featureId: 'tokens', parentId: 'org' },
    row('ann', { scopeEntityIds: ['gpt'] }),
  )
  assert.deepEqual([moved?.parentId, moved?.updatedAt], ['org', LATER])
  assert.deepEqual([alone?.parentId, alone?.updatedAt], ['org', LATER])
  assert.deepEqual(
    (await listed({ entityId: 'ann' })).map(({ parentId }) => parentId),
    ['org', 'org'],
  )
  assert.deepEqual(
    (await announced())
      .slice(-2)
      .map(({ before, after }) => [(before as Row).parentId, (after as Row).parentId]),
    [
      ['team', 'org'],
      ['team', 'org'],
    ],
  )
  assert.equal((await upsert(row('ann', { parentId: null })))[0]?.parentId, null)
})

test('an entity with active descendants cannot be moved, even if those between are archived', async () => {
  await fresh()
  await upsert(
    row('org'),
    row('team', { parentId: 'org' }),
    row('squad', { parentId: 'team' }),
    row('ann', { parentId: 'squad' }),
  )
  const move = row('team', { parentId: null })
  await refused([move], /assignments\[0\] \(team\).*below it \(squad, ann\)/)
  await archive('squad')
  await refused([move], /below it \(ann\)/)
  const up = await upsert(row('ann', { parentId: 'org' }), move)
  assert.deepEqual(
    up.map(({ parentId }) => parentId),
    ['org', null],
  )
  // Archived entities below count for the depth.
  await upsert(row('bob', { parentId: 'ann' }), row('gpt', { parentId: 'bob' }))
  await refused([row('team', { parentId: 'bob' })], /5 levels; the maximum is 4/)
})

test('one request may place parents and children in any order, and move a branch from the bottom up', async () => {
  await fresh()
  const placed = await upsert(
    row('ann', { parentId: 'squad' }),
    row('squad', { parentId: 'team' }),
    row('team', { parentId: 'org' }),
    row('org'),
  )
  assert.deepEqual(
    placed.map(({ parentId }) => parentId),
    ['squad', 'team', 'org', null],
  )
  await refused([row('bob', { parentId: 'ann' })], /5 levels; the maximum is 4/)
  await refused([row('team', { parentId: null }), row('squad', { parentId: null })], /below it/)
  await upsert(
    row('ann', { parentId: null }),
    row('squad', { parentId: null }),
    row('team', { parentId: null }),
  )
  assert.deepEqual(await parents(), { ...(await parents()), ann: null, squad: null, team: null })
})

test('the maximum depth is configurable, and an entity that is too deep cannot be restored', async () => {
  const tenant = await fresh()
  await upsert(row('org'), row('team', { parentId: 'org' }), row('squad', { parentId: 'team' }))
  await archive('squad')
  const flat = await openWorld({ BURSAR_MAX_ENTITY_DEPTH: '2' })
  const apiKey = tenant.key
  const other = await flat.tenant()
  await other.refused(
    'v1Beta.customers.assignments.upsert',
    { apiKey, params, body: { assignments: [row('bob', { parentId: 'team' })] } },
    { status: 400, code: 'BadUserInput', message: /3 levels; the maximum is 2/ },
  )
  const deep = { status: 400, code: 'BadUserInput', message: /squad.* 2 levels/ }
  await other.refused(
    'v1Beta.customers.entities.unarchive',
    { apiKey, params, body: { ids: ['squad'] } },
    deep,
  )
  await other.refused(
    'v1Beta.customers.entities.upsert',
    { apiKey, params, body: { entities: [{ id: 'squad' }] } },
    deep,
  )
  await tenant.ok('v1Beta.customers.entities.unarchive', { params, body: { ids: ['squad'] } })
})
