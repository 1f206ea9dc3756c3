import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customersIn } from '../../test/support/customers.ts'
import { LATER, NOW, openWorld } from '../../test/support/world.ts'
import type { CustomerProvisionRequestBody, CustomerUpdateRequestBody } from '../api.gen.ts'
import { provisionCustomer, updateCustomer } from './customer-commands.ts'

const world = await openWorld()
const { announced, fresh, moveTo, provision, retrieve, tenant } = customersIn(world)

const update = async (id: string, body: CustomerUpdateRequestBody) =>
  (await tenant().ok('v1.customers.update', { params: { id }, body })).data
const list = (query: Record<string, string> = {}) => tenant().ok('v1.customers.list', { query })
const listed = async (query: Record<string, string> = {}) =>
  (await list(query)).data.map(({ id }) => id)

const bare = {
  name: null,
  email: null,
  billingId: null,
  billingCurrency: null,
  couponId: null,
  defaultPaymentMethod: null,
  integrations: [],
  language: null,
  timezone: null,
  metadata: {},
  archivedAt: null,
  createdAt: NOW,
  updatedAt: NOW,
}
const full = {
  id: 'acme',
  name: 'Acme',
  email: 'billing@acme.example',
  billingId: 'cus_1',
  billingCurrency: 'eur',
  defaultPaymentMethod: {
    billingId: 'pm_1',
    type: 'CARD',
    cardLast4Digits: '4242',
    cardExpiryMonth: 12,
    cardExpiryYear: 2030,
  },
  integrations: [
    { id: 'hubspot', vendorIdentifier: 'HUBSPOT', syncedEntityId: null },
    { id: 'stripe', vendorIdentifier: 'STRIPE', syncedEntityId: 'cus_1' },
  ],
  language: 'de-CH',
  timezone: 'Europe/Zurich',
  metadata: { segment: 'scale-up' },
  passthrough: {
    stripe: { taxIds: [{ type: 'eu_vat', value: 'X' }], billingAddress: { city: 'Bern' } },
    zuora: { currency: 'usd', metadata: { empty: '' } },
  },
} satisfies CustomerProvisionRequestBody

test('a customer is created and read with every field that was sent', async () => {
  await fresh()
  const expected = { ...bare, ...full }
  assert.deepEqual(await provision(full), expected)
  assert.deepEqual(await retrieve('acme'), expected)
  assert.deepEqual((await list()).data, [expected])
  assert.deepEqual(await tenant().announced(), [
    { type: 'customer.created', objectId: 'acme', before: null, after: expected },
  ])
})

test('a customer with only an id has null or empty fields and no passthrough', async () => {
  await fresh()
  const created = await provision({ id: 'a|b.c@d-e_f', metadata: { gone: '' } })
  assert.deepEqual(created, { ...bare, id: 'a|b.c@d-e_f' })
  assert.deepEqual(await retrieve('a|b.c@d-e_f'), created)
})

test('an id is taken once, even by an archived customer, and a refusal writes nothing', async () => {
  await fresh()
  await provision({ id: 'acme' })
  const body = { ...full, name: 'Other' }
  const taken = { status: 409, code: 'DuplicatedEntityNotAllowed', message: /acme/ }
  await tenant().refused('v1.customers.provision', { body }, taken)
  await tenant().ok('v1.customers.archive', { params: { id: 'acme' } })
  await tenant().refused('v1.customers.provision', { body }, taken)
  assert.equal((await retrieve('acme')).name, null)
  assert.deepEqual(await announced(), ['customer.created acme', 'customer.deleted acme'])
  // The integrations of the refused requests were not registered either.
  await provision({
    id: 'other',
    integrations: [{ id: 'stripe', vendorIdentifier: 'ZUORA', syncedEntityId: null }],
  })
})

test('of two concurrent requests that create one id, one gets a 201 and the other a 409', async () => {
  await fresh()
  const ids = Array.from({ length: 8 }, (_, index) => `c${index}`)
  const answers = await Promise.all(
    [...ids, ...ids].map((id) => tenant().call('v1.customers.provision', { body: { id } })),
  )
  for (const index of ids.keys()) {
    const pair = [answers[index]?.status, answers[index + ids.length]?.status]
    assert.deepEqual(pair.toSorted(), [201, 409])
  }
  assert.equal((await announced()).length, ids.length)
})

test('an environment does not see the customers of another one', async () => {
  await fresh()
  await provision({ id: 'acme', name: 'First' })
  const other = await world.tenant()
  const unknown = { status: 404, code: 'CustomerNotFound', message: /acme/ }
  await other.refused('v1.customers.retrieve', { params: { id: 'acme' } }, unknown)
  await other.ok('v1.customers.provision', { body: { id: 'acme', name: 'Second' } })
  assert.equal((await retrieve('acme')).name, 'First')
})

