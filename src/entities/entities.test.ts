import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LATER, NOW, openWorld, type Tenant } from '../../test/support/world.ts'
import { instantFromWire } from '../kernel/clock.ts'

const params = { id: 'acme' }
const world = await openWorld()
let tenant: Tenant

/** Creates an environment with two types and one customer, at `NOW`. */
async function fresh() {
  world.clock.moveTo(instantFromWire(NOW))
  tenant = await world.tenant()
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: {
      types: [
        { id: 'team', displayName: 'Team', attributionKeys: ['teamId'] },
        { id: 'user', displayName: 'User', attributionKeys: ['userId'] },
      ],
    },
  })
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' } })
}

const later = () => world.clock.moveTo(instantFromWire(LATER))
const upsert = (entities: object[]) =>
  tenant.ok('v1Beta.customers.entities.upsert', { params, body: { entities } })
const refused = (entities: object[], message: RegExp) =>
  tenant.refused(
    'v1Beta.customers.entities.upsert',
    { params, body: { entities } },
    { status: 400, code: 'BadUserInput', message },
  )
const listed = async (query: Record<string, string> = {}) =>
  (await tenant.ok('v1Beta.customers.entities.list', { params, query })).data.map(({ id }) => id)

test('entities are returned in the order of the request, with both names of their type', async () => {
  await fresh()
  const { data } = await upsert([
    { id: 'u1', typeRefId: 'user', metadata: { email: 'a@b.c' } },
    { id: 't1', entityTypeId: 'team', displayName: 'Team One' },
  ])
  const common = { createdAt: NOW, updatedAt: NOW, archivedAt: null }
  assert.deepEqual(data, [
    {
      id: 'u1',
      typeId: 'user',
      entityTypeId: 'user',
      displayName: null,
      metadata: { email: 'a@b.c' },
      ...common,
    },
    {
      id: 't1',
      typeId: 'team',
      entityTypeId: 'team',
      displayName: 'Team One',
      metadata: {},
      ...common,
    },
  ])
  for (const [index, entityId] of ['u1', 't1'].entries())
    assert.deepEqual(
      (await tenant.ok('v1Beta.customers.entities.retrieve', { params: { ...params, entityId } }))
        .data,
      data[index],
    )
})

test('sending a request again changes nothing and publishes no event', async () => {
  await fresh()
  const items = [
    { id: 'u1', entityTypeId: 'user', metadata: { a: '1', gone: '' } },
    { id: 't1', entityTypeId: 'team' },
  ]
  const first = await upsert(items)
  later()
  assert.deepEqual(await upsert(items), first)
  const announced = (await tenant.announced()).filter(({ type }) => type.startsWith('entity.'))
  assert.deepEqual(
    announced.map(({ type, before: was, after: is }) => [type, was, is]),
    first.data.map((entity) => ['entity.created', null, entity]),
  )
})

test('metadata is a merge patch: sent keys replace, "" removes, and absent keys are kept', async () => {
  await fresh()
  await upsert([{ id: 'u1', entityTypeId: 'user', metadata: { a: '1', b: '2', c: '3' } }])
  later()
  const { data } = await upsert([{ id: 'u1', metadata: { a: 'x', b: '', d: '4', e: '' } }])
  assert.deepEqual(data[0]?.metadata, { a: 'x', c: '3', d: '4' })
  assert.equal(data[0]?.updatedAt, LATER)
  assert.equal(data[0]?.createdAt, NOW)
})

test('the metadata of an entity can grow to 1 MB over several requests, but no further', async () => {
  await fresh()
  const half = 'x'.repeat(600_000)
  await upsert([{ id: 'u1', typeRefId: 'user', metadata: { a: half } }])
  await tenant.refused(
    'v1Beta.customers.entities.upsert',
    { params, body: { entities: [{ id: 'u1', metadata: { b: half } }] } },
    { status: 400, code: 'InvalidMetadataError', message: /entities\[0\] \(u1\).*1 MB/ },
  )
  const { data } = await upsert([{ id: 'u1', metadata: { a: '', b: half } }])
  assert.deepEqual(data[0]?.metadata, { b: half })
})

test('metadata keys that JavaScript objects have are ordinary keys', async () => {
  await fresh()
  const metadata = { constructor: 'c', toString: 't', hasOwnProperty: 'h' }
  const { data } = await upsert([{ id: 'u1', entityTypeId: 'user', metadata }])
  assert.deepEqual(Object.entries(data[0]?.metadata ?? {}).sort(), Object.entries(metadata).sort())
})

