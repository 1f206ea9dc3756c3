import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customersIn } from '../../test/support/customers.ts'
import { LATER, NOW, openWorld } from '../../test/support/world.ts'
import type { CustomerImportRequestBody, CustomerImportRow } from '../api.gen.ts'
import { replacedBy } from '../events/what-changed.ts'
import { addIntegration } from './integration-commands.ts'

const world = await openWorld()
const { announced, fresh, moveTo, provision, retrieve, tenant } = customersIn(world)

type Row = Partial<CustomerImportRow> & { id: string }
const bodyOf = (rows: readonly Row[], integrationId?: string): CustomerImportRequestBody => ({
  customers: rows.map((row) => ({ name: null, email: null, ...row })),
  ...(integrationId === undefined ? {} : { integrationId }),
})
const imported = async (rows: readonly Row[], integrationId?: string) =>
  (await tenant().ok('v1.customers.import', { body: bodyOf(rows, integrationId) })).data
    .newCustomers
const refused = (
  rows: readonly Row[],
  refusal: { status: number; code: string; message: RegExp },
  integrationId?: string,
) => tenant().refused('v1.customers.import', { body: bodyOf(rows, integrationId) }, refusal)
const register = (id: string, vendor: 'STRIPE' | 'ZUORA' | 'HUBSPOT' | 'SALESFORCE') =>
  addIntegration(world.bursar.app, tenant().scope, { id, vendor })
const linksOf = async (id: string) =>
  (await retrieve(id)).integrations.map((link) => `${link.id} ${link.syncedEntityId}`)

test('an import creates customers with every field, and returns the new ones', async () => {
  await fresh()
  await provision({ id: 'b', name: 'B' })
  const row = {
    name: 'Ä',
    email: 'a@a.example',
    billingId: 'cus_1',
    paymentMethodId: 'pm_1',
    metadata: { segment: 'scale-up', none: '' },
    updatedAt: '2020-01-01T00:00:00Z',
  }
  assert.deepEqual(await imported([{ id: 'c' }, { id: 'b', name: 'B' }, { id: 'a', ...row }]), [
    'c',
    'a',
  ])
  const made = await retrieve('a')
  assert.deepEqual(made, {
    id: 'a',
    name: 'Ä',
    email: 'a@a.example',
    billingId: 'cus_1',
    billingCurrency: null,
    couponId: null,
    defaultPaymentMethod: {
      billingId: 'pm_1',
      type: 'CARD',
      cardLast4Digits: null,
      cardExpiryMonth: null,
      cardExpiryYear: null,
    },
    integrations: [],
    language: null,
    timezone: null,
    metadata: { segment: 'scale-up' },
    archivedAt: null,
    createdAt: NOW,
    updatedAt: NOW,
  })
  assert.deepEqual((await tenant().announced()).at(-1), {
    type: 'customer.created',
    objectId: 'a',
    before: null,
    after: made,
  })
  const { data } = await tenant().ok('v1.customers.list')
  assert.deepEqual(
    data.map(({ id }) => id),
    ['a', 'c', 'b'],
  )
})

test('a row changes the fields that it contains, merges metadata, and keeps the rest', async () => {
  await fresh()
  const card = {
    billingId: 'pm_1',
    type: 'CARD',
    cardLast4Digits: '4242',
    cardExpiryMonth: 12,
    cardExpiryYear: 2030,
  }
  const before = await provision({
    id: 'acme',
    name: 'Acme',
    email: 'a@a.example',
    billingId: 'cus_1',
    language: 'de',
    defaultPaymentMethod: card,
    metadata: { kept: '1', changed: '1', removed: '1' },
  })
  moveTo(LATER)
  const metadata = { changed: '2', removed: '', added: '2' }
  assert.deepEqual(await imported([{ id: 'acme', metadata, paymentMethodId: 'pm_1' }]), [])
  const after = await retrieve('acme')
  assert.deepEqual(after, {
    ...before,
    name: null,
    email: null,
    metadata: { kept: '1', changed: '2', added: '2' },
    updatedAt: LATER,
  })
  const replaced = replacedBy(before, after)
  const expected = { type: 'customer.updated', objectId: 'acme', before: replaced, after }
  assert.deepEqual((await tenant().announced()).at(-1), expected)
  await imported([{ id: 'acme', name: '', billingId: '', paymentMethodId: '' }])
  const cleared = await retrieve('acme')
  assert.deepEqual([cleared.billingId, cleared.defaultPaymentMethod], [null, null])
})

