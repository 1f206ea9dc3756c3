import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW, openWorld, type Tenant } from '../../test/support/world.ts'
import { instantFromWire } from '../kernel/clock.ts'
import { requireCustomer } from './find-customer.ts'
import { addResource } from './resource-store.ts'

const world = await openWorld()
const { app } = world.bursar
const LIST = 'v1.customers.listResources'

/** Adds resources as a subscription will; no operation does so yet. */
async function addResources(tenant: Tenant, customerId: string, ids: readonly string[]) {
  const { scope } = tenant
  const customerKey = await requireCustomer(app.db.read, scope, customerId)
  const now = app.clock.now()
  await app.db.transaction(async (tx) => {
    for (const id of ids) {
      const resource = { key: app.ids.next(now), id, createdAt: now, updatedAt: now }
      await addResource(tx, { scope, customerKey }, resource)
    }
  })
}

const openTenant = async () => {
  world.clock.moveTo(instantFromWire(NOW))
  const tenant = await world.tenant()
  for (const id of ['acme', 'globex']) await tenant.ok('v1.customers.provision', { body: { id } })
  return tenant
}
const acme = { params: { id: 'acme' } }

test('a new customer has no resources', async () => {
  const tenant = await openTenant()
  const empty = { data: [], pagination: { next: null, prev: null } }
  assert.deepEqual(await tenant.ok(LIST, acme), empty)
})

test('resources are listed newest first, in pages, each once', async () => {
  const tenant = await openTenant()
  await addResources(tenant, 'acme', ['one', 'two', 'three', 'two'])
  await addResources(tenant, 'globex', ['theirs'])
  const first = await tenant.ok(LIST, { ...acme, query: { limit: '2' } })
  assert.deepEqual(first.data, [
    { id: 'three', createdAt: NOW, updatedAt: NOW },
    { id: 'two', createdAt: NOW, updatedAt: NOW },
  ])
  const { next } = first.pagination
  assert.ok(next !== null)
  const last = await tenant.ok(LIST, { ...acme, query: { after: next } })
  assert.deepEqual(
    last.data.map(({ id }) => id),
    ['one'],
  )
  assert.equal(last.pagination.next, null)
  const foreign = { params: { id: 'globex' }, query: { after: next } }
  await tenant.refused(LIST, foreign, { status: 400, code: 'BadUserInput', message: /after/ })
})

test('the resources of an archived customer can be read, and an unknown customer is a 404', async () => {
  const tenant = await openTenant()
  await addResources(tenant, 'acme', ['one'])
  await tenant.ok('v1.customers.archive', acme)
  assert.equal((await tenant.ok(LIST, acme)).data.length, 1)
  const unknown = { status: 404, code: 'CustomerNotFound', message: /nobody/ }
  await tenant.refused(LIST, { params: { id: 'nobody' } }, unknown)
  const other = await world.tenant()
  await other.refused(LIST, acme, { status: 404, code: 'CustomerNotFound' })
})
