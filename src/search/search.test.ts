import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld, type Tenant } from '../../test/support/world.ts'

const world = await openWorld()

/** Returns the hits of a search: kind, id and match. */
async function found(tenant: Tenant, query: Record<string, string>, apiKey = tenant.key) {
  const { data } = await tenant.ok('v1.search', { query, apiKey })
  return data.map(({ kind, id, match }) => `${kind} ${id} ${match}`)
}

async function company(): Promise<Tenant> {
  const tenant = await world.tenant()
  for (const customer of [
    { id: 'acme', name: 'The Acme Rockets Company', email: 'Ops@Acme.example' },
    { id: 'Acme-2', name: 'ACME', email: null },
    { id: 'other', name: 'Öl & Äpfel', email: 'oil@example.com' },
  ])
    await tenant.ok('v1.customers.provision', {
      body: {
        id: customer.id,
        name: customer.name,
        ...(customer.email && { email: customer.email }),
      },
    })
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: [{ id: 'acme-team', displayName: 'Team', attributionKeys: [] }] },
  })
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params: { id: 'other' },
    body: {
      entities: [
        { id: 'acme-fans', entityTypeId: 'acme-team', displayName: 'Fans of Rockets' },
        { id: 'xacme', entityTypeId: 'acme-team' },
      ],
    },
  })
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'rockets', displayName: 'Acme launches', featureType: 'BOOLEAN' },
  })
  await tenant.ok('v1.products.createProduct', { body: { id: 'acme-app', displayName: 'App' } })
  const sold = { productId: 'acme-app', pricingType: 'PAID' } as const
  await tenant.ok('v1.plans.create', { body: { id: 'pro', displayName: 'Acme Pro', ...sold } })
  await tenant.ok('v1.addons.create', { body: { id: 'acme-seats', displayName: 'Seats', ...sold } })
  await tenant.ok('v1.credits.customCurrencies.create', {
    body: { id: 'coin', displayName: 'Acme coin' },
  })
  return tenant
}

test('a search finds all kinds by id, e-mail address and name, the best matches first', async () => {
  const tenant = await company()
  assert.deepEqual(await found(tenant, { q: ' aCMe ' }), [
    'CUSTOMER Acme-2 EXACT',
    'CUSTOMER acme EXACT',
    'ENTITY acme-fans PREFIX',
    'FEATURE rockets PREFIX',
    'PRODUCT acme-app PREFIX',
    'PLAN pro PREFIX',
    'ADDON acme-seats PREFIX',
    'CURRENCY coin PREFIX',
    'ENTITY_TYPE acme-team PREFIX',
  ])
  assert.deepEqual(await found(tenant, { q: 'acme', limit: '1' }), ['CUSTOMER Acme-2 EXACT'])
  assert.deepEqual(await found(tenant, { q: 'acme', kinds: 'CURRENCY,FEATURE' }), [
    'FEATURE rockets PREFIX',
    'CURRENCY coin PREFIX',
  ])
})

const TEXTS: readonly (readonly [q: string, hits: readonly string[]])[] = [
  ['ops@acme', ['CUSTOMER acme PREFIX']],
  ['the acme r', ['CUSTOMER acme PREFIX']],
  ['acme rockets c', ['CUSTOMER acme WORD']],
  ['rocket', ['FEATURE rockets PREFIX', 'CUSTOMER acme WORD', 'ENTITY acme-fans WORD']],
  ['ÄPFEL', ['CUSTOMER other WORD']],
  ['öl & äp', ['CUSTOMER other PREFIX']],
  ['& Äpfel', ['CUSTOMER other WORD']],
  ['äpfel', ['CUSTOMER other WORD']],
  ['company', []],
  ['kets', []],
  ['%', []],
  ['a'.repeat(100), []],
]

test('a text must begin an id, an e-mail address, or one of three words of a name', async () => {
  const tenant = await company()
  for (const [q, hits] of TEXTS) assert.deepEqual(await found(tenant, { q }), hits, q)
})

test('a hit shows what it is and whose, and that it is archived', async () => {
  const tenant = await company()
  await tenant.ok('v1Beta.customers.entities.archive', {
    params: { id: 'other' },
    body: { ids: ['acme-fans'] },
  })
  const { data } = await tenant.ok('v1.search', { query: { q: 'fans' } })
  assert.deepEqual(data, [
    {
      kind: 'ENTITY',
      id: 'acme-fans',
      displayName: 'Fans of Rockets',
      email: null,
      customerId: 'other',
      entityTypeId: 'acme-team',
      isArchived: true,
      match: 'PREFIX',
    },
  ])
})

test('within one customer, entities are found by any part of their id or name', async () => {
  const tenant = await company()
  const within = { customerId: 'other' }
  assert.deepEqual(await found(tenant, { q: 'acme', ...within }), [
    'ENTITY acme-fans PREFIX',
    'ENTITY xacme PART',
  ])
  assert.deepEqual(await found(tenant, { q: 'OCKE', ...within }), ['ENTITY acme-fans PART'])
  assert.deepEqual(await found(tenant, { q: 'acme', customerId: 'acme' }), [])
  await tenant.refused(
    'v1.search',
    { query: { q: 'a', customerId: 'nobody' } },
    { status: 404, code: 'CustomerNotFound', message: /nobody/ },
  )
})

test('a changed name is found by its new words only', async () => {
  const tenant = await company()
  const params = { id: 'other' }
  await tenant.ok('v1.customers.update', { params, body: { name: 'Zebra' } })
  assert.deepEqual(await found(tenant, { q: 'zeb' }), ['CUSTOMER other PREFIX'])
  assert.deepEqual(await found(tenant, { q: 'öl' }), [])
})

test('a plan is found by the name that lists show, and by no other', async () => {
  const tenant = await company()
  const params = { id: 'pro' }
  const body = { migrationType: 'NEW_CUSTOMERS' } as const
  const rename = (displayName: string) =>
    tenant.ok('v1.plans.update', { params, body: { displayName } })
  await rename('Quick one')
  assert.deepEqual(await found(tenant, { q: 'quick' }), ['PLAN pro PREFIX'])
  await tenant.ok('v1.plans.publish', { params, body })
  await tenant.ok('v1.plans.createDraft', { params })
  await rename('Slow one')
  assert.deepEqual(await found(tenant, { q: 'slow' }), [])
  assert.deepEqual(await found(tenant, { q: 'one' }), ['PLAN pro WORD'])
  await tenant.ok('v1.plans.publish', { params, body })
  assert.deepEqual(await found(tenant, { q: 'quick' }), [])
  assert.deepEqual(await found(tenant, { q: 'slow' }), ['PLAN pro PREFIX'])
})

test('a caller sees only the kinds that it may read', async () => {
  const tenant = await company()
  const key = await tenant.newKey('customers-write')
  assert.deepEqual(await found(tenant, { q: 'acme' }, key), [
    'CUSTOMER Acme-2 EXACT',
    'CUSTOMER acme EXACT',
  ])
  assert.deepEqual(await found(tenant, { q: 'acme', customerId: 'other' }, key), [])
})

test('a text of white space is refused', async () => {
  const tenant = await world.tenant()
  const { refusal } = await tenant.call('v1.search', { query: { q: ' \t' } })
  assert.deepEqual([refusal?.code, refusal?.field], ['BadUserInput', 'query:q'])
})
