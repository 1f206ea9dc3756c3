import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customersIn } from '../../test/support/customers.ts'
import { LATER, NOW, openWorld } from '../../test/support/world.ts'
import type { IntegrationLinkRequestBody } from '../api.gen.ts'
import { replacedBy } from '../events/what-changed.ts'
import { addIntegration, listIntegrations } from './integration-commands.ts'

const world = await openWorld()
const { moveTo, provision, retrieve, tenant, ...environments } = customersIn(world)
const fresh = async () => {
  await environments.fresh()
  await provision({ id: 'acme' })
}

const params = { id: 'acme' }
const of = (integrationId: string) => ({ id: 'acme', integrationId })
const stripe = { id: 'stripe', vendorIdentifier: 'STRIPE', syncedEntityId: 'cus_1' } as const
const zuora = { id: 'zuora', vendorIdentifier: 'ZUORA', syncedEntityId: 'zu_1' } as const
const hubspot = { id: 'hubspot', vendorIdentifier: 'HUBSPOT', syncedEntityId: 'hs_1' } as const

const link = async (body: IntegrationLinkRequestBody) =>
  (await tenant().ok('v1.customers.integrations.link', { params, body })).data
const point = async (integrationId: string, syncedEntityId: string | null) =>
  (
    await tenant().ok('v1.customers.integrations.update', {
      params: of(integrationId),
      body: { syncedEntityId },
    })
  ).data
const unlink = async (integrationId: string) =>
  (await tenant().ok('v1.customers.integrations.unlink', { params: of(integrationId) })).data
const customer = () => retrieve('acme')
const patch = async (body: object) =>
  (await tenant().ok('v1.customers.update', { params, body })).data
const linked = async () => {
  const { billingId, integrations } = await customer()
  return { billingId, integrations: integrations.map((l) => `${l.id} ${l.syncedEntityId}`) }
}
const events = async () => (await tenant().announced()).map(({ type }) => type)
const bad = (code: string, message: RegExp) => ({ status: 400, code, message })

test('a link can be added, read, changed and removed, and each response is the link', async () => {
  await fresh()
  const answer = { ...hubspot, syncData: null }
  assert.deepEqual(await link(hubspot), answer)
  const retrieve = async () =>
    (await tenant().ok('v1.customers.integrations.retrieve', { params: of('hubspot') })).data
  assert.deepEqual(await retrieve(), answer)
  assert.deepEqual(await point('hubspot', 'hs_2'), { ...answer, syncedEntityId: 'hs_2' })
  assert.deepEqual(await point('hubspot', null), { ...answer, syncedEntityId: null })
  assert.deepEqual(await retrieve(), { ...answer, syncedEntityId: null })
  assert.deepEqual(await unlink('hubspot'), { ...answer, syncedEntityId: null })
  assert.deepEqual((await customer()).integrations, [])
})

test('a change of a link is a change of its customer and part of its event', async () => {
  await fresh()
  moveTo(LATER)
  const before = await customer()
  await link(stripe)
  const changed = await customer()
  assert.deepEqual([changed.createdAt, changed.updatedAt], [NOW, LATER])
  assert.deepEqual((await tenant().announced()).at(-1), {
    type: 'customer.updated',
    objectId: 'acme',
    before: replacedBy(before, changed),
    after: changed,
  })
  await point('stripe', 'cus_2')
  await unlink('stripe')
  assert.equal((await events()).length, 4)
})

test('setting a link to the same value keeps updatedAt and publishes no event', async () => {
  await fresh()
  await link(stripe)
  const before = await customer()
  moveTo(LATER)
  assert.equal((await point('stripe', 'cus_1')).syncedEntityId, 'cus_1')
  assert.deepEqual(await patch({ integrations: [stripe] }), before)
  assert.deepEqual(await customer(), before)
  assert.deepEqual(await events(), ['customer.created', 'customer.updated'])
})

test('an unknown customer is refused before an unknown link', async () => {
  await fresh()
  const body = { syncedEntityId: 'x' }
  const nobody = { id: 'nobody', integrationId: 'stripe' }
  const noCustomer = { status: 404, code: 'CustomerNotFound', message: /nobody/ }
  const noLink = { status: 404, code: 'IntegrationNotFound', message: /acme.*stripe/ }
  for (const operation of [
    'v1.customers.integrations.retrieve',
    'v1.customers.integrations.unlink',
  ] as const) {
    await tenant().refused(operation, { params: nobody }, noCustomer)
    await tenant().refused(operation, { params: of('stripe') }, noLink)
  }
  const update = 'v1.customers.integrations.update'
  await tenant().refused(update, { params: nobody, body }, noCustomer)
  await tenant().refused(update, { params: of('stripe'), body }, noLink)
  const unknown = { params: { id: 'nobody' } }
  const linking = { ...unknown, body: stripe }
  await tenant().refused('v1.customers.integrations.link', linking, noCustomer)
  await tenant().refused('v1.customers.integrations.list', unknown, noCustomer)
})

