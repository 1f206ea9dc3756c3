import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { createKey, revokeKey } from '../access/index.ts'
import { addIntegration } from '../customers/index.ts'
import { instantToWire } from '../kernel/clock.ts'

const world = await openWorld()
const { app } = world.bursar

const own = { 'environment.created': true, 'api_key.created': true }
const audit = async (tenant: Tenant, query: Record<string, string> = {}) =>
  (await tenant.ok('v1.audit.list', { query })).data.filter(({ type }) => !(type in own))
const provision = (tenant: Tenant, id: string) =>
  tenant.ok('v1.customers.provision', { body: { id } })

test('every change is logged with its actor, operation, trace id, and values before and after', async () => {
  const tenant = await world.tenant()
  await provision(tenant, 'acme')
  const body = { name: 'Acme' }
  const changed = await tenant.call('v1.customers.update', { params: { id: 'acme' }, body })
  const [entry, first] = await audit(tenant)
  assert.deepEqual(first?.before, null)
  assert.deepEqual(entry, {
    id: entry?.id,
    type: 'customer.updated',
    customerId: 'acme',
    objectId: 'acme',
    actor: { kind: 'API_KEY', id: entry?.actor.id },
    operation: 'v1.customers.update',
    traceId: changed.headers['x-trace-id'],
    before: { id: 'acme', name: null, billingId: null, couponId: null },
    after: changed.success?.data,
    occurredAt: instantToWire(world.clock.now()),
  })
  const { data } = await tenant.ok('v1.eventsLog.list', { query: { limit: '1' } })
  assert.deepEqual(data[0]?.data, changed.success?.data)
})

test('a change through an alias is logged under the id of the alias', async () => {
  const tenant = await world.tenant()
  const types = [{ id: 'user', displayName: 'User', attributionKeys: [] }]
  await tenant.ok('v1Beta.entityTypes.upsert', { body: { types }, twin: true })
  assert.equal((await audit(tenant))[0]?.operation, 'v1.entityTypes.upsert')
})

test('keys and integrations that are created on the machine are logged without any secret', async () => {
  const tenant = await world.tenant()
  const key = await createKey(app, tenant.scope, { kind: 'read-only', name: 'reports' })
  await revokeKey(app, key.keyId)
  await addIntegration(app, tenant.scope, { id: 'stripe', vendor: 'STRIPE' })
  const page = await tenant.call('v1.audit.list', {})
  assert.ok(!page.text.includes(key.secret))
  assert.deepEqual(
    page.success?.data.slice(0, 3).map(({ type, objectId, actor }) => [type, objectId, actor.kind]),
    [
      ['integration.created', 'stripe', 'SYSTEM'],
      ['api_key.revoked', key.keyId, 'SYSTEM'],
      ['api_key.created', key.keyId, 'SYSTEM'],
    ],
  )
})

test('a refused request is not logged', async () => {
  const tenant = await world.tenant()
  await provision(tenant, 'acme')
  const integrations = [{ id: 's', vendorIdentifier: 'STRIPE', syncedEntityId: null }]
  await tenant.refused(
    'v1.customers.provision',
    { body: { id: 'acme', integrations } },
    { status: 409, code: 'DuplicatedEntityNotAllowed' },
  )
  assert.equal((await audit(tenant)).length, 1)
})

test('filters by type, object, customer, actor and time can be combined', async () => {
  const tenant = await world.tenant()
  await provision(tenant, 'one')
  world.clock.moveTo(world.clock.now() + 1000)
  const later = instantToWire(world.clock.now())
  await provision(tenant, 'two')
  await tenant.ok('v1.customers.archive', { params: { id: 'one' } })
  const found = async (query: Record<string, string>) =>
    (await audit(tenant, query)).map(({ type, objectId }) => `${objectId} ${type}`)
  assert.deepEqual(await found({ type: 'customer.created' }), [
    'two customer.created',
    'one customer.created',
  ])
  assert.deepEqual(await found({ type: 'customer.created,customer.deleted', objectId: 'one' }), [
    'one customer.deleted',
    'one customer.created',
  ])
  assert.deepEqual(await found({ customerId: 'two' }), ['two customer.created'])
  assert.deepEqual(await found({ customerId: 'nobody' }), [])
  assert.deepEqual(await found({ actorId: 'nobody' }), [])
  const actor = (await audit(tenant))[0]?.actor.id ?? ''
  assert.equal((await found({ actorId: actor })).length, 3)
  assert.deepEqual(await found({ 'occurredAt[lt]': later }), ['one customer.created'])
  assert.equal((await found({ 'occurredAt[gte]': later })).length, 2)
})

test('pages can be read in both directions, and a cursor of another environment is refused', async () => {
  const tenant = await world.tenant()
  for (let index = 0; index < 7; index += 1) await provision(tenant, `c${index}`)
  const page = (query: Record<string, string>) =>
    tenant.ok('v1.eventsLog.list', { query: { type: 'customer.created', limit: '3', ...query } })
  const first = await page({})
  assert.deepEqual(
    first.data.map(({ objectId }) => objectId),
    ['c6', 'c5', 'c4'],
  )
  const second = await page({ after: first.pagination.next ?? '' })
  assert.deepEqual(await page({ before: second.pagination.prev ?? '' }), first)
  const other = await world.tenant()
  await other.refused(
    'v1.eventsLog.list',
    { query: { after: first.pagination.next ?? '' } },
    { status: 400, code: 'BadUserInput' },
  )
})
