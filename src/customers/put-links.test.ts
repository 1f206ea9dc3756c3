import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VendorIdentifier } from '../api.gen.ts'
import { inBody } from '../kernel/field.ts'
import { addLink, LINK_LIMIT, pointLink, putLinks, refuseRepeatedLinks } from './put-links.ts'
import type { Link } from './types.ts'

const link = (integrationId: string, vendor: VendorIdentifier, at = 1): Link => ({
  key: `key of ${integrationId}`,
  integrationId,
  vendor,
  syncedEntityId: 'x',
  createdAt: at,
  updatedAt: at,
})
const code = (name: string, message: RegExp) => (error: unknown) => {
  const { status, code, message: text } = error as { status: number; code: string; message: string }
  assert.deepEqual([status, code], [400, name])
  assert.match(text, message)
  return true
}

const stripe = link('stripe', 'STRIPE')
const hubspot = link('hubspot', 'HUBSPOT')

test('new links follow the existing ones in the order of the request', () => {
  const zuora = link('zuora', 'ZUORA', 2)
  const auth0 = link('auth0', 'AUTH0', 2)
  assert.deepEqual(putLinks([stripe, hubspot], [zuora, auth0]), [stripe, hubspot, zuora, auth0])
})

test('an existing link keeps its key, position and creation time', () => {
  const stated = { ...link('stripe', 'STRIPE', 9), syncedEntityId: 'y', key: 'another' }
  const [first, second] = putLinks([stripe, hubspot], [stated])
  assert.deepEqual(first, { ...stripe, syncedEntityId: 'y', updatedAt: 9 })
  assert.equal(second, hubspot)
})

test('a link without a difference is returned unchanged', () => {
  assert.equal(putLinks([stripe], [link('stripe', 'STRIPE', 9)])[0], stripe)
  assert.equal(pointLink([stripe], { integrationId: 'stripe', syncedEntityId: 'x' }, 9)[0], stripe)
})

test('an integration can be linked once', () => {
  assert.throws(
    () => addLink([stripe], link('stripe', 'STRIPE', 2), inBody('integrations', 0)),
    code('DuplicateIntegrationNotAllowed', /^integrations: .*already linked to stripe/),
  )
})

test('a vendor that bills can be linked several times, another vendor once', () => {
  assert.equal(addLink([stripe], link('stripe-2', 'STRIPE'), inBody('integrations', 0)).length, 2)
  assert.throws(
    () => addLink([hubspot], link('hubspot-2', 'HUBSPOT'), inBody('integrations', 0)),
    code(
      'DuplicateIntegrationNotAllowed',
      /hubspot-2 would be a second HUBSPOT link beside hubspot$/,
    ),
  )
  assert.throws(
    () => putLinks([], [hubspot, link('hubspot-2', 'HUBSPOT')]),
    code('DuplicateIntegrationNotAllowed', /second HUBSPOT/),
  )
})

test('a repeated integration in a request is refused with both positions', () => {
  refuseRepeatedLinks([stripe, hubspot])
  assert.throws(
    () => refuseRepeatedLinks([stripe, hubspot, stripe]),
    code(
      'DuplicateIntegrationNotAllowed',
      /^integrations\[2\].id: duplicate id stripe, also at integrations\[0\]/,
    ),
  )
})

test('the number of links of a customer is limited', () => {
  const full = Array.from({ length: LINK_LIMIT }, (_, index) => link(`s${index}`, 'STRIPE'))
  assert.equal(putLinks(full.slice(1), [stripe]).length, LINK_LIMIT)
  assert.throws(
    () => addLink(full, stripe, inBody('integrations', 0)),
    code('InvalidArgumentError', /at most 100/),
  )
})