test('an import without a difference changes nothing and publishes no event', async () => {
  await fresh()
  await register('stripe', 'STRIPE')
  const rows = [
    { id: 'a', name: 'A', metadata: { x: '1' }, billingId: 'cus_1', salesforceId: 'sf_1' },
    { id: 'b', email: 'b@b.example', paymentMethodId: 'pm_1' },
  ]
  await imported(rows, 'stripe')
  const [before, events] = [await retrieve('a'), await announced()]
  moveTo(LATER)
  assert.deepEqual(await imported(rows, 'stripe'), [])
  assert.deepEqual(await imported([]), [])
  assert.deepEqual(await retrieve('a'), before)
  assert.deepEqual(await announced(), events)
})

test('a row is skipped if its customer was changed after the updatedAt of the row, to the microsecond', async () => {
  await fresh()
  await provision({ id: 'acme', name: 'here' })
  const nameAfter = async (updatedAt: string) => {
    await imported([{ id: 'acme', name: updatedAt, updatedAt }])
    return (await retrieve('acme')).name
  }
  for (const older of ['2026-05-18T10:07:41.999Z', '2026-05-18T10:07:41.999999Z'])
    assert.equal(await nameAfter(older), 'here', older)
  assert.equal(await nameAfter('2026-05-18T12:07:41.999+02:00'), 'here')
  for (const newer of [NOW, '2026-05-18T10:07:42.000001Z', '2026-05-18T23:59:60Z'])
    assert.equal(await nameAfter(newer), newer)
  const skipped = { id: 'acme', name: 'x', updatedAt: '2001-01-01T00:00:00Z' }
  assert.deepEqual(await imported([skipped, { id: 'new', updatedAt: '2001-01-01T00:00:00Z' }]), [
    'new',
  ])
})

test('a repeated id is refused with its index, and nothing is written', async () => {
  await fresh()
  await refused([{ id: 'a' }, { id: 'b' }, { id: 'a' }], {
    status: 400,
    code: 'FailedToImportCustomer',
    message: /customers\[2\] \(a\).*customers\[0\]/,
  })
  assert.deepEqual(await announced(), [])
  await provision({ id: 'gone' })
  await tenant().ok('v1.customers.archive', { params: { id: 'gone' } })
  const rows = [{ id: 'gone' }, { id: 'a' }, { id: 'a' }]
  await refused(rows, { status: 404, code: 'IntegrationNotFound', message: /nowhere/ }, 'nowhere')
  await refused(rows, { status: 400, code: 'EntityIsArchivedError', message: /customers\[0\]/ })
})

test('an archived customer causes the refusal of the whole import, unless its row is outdated', async () => {
  await fresh()
  await provision({ id: 'gone' })
  moveTo(LATER)
  await tenant().ok('v1.customers.archive', { params: { id: 'gone' } })
  const refusal = {
    status: 400,
    code: 'EntityIsArchivedError',
    message: /customers\[1\] \(gone\): .*archived/,
  }
  const rows = [{ id: 'new', salesforceId: 'sf_1' }, { id: 'gone' }]
  await refused(rows, refusal)
  await tenant().refused(
    'v1.customers.retrieve',
    { params: { id: 'new' } },
    { status: 404, code: 'CustomerNotFound' },
  )
  // The integration that the first row needs was not registered either.
  await provision({
    id: 'other',
    integrations: [{ id: 'salesforce', vendorIdentifier: 'HUBSPOT', syncedEntityId: null }],
  })
  assert.deepEqual(await imported([{ id: 'new' }, { id: 'gone', updatedAt: NOW }]), ['new'])
})