test('an absent display name is kept, and null or "" clears it', async () => {
  await fresh()
  for (const displayName of [null, '']) {
    await upsert([{ id: 'u1', entityTypeId: 'user', displayName: 'Ann' }])
    assert.equal((await upsert([{ id: 'u1' }])).data[0]?.displayName, 'Ann')
    assert.equal((await upsert([{ id: 'u1', displayName }])).data[0]?.displayName, null)
  }
})

test('an upsert without a type keeps the type, and one with another type changes it', async () => {
  await fresh()
  await upsert([{ id: 'x', entityTypeId: 'user' }])
  assert.equal((await upsert([{ id: 'x' }])).data[0]?.typeId, 'user')
  later()
  const { data } = await upsert([{ id: 'x', typeRefId: 'team', entityTypeId: 'team' }])
  assert.deepEqual([data[0]?.typeId, data[0]?.updatedAt], ['team', LATER])
})

test('one invalid item causes the refusal of the request, with its index and id, and nothing is written', async () => {
  await fresh()
  const good = { id: 'good', entityTypeId: 'user' }
  await refused([good, { id: 'bad' }], /entities\[1\] \(bad\).*entityTypeId is required/)
  await refused([good, { id: 'bad', entityTypeId: 'nope' }], /entities\[1\] \(bad\).*nope/)
  await refused([good, { id: 'x', entityTypeId: 'user', typeRefId: 'team' }], /entities\[1\] \(x\)/)
  await refused([good, { id: 'x', entityTypeId: 'user' }, good], /entities\[2\] \(good\)/)
  assert.deepEqual(await listed({ includeArchived: 'true' }), [])
})

test('an archived type refuses new, restored and moved entities', async () => {
  await fresh()
  await upsert([
    { id: 'old', entityTypeId: 'user' },
    { id: 'mover', entityTypeId: 'team' },
  ])
  await tenant.ok('v1Beta.customers.entities.archive', { params, body: { ids: ['old'] } })
  await tenant.ok('v1Beta.entityTypes.archive', { body: { ids: ['user'] } })
  await refused([{ id: 'new', entityTypeId: 'user' }], /user/)
  await refused([{ id: 'old' }], /user/)
  await refused([{ id: 'mover', entityTypeId: 'user' }], /user/)
  await tenant.refused(
    'v1Beta.customers.entities.unarchive',
    { params, body: { ids: ['old'] } },
    { status: 400, code: 'BadUserInput', message: /old.*user/ },
  )
  assert.equal((await upsert([{ id: 'old', entityTypeId: 'team' }])).data[0]?.archivedAt, null)
})

test('an archived entity is not listed, but can be read, and an upsert restores it', async () => {
  await fresh()
  await upsert([
    { id: 'a', entityTypeId: 'user' },
    { id: 'b', entityTypeId: 'user' },
  ])
  later()
  const { data } = await tenant.ok('v1Beta.customers.entities.archive', {
    params,
    body: { ids: ['b', 'a', 'b'] },
  })
  assert.deepEqual(data.ids, ['b', 'a'])
  assert.deepEqual(await listed(), [])
  assert.deepEqual(await listed({ includeArchived: 'true' }), ['b', 'a'])
  const read = await tenant.ok('v1Beta.customers.entities.retrieve', {
    params: { ...params, entityId: 'a' },
  })
  assert.deepEqual([read.data.archivedAt, read.data.updatedAt], [LATER, LATER])
  assert.equal((await upsert([{ id: 'a' }])).data[0]?.archivedAt, null)
  await tenant.ok('v1Beta.customers.entities.unarchive', { params, body: { ids: ['a', 'b'] } })
  assert.deepEqual(await listed(), ['b', 'a'])
})

test('archiving an unknown entity causes the refusal of the whole list', async () => {
  await fresh()
  await upsert([{ id: 'a', entityTypeId: 'user' }])
  for (const operation of [
    'v1Beta.customers.entities.archive',
    'v1Beta.customers.entities.unarchive',
  ] as const)
    await tenant.refused(
      operation,
      { params, body: { ids: ['a', 'ghost'] } },
      { status: 404, code: null, message: /ghost/ },
    )
  assert.deepEqual(await listed(), ['a'])
})