test('the links of an archived customer can be read, but not changed', async () => {
  await fresh()
  await link(stripe)
  await tenant().ok('v1.customers.archive', { params })
  const refusal = bad('EntityIsArchivedError', /acme/)
  const at = of('stripe')
  await tenant().refused('v1.customers.integrations.link', { params, body: zuora }, refusal)
  const body = { syncedEntityId: 'cus_1' }
  await tenant().refused('v1.customers.integrations.update', { params: at, body }, refusal)
  await tenant().refused('v1.customers.integrations.unlink', { params: at }, refusal)
  await tenant().ok('v1.customers.integrations.retrieve', { params: at })
  const { data } = await tenant().ok('v1.customers.integrations.list', { params })
  assert.equal(data.length, 1)
})

test('an integration can be linked once, and so can a vendor that does not bill', async () => {
  await fresh()
  await link(stripe)
  await link(hubspot)
  await link({ ...stripe, id: 'stripe-us' })
  const refusal = (message: RegExp) => bad('DuplicateIntegrationNotAllowed', message)
  const operation = 'v1.customers.integrations.link'
  await tenant().refused(operation, { params, body: stripe }, refusal(/stripe/))
  const second = { ...hubspot, id: 'hubspot-us' }
  await tenant().refused(operation, { params, body: second }, refusal(/hubspot-us.*second HUBSPOT/))
  for (const integrations of [[second], [zuora, zuora]])
    await tenant().refused(
      'v1.customers.update',
      { params, body: { integrations } },
      refusal(/hubspot-us|integrations\[1\]/),
    )
  const body = { id: 'other', integrations: [zuora, zuora] }
  await tenant().refused('v1.customers.provision', { body }, refusal(/integrations\[1\]/))
  assert.equal((await customer()).integrations.length, 3)
})

test('an integration keeps its first vendor', async () => {
  await fresh()
  await link(stripe)
  const body = { ...stripe, vendorIdentifier: 'ZUORA' }
  const refusal = bad('UnsupportedVendorIdentifier', /stripe has the vendor STRIPE, not ZUORA/)
  await tenant().refused('v1.customers.integrations.link', { params, body }, refusal)
  const integrations = [body]
  await tenant().refused('v1.customers.update', { params, body: { integrations } }, refusal)
  const other = { id: 'other', integrations }
  await tenant().refused('v1.customers.provision', { body: other }, refusal)
  await tenant().refused(
    'v1.customers.retrieve',
    { params: { id: 'other' } },
    { status: 404, code: 'CustomerNotFound' },
  )
})

test('of two concurrent requests with different vendors for a new integration, one is refused', async () => {
  await fresh()
  const create = (
    id: string,
    vendors: ['STRIPE' | 'ZUORA', 'STRIPE' | 'ZUORA'],
    turned: boolean,
  ) => {
    const pair = ['x', 'y'].map((name, index) => ({
      id: name,
      vendorIdentifier: vendors[index],
      syncedEntityId: null,
    }))
    const integrations = turned ? pair.toReversed() : pair
    return tenant().call('v1.customers.provision', { body: { id, integrations } })
  }
  const [first, second] = await Promise.all([
    create('one', ['STRIPE', 'STRIPE'], false),
    create('two', ['ZUORA', 'ZUORA'], true),
  ])
  const statuses = [first?.status, second?.status]
  assert.deepEqual(statuses.toSorted(), [201, 400])
  const refused = first?.status === 400 ? first : second
  assert.equal(refused?.refusal?.code, 'UnsupportedVendorIdentifier')
})

test('concurrent requests with the same new integrations in any order all succeed', async () => {
  await fresh()
  const integrations = [stripe, zuora, hubspot]
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      tenant().call('v1.customers.provision', {
        body: {
          id: `c${index}`,
          integrations: index % 2 === 0 ? integrations : integrations.toReversed(),
        },
      }),
    ),
  )
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
})