test('a row without name or e-mail address clears them', async () => {
  await fresh()
  await tenant().ok('v1.customers.import', {
    body: { customers: [{ id: 'a', name: 'Ann', email: 'ann@example.com', metadata: { a: '1' } }] },
  })
  await tenant().ok('v1.customers.import', { body: { customers: [{ id: 'a' }, { id: 'b' }] } })
  const { data } = await tenant().ok('v1.customers.list')
  const shown = data.map(({ id, name, email, metadata }) => [id, name, email, metadata])
  assert.deepEqual(shown, [
    ['b', null, null, {}],
    ['a', null, null, { a: '1' }],
  ])
})

test('an invalid row is refused with its index, and so are more than a thousand rows', async () => {
  await fresh()
  const bad = async (row: object, message: RegExp) =>
    tenant().refused(
      'v1.customers.import',
      { body: { customers: [{ id: 'fine', name: null, email: null }, row] } },
      { status: 400, code: 'BadUserInput', message },
    )
  const row = { id: 'a', name: null, email: null }
  await bad({ ...row, id: '-a' }, /customers\[1\]\.id/)
  await bad({ ...row, email: 'a' }, /customers\[1\]\.email/)
  await bad({ ...row, metadata: { a: 1 } }, /customers\[1\]\.metadata\.a/)
  await bad({ ...row, updatedAt: 'yesterday' }, /customers\[1\]\.updatedAt/)
  await bad({ ...row, billingId: null }, /customers\[1\]\.billingId/)
  await bad({ ...row, couponId: 'x' }, /customers\[1\].*couponId/)
  const rows = Array.from({ length: 1001 }, (_, index) => ({ id: `c${index}` }))
  await refused(rows, { status: 400, code: 'BadUserInput', message: /at most 1000 items/ })
})

test('a thousand rows can be imported at once, and are listed in their order', async () => {
  await fresh()
  const rows = Array.from({ length: 1000 }, (_, index) => ({
    id: `c${index}`,
    name: `Customer ${index}`,
    salesforceId: `sf_${index}`,
  }))
  const ids = rows.map(({ id }) => id)
  assert.deepEqual(await imported(rows), ids)
  const { data } = await tenant().ok('v1.customers.list', { query: { limit: '3' } })
  assert.deepEqual(
    data.map(({ id }) => id),
    ['c999', 'c998', 'c997'],
  )
  assert.deepEqual(await linksOf('c500'), ['salesforce sf_500'])
  assert.equal((await announced()).length, 1000)
})

test('billingId is set in the default billing link, or without one in the customer alone', async () => {
  await fresh()
  await provision({
    id: 'linked',
    integrations: [
      { id: 'stripe', vendorIdentifier: 'STRIPE', syncedEntityId: 'cus_1' },
      { id: 'zuora', vendorIdentifier: 'ZUORA', syncedEntityId: 'zu_1' },
    ],
  })
  await imported([
    { id: 'linked', billingId: 'cus_2' },
    { id: 'bare', billingId: 'cus_3' },
  ])
  assert.deepEqual(await linksOf('linked'), ['stripe cus_2', 'zuora zu_1'])
  assert.equal((await retrieve('linked')).billingId, 'cus_2')
  assert.deepEqual([await linksOf('bare'), (await retrieve('bare')).billingId], [[], 'cus_3'])
})

test('with an integration, billingId is the id of the customer there, and the customer is linked to it', async () => {
  await fresh()
  await register('stripe', 'STRIPE')
  await provision({
    id: 'linked',
    integrations: [{ id: 'zuora', vendorIdentifier: 'ZUORA', syncedEntityId: 'zu_1' }],
  })
  const rows = [
    { id: 'linked', billingId: 'cus_1' },
    { id: 'bare', billingId: 'cus_2' },
    { id: 'x' },
  ]
  await imported(rows, 'stripe')
  assert.deepEqual(await linksOf('linked'), ['zuora zu_1', 'stripe cus_1'])
  assert.equal((await retrieve('linked')).billingId, 'zu_1')
  assert.deepEqual(
    [await linksOf('bare'), (await retrieve('bare')).billingId],
    [['stripe cus_2'], 'cus_2'],
  )
  assert.deepEqual(await linksOf('x'), [])
  await imported(
    [
      { id: 'bare', billingId: '' },
      { id: 'x', billingId: '' },
    ],
    'stripe',
  )
  assert.deepEqual(await linksOf('bare'), ['stripe null'])
  assert.deepEqual(await linksOf('x'), [])
})