test('the entities of an archived customer can be read, and every write is refused', async () => {
  await fresh()
  await upsert([{ id: 'a', entityTypeId: 'user' }])
  await tenant.ok('v1.customers.archive', { params })
  const archived = { status: 400, code: 'EntityIsArchivedError' }
  const body = { entities: [{ id: 'a', metadata: { k: 'v' } }] }
  await tenant.refused('v1Beta.customers.entities.upsert', { params, body }, archived)
  for (const operation of [
    'v1Beta.customers.entities.archive',
    'v1Beta.customers.entities.unarchive',
  ] as const)
    await tenant.refused(operation, { params, body: { ids: ['a'] } }, archived)
  assert.deepEqual(await listed(), ['a'])
})

test('an unknown customer is a 404 CustomerNotFound, and an unknown entity a 404 without a code', async () => {
  await fresh()
  const nobody = { id: 'nobody', entityId: 'a' }
  const unknown = { status: 404, code: 'CustomerNotFound', message: /nobody/ }
  const entities = [{ id: 'a', entityTypeId: 'user' }]
  await tenant.refused(
    'v1Beta.customers.entities.upsert',
    { params: nobody, body: { entities } },
    unknown,
  )
  await tenant.refused('v1Beta.customers.entities.retrieve', { params: nobody }, unknown)
  await tenant.refused('v1Beta.customers.entities.list', { params: nobody }, unknown)
  const ids = { params: nobody, body: { ids: ['a'] } }
  await tenant.refused('v1Beta.customers.entities.archive', ids, unknown)
  await tenant.refused('v1Beta.customers.entities.unarchive', ids, unknown)
  await tenant.refused(
    'v1Beta.customers.entities.retrieve',
    { params: { ...params, entityId: 'gh/ost %' } },
    { status: 404, code: null, message: /gh\/ost %/ },
  )
})

test('lists filter by type under either field name, and refuse two different types', async () => {
  await fresh()
  await upsert([
    { id: 'u', entityTypeId: 'user' },
    { id: 't', entityTypeId: 'team' },
  ])
  assert.deepEqual(await listed({ entityTypeId: 'user' }), ['u'])
  assert.deepEqual(await listed({ typeRefId: 'team' }), ['t'])
  assert.deepEqual(await listed({ entityTypeId: 'user', typeRefId: 'user' }), ['u'])
  assert.deepEqual(await listed({ entityTypeId: 'nope' }), [])
  await tenant.refused(
    'v1Beta.customers.entities.list',
    { params, query: { entityTypeId: 'user', typeRefId: 'team' } },
    { status: 400, code: 'BadUserInput', message: /typeRefId/ },
  )
})

test('entities of one request keep their order in the list, and pages can be read in both directions', async () => {
  await fresh()
  const ids = Array.from({ length: 45 }, (_, index) => `e-${index + 1}`)
  await upsert(ids.map((id) => ({ id, entityTypeId: 'user' })))
  const newestFirst = [...ids].reverse()
  const page = (query: Record<string, string>) =>
    tenant.ok('v1Beta.customers.entities.list', { params, query: { limit: '20', ...query } })
  const first = await page({})
  assert.deepEqual(
    first.data.map(({ id }) => id),
    newestFirst.slice(0, 20),
  )
  const third = await page({
    after: (await page({ after: first.pagination.next ?? '' })).pagination.next ?? '',
  })
  assert.deepEqual(
    third.data.map(({ id }) => id),
    newestFirst.slice(40),
  )
  assert.equal(third.pagination.next, null)
  const second = await page({ before: third.pagination.prev ?? '' })
  assert.deepEqual(
    second.data.map(({ id }) => id),
    newestFirst.slice(20, 40),
  )
  assert.deepEqual(await page({ before: second.pagination.prev ?? '' }), first)
})

test('a cursor that is not of this list is refused, even if both cursors are sent', async () => {
  await fresh()
  await upsert([{ id: 'a', entityTypeId: 'user' }])
  const foreign = '01890000-0000-7000-8000-000000000000'
  for (const query of [
    { after: foreign },
    { before: foreign },
    { after: foreign, before: foreign },
  ])
    await tenant.refused(
      'v1Beta.customers.entities.list',
      { params, query },
      {
        status: 400,
        code: 'BadUserInput',
      },
    )
})

test('an entity id may be the name of a sub-path', async () => {
  await fresh()
  await upsert([{ id: 'archive', entityTypeId: 'user' }])
  const read = await tenant.ok('v1Beta.customers.entities.retrieve', {
    params: { ...params, entityId: 'archive' },
  })
  assert.equal(read.data.id, 'archive')
})