test('with strict integrations, an integration that is not registered is a 404', async () => {
  const strict = await openWorld({ BURSAR_STRICT_INTEGRATIONS: '1' })
  const own = await strict.tenant()
  const { app } = strict.bursar
  await own.ok('v1.customers.provision', { body: { id: 'acme' } })
  const linking = { params, body: stripe }
  const unknown = { status: 404, code: 'IntegrationNotFound', message: /stripe/ }
  await own.refused('v1.customers.integrations.link', linking, unknown)
  const body = { integrations: [stripe] }
  await own.refused('v1.customers.update', { params, body }, unknown)
  await own.refused('v1.customers.provision', { body: { id: 'b', ...body } }, unknown)
  const integration = { id: 'stripe', vendor: 'STRIPE' } as const
  await addIntegration(app, own.scope, integration)
  await addIntegration(app, own.scope, integration)
  await assert.rejects(addIntegration(app, own.scope, { id: 'stripe', vendor: 'ZUORA' }), {
    status: 400,
    code: 'UnsupportedVendorIdentifier',
  })
  assert.deepEqual(await listIntegrations(app, own.scope), [integration])
  await own.ok('v1.customers.integrations.link', linking)
})

test('billingId and the default billing link always have the same value', async () => {
  await fresh()
  await patch({ billingId: 'b' })
  await link(hubspot)
  assert.equal((await customer()).billingId, 'b')
  await link(stripe)
  await link(zuora)
  const others = ['hubspot hs_1', 'zuora zu_1'] as const
  const expect = async (billingId: string | null, stripeTo: string | null) =>
    assert.deepEqual(await linked(), {
      billingId,
      integrations: [others[0], `stripe ${stripeTo}`, others[1]],
    })
  await expect('cus_1', 'cus_1')
  await point('stripe', 'cus_2')
  await expect('cus_2', 'cus_2')
  await patch({ billingId: 'cus_3' })
  await expect('cus_3', 'cus_3')
  await patch({ integrations: [{ ...stripe, syncedEntityId: 'cus_4' }] })
  await expect('cus_4', 'cus_4')
  await patch({ billingId: null })
  await expect(null, null)
  await unlink('stripe')
  assert.deepEqual(await linked(), { billingId: 'zu_1', integrations: others })
  await unlink('zuora')
  assert.deepEqual(await linked(), { billingId: null, integrations: ['hubspot hs_1'] })
})

test('a billingId that contradicts the billing link of the same request is a 400', async () => {
  await fresh()
  const refusal = bad('InvalidArgumentError', /billingId.*syncedEntityId/)
  const body = { billingId: 'b', integrations: [hubspot, stripe] }
  await tenant().refused('v1.customers.update', { params, body }, refusal)
  const other = { id: 'other', ...body }
  await tenant().refused('v1.customers.provision', { body: other }, refusal)
  assert.equal((await patch({ ...body, billingId: 'cus_1' })).billingId, 'cus_1')
})

test('links are listed newest first, with pages and a filter by vendor, and oldest first in a customer', async () => {
  await fresh()
  await patch({ integrations: [stripe, zuora] })
  await link(hubspot)
  const list = async (query: string) => {
    const page = await tenant().ok('v1.customers.integrations.list', { params, query })
    return { ids: page.data.map(({ id }) => id), ...page.pagination }
  }
  const ids = (await customer()).integrations.map(({ id }) => id)
  assert.deepEqual(ids, ['stripe', 'zuora', 'hubspot'])
  const first = await list('limit=2')
  assert.deepEqual([first.ids, first.prev], [['hubspot', 'zuora'], null])
  const second = await list(`limit=2&after=${first.next}`)
  assert.deepEqual([second.ids, second.next], [['stripe'], null])
  assert.deepEqual(await list(`limit=2&before=${second.prev}`), first)
  assert.deepEqual((await list('vendorIdentifier=STRIPE,ZUORA')).ids, ['zuora', 'stripe'])
  assert.deepEqual((await list('vendorIdentifier=HUBSPOT&vendorIdentifier=STRIPE')).ids, [
    'hubspot',
    'stripe',
  ])
  assert.deepEqual((await list('vendorIdentifier=AUTH0')).ids, [])
  await tenant().refused(
    'v1.customers.integrations.list',
    { params, query: 'vendorIdentifier=NOPE' },
    bad('BadUserInput', /vendorIdentifier/),
  )
  await tenant().refused(
    'v1.customers.integrations.list',
    { params, query: 'after=0198a0c6-0000-7000-8000-000000000000' },
    bad('BadUserInput', /after/),
  )
})

test('concurrently added links are all stored', async () => {
  await fresh()
  const ids = Array.from({ length: 10 }, (_, index) => `stripe-${index}`)
  await Promise.all(ids.map((id) => link({ ...stripe, id })))
  const { integrations } = await customer()
  assert.deepEqual(integrations.map(({ id }) => id).toSorted(), ids)
})

test('the id of an integration may be any text', async () => {
  await fresh()
  for (const id of ['a/b', 'ü ñ', '%2F', "'"]) {
    await link({ ...stripe, id })
    assert.equal((await unlink(id)).id, id)
  }
})