test('an unknown integration or one that does not bill is a 404', async () => {
  await fresh()
  await register('crm', 'HUBSPOT')
  const unknown = { status: 404, code: 'IntegrationNotFound', message: /integrationId.*nowhere/ }
  await refused([{ id: 'a' }], unknown, 'nowhere')
  const noBiller = { status: 404, code: 'VendorIsNotSupported', message: /integrationId.*HUBSPOT/ }
  await refused([{ id: 'a' }], noBiller, 'crm')
  assert.deepEqual(await announced(), [])
})

test('salesforceId is set in the existing link, else the oldest integration is linked, else a new one', async () => {
  await fresh()
  await imported([
    { id: 'first', salesforceId: 'sf_1' },
    { id: 'none', salesforceId: '' },
  ])
  assert.deepEqual(await linksOf('first'), ['salesforce sf_1'])
  assert.deepEqual(await linksOf('none'), [])

  await fresh()
  moveTo(LATER)
  await register('a-younger', 'SALESFORCE')
  moveTo(NOW)
  await register('z-older', 'SALESFORCE')
  await provision({
    id: 'own',
    integrations: [{ id: 'a-younger', vendorIdentifier: 'SALESFORCE', syncedEntityId: 'sf_1' }],
  })
  await imported([
    { id: 'own', salesforceId: 'sf_2' },
    { id: 'new', salesforceId: 'sf_3' },
  ])
  assert.deepEqual(await linksOf('own'), ['a-younger sf_2'])
  assert.deepEqual(await linksOf('new'), ['z-older sf_3'])
  await imported([{ id: 'own', salesforceId: '' }])
  assert.deepEqual(await linksOf('own'), ['a-younger null'])
})

test('an integration with the id salesforce but another vendor is refused', async () => {
  await fresh()
  await register('salesforce', 'STRIPE')
  const refusal = {
    status: 400,
    code: 'UnsupportedVendorIdentifier',
    message: /salesforce.*STRIPE/,
  }
  await refused([{ id: 'a', salesforceId: 'sf_1' }], refusal)
})

test('with strict integrations, the Salesforce integration must be registered', async () => {
  const strict = await openWorld({ BURSAR_STRICT_INTEGRATIONS: '1' })
  const own = await strict.tenant()
  const body = bodyOf([{ id: 'a', salesforceId: 'sf_1' }])
  const refusal = { status: 404, code: 'IntegrationNotFound', message: /salesforce/ }
  await own.refused('v1.customers.import', { body }, refusal)
  await addIntegration(strict.bursar.app, own.scope, { id: 'sf', vendor: 'SALESFORCE' })
  await own.ok('v1.customers.import', { body })
})

test('a customer with the maximum of links is refused with its row', async () => {
  await fresh()
  await register('stripe', 'STRIPE')
  const integrations = Array.from({ length: 100 }, (_, index) => ({
    id: `zuora-${index}`,
    vendorIdentifier: 'ZUORA',
    syncedEntityId: null,
  }))
  await provision({ id: 'full', integrations })
  const rows = [{ id: 'a' }, { id: 'full', billingId: 'cus_1' }]
  const message = /customers\[1\] \(full\): .*at most 100/
  await refused(rows, { status: 400, code: 'FailedToImportCustomer', message }, 'stripe')
})

test('an import does not see or change customers of another environment', async () => {
  await fresh()
  await provision({ id: 'acme', name: 'theirs' })
  const theirs = tenant()
  await fresh()
  assert.deepEqual(await imported([{ id: 'acme', name: 'mine' }]), ['acme'])
  const found = await theirs.ok('v1.customers.retrieve', { params: { id: 'acme' } })
  assert.equal(found.data.name, 'theirs')
})
