import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationId } from '../../src/api.gen.ts'
import type { Request } from '../support/contract-client.ts'
import { openWorld, type Tenant } from '../support/world.ts'

/**
 * Lists of objects with a megabyte of metadata each, which together exceed the limit of a request.
 */

const world = await openWorld()
const MEGABYTE = { metadata: { text: 'x'.repeat(1_030_000) } }
const IDS = Array.from({ length: 9 }, (_, index) => `id-${index}`)
const params = { id: 'acme' }
const refusal = (list: string) => ({
  status: 400,
  code: 'BadUserInput',
  message: new RegExp(`^${list}: these objects have more than 8 MB`),
})

/** Asserts that a request is refused and changes nothing, and that one with fewer ids succeeds. */
async function holds(
  tenant: Tenant,
  list: string,
  call: (ids: string[]) => readonly [OperationId, Request],
) {
  const before = (await tenant.announced()).length
  await tenant.refused(...call(IDS), refusal(list))
  assert.equal((await tenant.announced()).length, before)
  const [id, request] = call(IDS.slice(1))
  await tenant.ok(id, request)
}

test('entities with too much metadata in total are not changed at once', async () => {
  const tenant = await world.tenant()
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: [{ id: 'user', displayName: 'User', attributionKeys: ['userId'] }] },
  })
  await tenant.ok('v1.customers.provision', { body: params })
  const upsert = (entities: object[]) =>
    ['v1Beta.customers.entities.upsert', { params, body: { entities } }] as const
  for (const id of IDS) await tenant.ok(...upsert([{ id, entityTypeId: 'user', ...MEGABYTE }]))
  await holds(tenant, 'entities', (ids) =>
    upsert(ids.map((id) => ({ id, metadata: { more: '1' } }))),
  )
  for (const id of [
    'v1Beta.customers.entities.archive',
    'v1Beta.customers.entities.unarchive',
  ] as const)
    await holds(tenant, 'ids', (ids) => [id, { params, body: { ids } }])
})

test('customers with too much metadata in total are not imported at once', async () => {
  const tenant = await world.tenant()
  for (const id of IDS) await tenant.ok('v1.customers.provision', { body: { id, ...MEGABYTE } })
  await holds(tenant, 'customers', (ids) => [
    'v1.customers.import',
    {
      body: { customers: ids.map((id) => ({ id, name: 'N', email: null, metadata: { a: '1' } })) },
    },
  ])
})

test('a product with too much metadata in its packages is not archived or duplicated at once', async () => {
  const tenant = await world.tenant()
  await tenant.ok('v1.products.createProduct', { body: { id: 'app', displayName: 'App' } })
  const addon = { productId: 'app', displayName: 'A', pricingType: 'PAID', ...MEGABYTE }
  for (const id of IDS) await tenant.ok('v1.addons.create', { body: { id, ...addon } })
  const [first = ''] = IDS
  const publication = { body: { migrationType: 'NEW_CUSTOMERS' } }
  await tenant.ok('v1.addons.publish', { params: { id: first }, ...publication })
  const copy = { params: { id: 'app' }, body: { targetId: 'copy' } }
  const calls = [
    ['v1.products.duplicateProduct', copy],
    ['v1.products.archiveProduct', { params: { id: 'app' } }],
  ] as const
  const before = (await tenant.announced()).length
  for (const [id, request] of calls)
    await tenant.refused(id, request, {
      status: 400,
      code: 'BadUserInput',
      message: /^the plans and add-ons of app have more than 8 MB of metadata in total/,
    })
  assert.equal((await tenant.announced()).length, before)
  await tenant.ok('v1.addons.archive', { params: { id: first } })
  for (const [id, request] of calls) await tenant.ok(id, request)
  await tenant.ok('v1.products.unarchiveProduct', { params: { id: 'app' } })
})