test('an unknown customer is a 404 for every operation that names one', async () => {
  await fresh()
  const params = { id: 'nobody' }
  const unknown = { status: 404, code: 'CustomerNotFound', message: /nobody/ }
  await tenant().refused('v1.customers.retrieve', { params }, unknown)
  await tenant().refused('v1.customers.update', { params, body: { couponId: 'X' } }, unknown)
  await tenant().refused('v1.customers.archive', { params }, unknown)
  await tenant().refused('v1.customers.unarchive', { params }, unknown)
})

test('a patch keeps absent fields, clears with null or "", and merges metadata', async () => {
  await fresh()
  const created = await provision(full)
  moveTo(LATER)
  const changed = await update('acme', { metadata: { owner: 'mara', segment: '' } })
  assert.deepEqual(changed, { ...created, metadata: { owner: 'mara' }, updatedAt: LATER })
  const passthrough = { stripe: { customerName: 'Acme AG' } }
  const cleared = await update('acme', {
    name: null,
    email: null,
    billingCurrency: null,
    language: '',
    timezone: null,
    couponId: '',
    passthrough,
  })
  const expected = {
    ...changed,
    name: null,
    email: null,
    billingCurrency: null,
    language: null,
    timezone: null,
    passthrough,
  }
  assert.deepEqual(cleared, expected)
  assert.deepEqual(await retrieve('acme'), expected)
  assert.deepEqual((await tenant().announced()).at(-1)?.after, expected)
})

test('a patch without a difference keeps updatedAt and publishes no event', async () => {
  await fresh()
  const created = await provision(full)
  moveTo(LATER)
  const { id: _, defaultPaymentMethod: __, ...same } = full
  assert.deepEqual(await update('acme', same), created)
  assert.deepEqual(await update('acme', {}), created)
  assert.deepEqual(await retrieve('acme'), created)
  assert.deepEqual(await announced(), ['customer.created acme'])
})

test('metadata can grow to 1 MB by patches or an import, but no further', async () => {
  await fresh()
  const half = 'x'.repeat(600_000)
  const before = await provision({ id: 'acme', metadata: { a: half } })
  const body = { metadata: { b: half } }
  const message = /acme.*larger than 1 MB/
  await tenant().refused(
    'v1.customers.update',
    { params: { id: 'acme' }, body },
    { status: 400, code: 'InvalidMetadataError', message },
  )
  await tenant().refused(
    'v1.customers.import',
    { body: { customers: [{ id: 'acme', name: null, email: null, ...body }] } },
    { status: 400, code: 'FailedToImportCustomer', message },
  )
  assert.deepEqual(await retrieve('acme'), before)
  assert.equal((await update('acme', { metadata: { a: '', b: half } })).metadata.b, half)
})

test('concurrent patches of different metadata keys all take effect', async () => {
  await fresh()
  await provision({ id: 'acme' })
  const keys = Array.from({ length: 12 }, (_, index) => `k${index}`)
  await Promise.all(keys.map((key) => update('acme', { metadata: { [key]: key } })))
  assert.deepEqual((await retrieve('acme')).metadata, Object.fromEntries(keys.map((k) => [k, k])))
})

test('two servers with one database lose no change, and create each id once', async () => {
  await fresh()
  const { app } = (await openWorld()).bursar
  const other = { app, scope: tenant().scope, origin: app.origin }
  const keys = Array.from({ length: 10 }, (_, index) => `k${index}`)
  const claims = await Promise.allSettled(
    keys.flatMap((id) => [provision({ id }), provisionCustomer(other, id, {})]),
  )
  assert.equal(claims.filter(({ status }) => status === 'fulfilled').length, keys.length)
  await Promise.all(
    keys.flatMap((key) => [
      update('k0', { metadata: { [`here ${key}`]: key } }),
      updateCustomer(other, 'k0', { metadata: { [`there ${key}`]: key } }),
    ]),
  )
  assert.equal(Object.keys((await retrieve('k0')).metadata).length, 2 * keys.length)
})

test('a coupon id is a 404, because no coupon exists, and an empty one means none', async () => {
  await fresh()
  const unknown = { status: 404, code: 'CouponNotFound', message: /couponId.*WELCOME/ }
  const body = { id: 'acme', couponId: 'WELCOME' }
  await tenant().refused('v1.customers.provision', { body }, unknown)
  assert.equal((await provision({ id: 'acme', couponId: '' })).couponId, null)
  const patch = { params: { id: 'acme' }, body: { couponId: 'WELCOME' } }
  await tenant().refused('v1.customers.update', patch, unknown)
  assert.equal((await update('acme', { couponId: null })).couponId, null)
})

test('an archived customer can be read, but is not listed and refuses changes', async () => {
  await fresh()
  const created = await provision(full)
  moveTo(LATER)
  const params = { id: 'acme' }
  const archived = (await tenant().ok('v1.customers.archive', { params })).data
  assert.deepEqual(archived, { ...created, archivedAt: LATER, updatedAt: LATER })
  assert.deepEqual(await retrieve('acme'), archived)
  assert.deepEqual(await listed(), [])
  const refusal = { status: 400, code: 'EntityIsArchivedError', message: /acme/ }
  await tenant().refused('v1.customers.update', { params, body: {} }, refusal)
  await tenant().refused('v1.customers.update', { params, body: { couponId: 'X' } }, refusal)
})

