import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW, openWorld, type Tenant } from '../../test/support/world.ts'
import { instantFromWire } from '../kernel/clock.ts'

const world = await openWorld()
let tenant: Tenant
const fresh = async () => {
  world.clock.moveTo(instantFromWire(NOW))
  tenant = await world.tenant()
  return tenant
}

const org = { id: 'org', displayName: 'Organization', attributionKeys: ['organizationId'] }
const team = { id: 'team', displayName: 'Team', attributionKeys: ['teamId'] }
const upsert = (types: object[]) => tenant.ok('v1Beta.entityTypes.upsert', { body: { types } })

test('types are returned in the order of the request, with all their fields', async () => {
  await fresh()
  const { data } = await upsert([team, org])
  const common = { createdAt: NOW, updatedAt: NOW, archivedAt: null, description: null }
  assert.deepEqual(data, [
    { ...team, ...common },
    { ...org, ...common },
  ])
})

test('sending a request again changes nothing and publishes no event', async () => {
  await fresh()
  const first = await upsert([org, team])
  world.clock.moveTo(instantFromWire('2026-06-01T00:00:00Z'))
  assert.deepEqual(await upsert([org, team]), first)
  assert.deepEqual(
    (await tenant.announced()).map(({ type, objectId }) => [type, objectId]),
    [
      ['entity_type.created', 'org'],
      ['entity_type.created', 'team'],
    ],
  )
})

test('an upsert replaces the name and all keys, and keeps the creation time', async () => {
  await fresh()
  await upsert([{ ...org, description: 'The tenant' }])
  world.clock.moveTo(instantFromWire('2026-06-01T00:00:00Z'))
  const { data } = await upsert([{ id: 'org', displayName: 'Org', attributionKeys: [] }])
  assert.deepEqual(data[0], {
    id: 'org',
    displayName: 'Org',
    description: 'The tenant',
    attributionKeys: [],
    createdAt: NOW,
    updatedAt: '2026-06-01T00:00:00.000Z',
    archivedAt: null,
  })
})

test('an absent description is kept, and null or "" clears it', async () => {
  await fresh()
  for (const clear of [null, '']) {
    await upsert([{ ...org, description: 'x' }])
    assert.equal((await upsert([org])).data[0]?.description, 'x')
    assert.equal((await upsert([{ ...org, description: clear }])).data[0]?.description, null)
  }
})

test('a repeated attribution key counts once, in its first position', async () => {
  await fresh()
  const { data } = await upsert([{ ...org, attributionKeys: ['b', 'a', 'b'] }])
  assert.deepEqual(data[0]?.attributionKeys, ['b', 'a'])
})

test('a repeated id causes the refusal of the request, with both positions', async () => {
  await fresh()
  await tenant.refused(
    'v1Beta.entityTypes.upsert',
    { body: { types: [org, team, org] } },
    { status: 400, code: 'BadUserInput', message: /types\[2\] \(org\).*types\[0\]/ },
  )
  assert.deepEqual((await tenant.ok('v1Beta.entityTypes.list')).data, [])
})

test('the configured maximum of attribution keys is enforced', async () => {
  const capped = await openWorld({ BURSAR_MAX_ATTRIBUTION_KEYS: '2' })
  const own = await capped.tenant()
  const body = (attributionKeys: string[]) => ({ body: { types: [{ ...org, attributionKeys }] } })
  await own.ok('v1Beta.entityTypes.upsert', body(['a', 'b', 'a']))
  await own.refused('v1Beta.entityTypes.upsert', body(['a', 'b', 'c']), {
    status: 400,
    code: 'BadUserInput',
    message: /types\[0\] \(org\).*more than 2/,
  })
})

test('an archived type is listed only on request, and an upsert restores it', async () => {
  await fresh()
  await upsert([org, team])
  const ids = ['team', 'team']
  const archived = await tenant.ok('v1Beta.entityTypes.archive', { body: { ids } })
  assert.deepEqual(archived.data.ids, ['team'])
  const listed = async (query: Record<string, string>) =>
    (await tenant.ok('v1Beta.entityTypes.list', { query })).data.map(({ id }) => id)
  assert.deepEqual(await listed({}), ['org'])
  assert.deepEqual(await listed({ includeArchived: 'true' }), ['team', 'org'])
  assert.equal((await upsert([team])).data[0]?.archivedAt, null)
  assert.deepEqual(await listed({}), ['team', 'org'])
})

test('archiving and unarchiving are idempotent, and refuse the whole list for an unknown id', async () => {
  await fresh()
  await upsert([org])
  for (const operation of ['v1Beta.entityTypes.archive', 'v1Beta.entityTypes.unarchive'] as const) {
    await tenant.refused(
      operation,
      { body: { ids: ['org', 'nope'] } },
      { status: 404, code: null, message: /nope/ },
    )
    for (let repeat = 0; repeat < 2; repeat += 1)
      assert.deepEqual((await tenant.ok(operation, { body: { ids: ['org'] } })).data.ids, ['org'])
  }
  const types = (await tenant.announced()).map(({ type }) => type)
  assert.deepEqual(types, ['entity_type.created', 'entity_type.updated', 'entity_type.updated'])
})

test('a type with active entities of any customer cannot be archived', async () => {
  await fresh()
  await upsert([org, team])
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' } })
  const params = { id: 'acme' }
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params,
    body: { entities: [{ id: 'o1', entityTypeId: 'org' }] },
  })
  const body = { ids: ['team', 'org'] }
  await tenant.refused(
    'v1Beta.entityTypes.archive',
    { body },
    {
      status: 400,
      code: 'BadUserInput',
      message: /org/,
    },
  )
  await tenant.ok('v1Beta.customers.entities.archive', { params, body: { ids: ['o1'] } })
  await tenant.ok('v1Beta.entityTypes.archive', { body })
})

test('all types are listed newest first, in pages that can be read in both directions', async () => {
  await fresh()
  const ids = Array.from({ length: 45 }, (_, index) => `type-${index + 1}`)
  for (let start = 0; start < 45; start += 15)
    await upsert(ids.slice(start, start + 15).map((id) => ({ ...org, id })))
  const newestFirst = [...ids].reverse()
  const page = (query: Record<string, string>) => tenant.ok('v1Beta.entityTypes.list', { query })
  const first = await page({})
  assert.deepEqual(
    first.data.map(({ id }) => id),
    newestFirst.slice(0, 20),
  )
  assert.equal(first.pagination.prev, null)
  const second = await page({ after: first.pagination.next ?? '' })
  assert.deepEqual(
    second.data.map(({ id }) => id),
    newestFirst.slice(20, 40),
  )
  const third = await page({ after: second.pagination.next ?? '' })
  assert.deepEqual(
    third.data.map(({ id }) => id),
    newestFirst.slice(40),
  )
  assert.equal(third.pagination.next, null)
  const back = await page({ before: third.pagination.prev ?? '' })
  assert.deepEqual(back, second)
  const start = await page({ before: second.pagination.prev ?? '' })
  assert.deepEqual(start, first)
})
