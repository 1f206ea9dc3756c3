import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  archived,
  changeCustomer,
  changeLinks,
  newCustomer,
  refuseUnknownCoupon,
  unarchived,
} from './change-customer.ts'
import type { Customer, CustomerInput, Link } from './types.ts'

const stripe: Link = {
  key: 'k1',
  integrationId: 'stripe',
  vendor: 'STRIPE',
  syncedEntityId: 'cus_1',
  createdAt: 1,
  updatedAt: 1,
}
const before: Customer = {
  ...newCustomer('acme', { key: 'k', now: 1 }),
  name: 'Acme',
  email: 'a@acme.example',
  billingId: 'cus_1',
  billingCurrency: 'eur',
  language: 'en',
  timezone: 'Europe/Zurich',
  passthrough: { stripe: { customerName: 'Acme', billingAddress: { city: 'Bern' } } },
  metadata: { a: '1', b: '2' },
  links: [stripe],
}
const change = (input: CustomerInput, links: Link[] = []) =>
  changeCustomer(before, input, { links, now: 2 })

test('absent fields are kept, and a request without a difference changes nothing', () => {
  const same: CustomerInput[] = [
    {},
    { name: 'Acme', billingId: 'cus_1', billingCurrency: 'eur', metadata: { a: '1', c: '' } },
    { passthrough: { stripe: { billingAddress: { city: 'Bern' }, customerName: 'Acme' } } },
    { couponId: null },
  ]
  for (const input of same) assert.equal(change(input), before)
  assert.equal(change({}, [{ ...stripe, key: 'other', updatedAt: 2 }]), before)
})

test('null clears every nullable field, and updatedAt changes', () => {
  const fields = ['name', 'email', 'billingCurrency', 'language', 'timezone'] as const
  for (const field of fields)
    assert.deepEqual(change({ [field]: null }), { ...before, [field]: null, updatedAt: 2 })
  assert.deepEqual(change({ billingId: null }), {
    ...before,
    billingId: null,
    links: [{ ...stripe, syncedEntityId: null, updatedAt: 2 }],
    updatedAt: 2,
  })
})

test('metadata is merged, "" removes a key, and passthrough is replaced', () => {
  const { metadata, passthrough } = change({
    metadata: { a: '', b: '3', c: '4' },
    passthrough: { zuora: { currency: 'usd' } },
  })
  assert.deepEqual(metadata, { b: '3', c: '4' })
  assert.deepEqual(passthrough, { zuora: { currency: 'usd' } })
})

test('a changed link changes its customer, including billingId', () => {
  const pointed = { ...stripe, syncedEntityId: 'cus_2', updatedAt: 2 }
  const expected = { ...before, billingId: 'cus_2', links: [pointed], updatedAt: 2 }
  assert.deepEqual(changeLinks(before, [pointed], 2), expected)
  assert.equal(changeLinks(before, before.links, 2), before)
  assert.deepEqual(changeLinks(before, [], 2), {
    ...before,
    billingId: null,
    links: [],
    updatedAt: 2,
  })
})

test('archiving and unarchiving change a customer only if it is in the other state', () => {
  const gone = archived(before, 2)
  assert.deepEqual(gone, { ...before, archivedAt: 2, updatedAt: 2 })
  assert.equal(archived(gone, 3), gone)
  assert.deepEqual(unarchived(gone, 3), { ...before, updatedAt: 3 })
  assert.equal(unarchived(before, 3), before)
})

test('every coupon is unknown', () => {
  for (const couponId of [undefined, null]) refuseUnknownCoupon({ couponId })
  assert.throws(() => refuseUnknownCoupon({ couponId: 'WELCOME' }), {
    status: 404,
    code: 'CouponNotFound',
    message: /^couponId: .*WELCOME/,
  })
})
