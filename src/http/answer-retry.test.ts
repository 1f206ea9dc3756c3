import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grantItem } from '../../test/support/grants.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { RETRIED_MS } from '../events/index.ts'

const world = await openWorld()
const RETRY = { 'x-stainless-retry-count': '1' }
const LINK = 'v1.customers.integrations.link'
const UNLINK = 'v1.customers.integrations.unlink'
const params = { id: 'acme', integrationId: 'crm' }
const link = { params, body: { id: 'crm', vendorIdentifier: 'HUBSPOT', syncedEntityId: 'x' } }

async function open(): Promise<Tenant> {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' } })
  return tenant
}

const linksOf = async (tenant: Tenant) =>
  (await tenant.ok('v1.customers.integrations.list', { params })).data.map(({ id }) => id)

test('a retry finds its original by caller, path and content for less than two minutes', async () => {
  const start = world.clock.now()
  const tenant = await world.tenant()
  const create = (more: object) =>
    tenant.call('v1.customers.provision', { headers: RETRY, body: { id: 'acme' }, ...more })
  const first = await create({ headers: {} })
  assert.equal(first.status, 201)
  assert.equal((await create({ apiKey: await tenant.newKey('full-access') })).status, 409)
  assert.equal((await create({ body: { id: 'acme', name: 'Acme' } })).status, 409)
  assert.equal((await create({ headers: { 'x-stainless-retry-count': '0' } })).status, 409)
  const other = await world.tenant()
  assert.equal((await create({ apiKey: other.key })).status, 201)
  assert.equal((await other.ok('v1.customers.list')).data.length, 1)
  try {
    world.clock.moveTo(start + RETRIED_MS - 1)
    const again = await create({})
    assert.deepEqual([again.status, again.success], [201, first.success])
    world.clock.moveTo(start + RETRIED_MS)
    assert.equal((await create({})).status, 409)
  } finally {
    world.clock.moveTo(start)
  }
})

test('a retry of a write that was reversed since is executed again', async () => {
  const tenant = await open()
  await tenant.ok(LINK, link)
  await tenant.ok(UNLINK, { params })
  // The original of this retry may have been refused.
  await tenant.ok(LINK, { ...link, headers: RETRY })
  assert.deepEqual(await linksOf(tenant), ['crm'])
  await tenant.ok(UNLINK, { params, headers: RETRY })
  assert.deepEqual(await linksOf(tenant), [])
})

test('a later change does not hide the original whose answer a refused retry repeats', async () => {
  const tenant = await open()
  const linked = await tenant.ok(LINK, link)
  await tenant.ok('v1.customers.update', { params, body: { name: 'Acme' } })
  assert.deepEqual(await tenant.ok(LINK, { ...link, headers: RETRY }), linked)
  const removed = await tenant.ok(UNLINK, { params })
  await tenant.ok('v1.customers.update', { params, body: { name: 'Acme Inc.' } })
  assert.deepEqual(await tenant.ok(UNLINK, { params, headers: RETRY }), removed)
})

test('an original with an Idempotency-Key is not the original of a retry without one', async () => {
  const tenant = await world.tenant()
  const body = { id: 'acme' }
  await tenant.ok('v1.customers.provision', { body, headers: { 'idempotency-key': 'k' } })
  await tenant.refused(
    'v1.customers.provision',
    { body, headers: RETRY },
    { status: 409, code: 'DuplicatedEntityNotAllowed' },
  )
})

test('a list with objects that were not changed is not reconstructed, and the request is executed again', async () => {
  const tenant = await open()
  const upsert = (ids: string[], headers = {}) =>
    tenant.ok('v1Beta.customers.entities.upsert', {
      params,
      headers,
      body: { entities: ids.map((id) => ({ id, entityTypeId: 'user' })) },
    })
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: [{ id: 'user', displayName: 'User', attributionKeys: [] }] },
  })
  await upsert(['ann'])
  const both = await upsert(['ann', 'bob'])
  assert.deepEqual(await upsert(['ann', 'bob'], RETRY), both)
})

test('a retry grants a promotional entitlement again that was revoked since', async () => {
  const tenant = await open()
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'sso', displayName: 'SSO', featureType: 'BOOLEAN' },
  })
  const grant = (headers = {}) =>
    tenant.ok('v1.customers.promotionalEntitlements.create', {
      params,
      headers,
      body: { promotionalEntitlements: [grantItem('sso', { period: '1 year' })] },
    })
  const first = await grant()
  assert.deepEqual(await grant(RETRY), first)
  await tenant.ok('v1.customers.promotionalEntitlements.revoke', {
    params: { ...params, featureId: 'sso' },
  })
  assert.notDeepEqual(await grant(RETRY), first)
})