test('archiving or unarchiving twice has the same effect as once', async () => {
  await fresh()
  const created = await provision({ id: 'acme' })
  const params = { id: 'acme' }
  moveTo(LATER)
  const archived = (await tenant().ok('v1.customers.archive', { params })).data
  moveTo('2026-07-01T00:00:00Z')
  assert.deepEqual((await tenant().ok('v1.customers.archive', { params })).data, archived)
  const back = (await tenant().ok('v1.customers.unarchive', { params })).data
  assert.deepEqual(back, { ...created, updatedAt: '2026-07-01T00:00:00.000Z' })
  moveTo('2026-08-01T00:00:00Z')
  assert.deepEqual((await tenant().ok('v1.customers.unarchive', { params })).data, back)
  assert.deepEqual(await announced(), [
    'customer.created acme',
    'customer.deleted acme',
    'customer.updated acme',
  ])
  assert.deepEqual(await listed(), ['acme'])
})

test('45 customers make three pages, newest first, the same in both directions', async () => {
  await fresh()
  for (let index = 45; index >= 1; index -= 1) await provision({ id: `c${index}` })
  const ids = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => `c${from + index}`)
  const page = async (query: Record<string, string>) => {
    const { data, pagination } = await list(query)
    return { ids: data.map(({ id }) => id), ...pagination }
  }
  const first = await page({ limit: '20' })
  assert.deepEqual([first.ids, first.prev], [ids(1, 20), null])
  const second = await page({ limit: '20', after: first.next ?? '' })
  assert.deepEqual(second.ids, ids(21, 40))
  const third = await page({ after: second.next ?? '' })
  assert.deepEqual([third.ids, third.next], [ids(41, 45), null])
  assert.deepEqual(await page({ before: third.prev ?? '' }), second)
  assert.deepEqual(await page({ before: second.prev ?? '' }), first)
  assert.deepEqual(await page({ limit: '45' }), { ids: ids(1, 45), next: null, prev: null })
})

test('a cursor stays valid after its customer is archived, and an unknown cursor is a 400', async () => {
  await fresh()
  for (const id of ['a', 'b', 'c']) await provision({ id })
  const { pagination } = await list({ limit: '1' })
  await tenant().ok('v1.customers.archive', { params: { id: 'c' } })
  assert.deepEqual(await listed({ after: pagination.next ?? '' }), ['b', 'a'])
  const other = await world.tenant()
  const foreign = { status: 400, code: 'BadUserInput', message: /after/ }
  const query = { after: pagination.next ?? '' }
  await other.refused('v1.customers.list', { query }, foreign)
})

test('name and email filter by exact match, and can be combined', async () => {
  await fresh()
  await provision({ id: 'a', name: 'Acme', email: 'a@acme.example' })
  await provision({ id: 'b', name: 'acme', email: 'a@acme.example' })
  await provision({ id: 'c', name: 'Acme' })
  assert.deepEqual(await listed({ name: 'Acme' }), ['c', 'a'])
  assert.deepEqual(await listed({ email: 'a@acme.example' }), ['b', 'a'])
  assert.deepEqual(await listed({ name: 'Acme', email: 'a@acme.example' }), ['a'])
  assert.deepEqual(await listed({ name: 'Acm' }), [])
  assert.deepEqual(await listed({ name: "'; --" }), [])
})

test('a filter by creation time is exact, even for fractions of a millisecond', async () => {
  await fresh()
  const instants = ['00.000', '00.001', '00.002'].map((second) => `2026-05-18T10:00:${second}Z`)
  for (const [index, instant] of instants.entries()) {
    moveTo(instant)
    await provision({ id: `c${index}` })
  }
  const at = (fraction: string) => `2026-05-18T10:00:00.${fraction}Z`
  const cases: [Record<string, string>, string[]][] = [
    [{ 'createdAt[gt]': at('001') }, ['c2']],
    [{ 'createdAt[gte]': at('001') }, ['c2', 'c1']],
    [{ 'createdAt[lt]': at('001') }, ['c0']],
    [{ 'createdAt[lte]': at('001') }, ['c1', 'c0']],
    [{ 'createdAt[gte]': at('0010001') }, ['c2']],
    [{ 'createdAt[lt]': at('0010001') }, ['c1', 'c0']],
    [{ 'createdAt[gt]': at('000'), 'createdAt[lt]': at('002') }, ['c1']],
    [{ 'createdAt[gte]': '2026-05-18T12:00:00.002+02:00' }, ['c2']],
    [{ 'createdAt[lt]': '0001-01-01T00:00:00Z' }, []],
  ]
  for (const [query, expected] of cases)
    assert.deepEqual(await listed(query), expected, JSON.stringify(query))
})
