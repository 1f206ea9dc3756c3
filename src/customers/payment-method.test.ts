import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customersIn } from '../../test/support/customers.ts'
import { LATER, openWorld } from '../../test/support/world.ts'
import { replacedBy } from '../events/what-changed.ts'

const world = await openWorld()
const { moveTo, provision, tenant, ...environments } = customersIn(world)
const ATTACH = 'v1.customers.paymentMethod.attach'
const DETACH = 'v1.customers.paymentMethod.detach'
const params = { id: 'acme' }
const method = { integrationId: 'stripe', vendorIdentifier: 'STRIPE', paymentMethodId: 'pm_1' }
const card = {
  billingId: 'pm_1',
  type: 'CARD',
  cardLast4Digits: null,
  cardExpiryMonth: null,
  cardExpiryYear: null,
}

const fresh = async (customer: object = {}) => {
  await environments.fresh()
  const integrations = [
    { id: 'stripe', vendorIdentifier: 'STRIPE', syncedEntityId: 'cus_1' },
    { id: 'zuora', vendorIdentifier: 'ZUORA', syncedEntityId: null },
  ]
  return provision({ id: 'acme', integrations, ...customer })
}
const attach = async (body: object) => (await tenant().ok(ATTACH, { params, body })).data
const detach = async () => (await tenant().ok(DETACH, { params })).data
const events = async () => (await tenant().announced()).map(({ type }) => type)

test('attaching a payment method makes it the default and publishes an event', async () => {
  const before = await fresh({ billingCurrency: 'usd' })
  moveTo(LATER)
  const after = await attach(method)
  assert.deepEqual(after, { ...before, defaultPaymentMethod: card, updatedAt: LATER })
  const was = replacedBy(before, after)
  const expected = { type: 'payment_method.attached', objectId: 'acme', before: was, after }
  assert.deepEqual((await tenant().announced()).at(-1), expected)
  const { data } = await tenant().ok('v1.customers.retrieve', { params })
  assert.deepEqual(data, after)
})

test('another payment method replaces the default, and the same one changes nothing', async () => {
  await fresh()
  await attach(method)
  const second = await attach({ ...method, paymentMethodId: 'pm_2' })
  assert.equal(second.defaultPaymentMethod?.billingId, 'pm_2')
  moveTo(LATER)
  assert.deepEqual(await attach({ ...method, paymentMethodId: 'pm_2' }), second)
  assert.deepEqual(await events(), [
    'customer.created',
    'payment_method.attached',
    'payment_method.attached',
  ])
})

test('attaching the same card again keeps its digits', async () => {
  const known = { ...card, cardLast4Digits: '4242', cardExpiryMonth: 12, cardExpiryYear: 2030 }
  const before = await fresh({ defaultPaymentMethod: known })
  assert.deepEqual(await attach(method), before)
})

test('billingCurrency is set if present, cleared by null, and kept if absent', async () => {
  await fresh()
  const currencyAfter = async (stated: object) =>
    (await attach({ ...method, ...stated })).billingCurrency
  assert.equal(await currencyAfter({ billingCurrency: 'eur' }), 'eur')
  assert.equal(await currencyAfter({}), 'eur')
  assert.equal(await currencyAfter({ billingCurrency: null }), null)
  // Only the first request attached the method.
  assert.deepEqual(await events(), [
    'customer.created',
    'payment_method.attached',
    'customer.updated',
  ])
})

test('detaching a payment method publishes an event', async () => {
  await fresh()
  const before = await attach(method)
  moveTo(LATER)
  const after = await detach()
  assert.deepEqual(after, { ...before, defaultPaymentMethod: null, updatedAt: LATER })
  const was = replacedBy(before, after)
  const expected = { type: 'payment_method.detached', objectId: 'acme', before: was, after }
  assert.deepEqual((await tenant().announced()).at(-1), expected)
  const none = { status: 404, code: 'PaymentMethodNotFoundError', message: /acme/ }
  await tenant().refused(DETACH, { params }, none)
})

test('an impossible attachment is refused with its reason, and nothing is written', async () => {
  await fresh()
  const before = await tenant().announced()
  const cases: [object, number, string, RegExp][] = [
    [{ vendorIdentifier: 'HUBSPOT' }, 404, 'VendorIsNotSupported', /HUBSPOT/],
    [{ integrationId: 'nowhere' }, 404, 'IntegrationNotFound', /nowhere/],
    [{ vendorIdentifier: 'ZUORA' }, 400, 'UnsupportedVendorIdentifier', /STRIPE, not ZUORA/],
    [
      { integrationId: 'zuora', vendorIdentifier: 'ZUORA' },
      404,
      'CustomerNoBillingId',
      /acme.*zuora/,
    ],
    [{ paymentMethodId: '' }, 400, 'BadUserInput', /paymentMethodId/],
    [{ billingCurrency: 'EUR' }, 400, 'BadUserInput', /billingCurrency/],
  ]
  for (const [stated, status, code, message] of cases) {
    const body = { ...method, ...stated }
    await tenant().refused(ATTACH, { params, body }, { status, code, message })
  }
  assert.deepEqual(await tenant().announced(), before)
})

test('an unknown customer is a 404 and an archived one a 400, before any other check', async () => {
  await fresh()
  const nobody = { id: 'nobody' }
  const unknown = { status: 404, code: 'CustomerNotFound', message: /nobody/ }
  const body = { ...method, vendorIdentifier: 'HUBSPOT' }
  await tenant().refused(ATTACH, { params: nobody, body }, unknown)
  await tenant().refused(DETACH, { params: nobody }, unknown)
  await tenant().ok('v1.customers.archive', { params })
  const archived = { status: 400, code: 'EntityIsArchivedError', message: /acme/ }
  await tenant().refused(ATTACH, { params, body }, archived)
  await tenant().refused(DETACH, { params }, archived)
})
