import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationId } from '../../src/api.gen.ts'
import type { Request } from '../support/contract-client.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import { breakagesOf, type Json } from './breakages.ts'
import { type SeedOperation, schemaOf, seeds, wrongBy } from './seeds.ts'

const world = await openWorld()

const path = { id: 'acme', integrationId: 'stripe-main', entityId: 'user-7f3a0c1d' }
const linked = { id: 'stripe-main', vendorIdentifier: 'STRIPE', syncedEntityId: 'cus_1' }
const types = [
  { id: 'user', displayName: 'User', attributionKeys: ['userId'] },
  { id: 'team', displayName: 'Team', attributionKeys: ['teamId'] },
]

/** Returns an environment with everything that the requests of the seeds need. */
async function prepared(): Promise<Tenant> {
  const tenant = await world.tenant()
  await tenant.ok('v1Beta.entityTypes.upsert', { body: { types } })
  await tenant.ok('v1.customers.provision', { body: { id: path.id } })
  await tenant.ok('v1.customers.integrations.link', { params: path, body: linked })
  const entities = [{ id: path.entityId, typeRefId: 'user' }]
  await tenant.ok('v1Beta.customers.entities.upsert', { params: path, body: { entities } })
  return tenant
}

/** Request bodies that have all properties of the schemas of the seeds. */
const bodies: Partial<Record<string, Json>> = {
  'v1Beta.customers.entities.upsert':
    seeds.operations['v1Beta.customers.entities.upsert']?.requestBody?.example ?? null,
  'v1Beta.entityTypes.upsert':
    seeds.operations['v1Beta.entityTypes.upsert']?.requestBody?.example ?? null,
  'v1.customers.integrations.update': { syncedEntityId: 'cus_2' },
}

const cases = Object.entries(seeds.operations).map(([id, seed]) => ({
  id: id as OperationId,
  seed,
  body: bodies[id],
}))

const requestFor = (body: unknown): Request => ({
  params: path,
  ...(body === undefined ? {} : { body }),
})

for (const { id, seed, body } of cases) {
  test(`${id}: the example of the seed is a 200 whose body matches the seed`, async () => {
    const tenant = await prepared()
    const { status, success } = await tenant.call(id, requestFor(body))
    assert.equal(status, 200)
    assert.equal(wrongBy(seed, status, success), '')
  })

  test(`${id}: every documented refusal matches the seed`, async () => {
    const tenant = await prepared()
    for (const [expected, request] of refusals(seed, body, await tenant.newKey('publishable'))) {
      const { status, refusal } = await tenant.call(id, request)
      assert.equal(status, expected)
      assert.equal(wrongBy(seed, status, refusal), '')
    }
  })

  test(`${id}: every constraint on the path is enforced, and nothing is written`, async () => {
    const tenant = await prepared()
    const before = await everything(tenant)
    for (const parameter of seed.parameters.filter((candidate) => candidate.in === 'path'))
      for (const { constraint, value } of breakagesOf(parameter.schema, 'x', parameter.name)) {
        if (typeof value !== 'string' || constraint.includes('type:')) continue
        const params = { ...path, [parameter.name]: value }
        const { status, refusal, text } = await tenant.call(id, { ...requestFor(body), params })
        // With an empty segment, the path is another one, which does not exist.
        assert.equal(status, value === '' ? 404 : 400, `${constraint}: ${text}`)
        assert.equal(wrongBy(seed, status, refusal), '')
      }
    assert.deepEqual(await everything(tenant), before)
  })

  if (seed.requestBody === undefined || body === undefined) continue
  const schema = schemaOf(seed.requestBody)

  test(`${id}: every constraint on the body is enforced, and nothing is written`, async () => {
    const tenant = await prepared()
    const before = await everything(tenant)
    const breakages = breakagesOf(schema, body)
    assert.ok(breakages.length >= 5, 'a walk over the schema that finds hardly anything is broken')
    for (const { constraint, value } of breakages) {
      const { status, refusal, text } = await tenant.call(id, requestFor(value))
      assert.equal(status, 400, `${constraint}: ${text}`)
      assert.equal(wrongBy(seed, status, refusal), '')
      assert.equal(refusal?.code, 'BadUserInput', constraint)
    }
    assert.deepEqual(await everything(tenant), before)
  })
}

function refusals(
  seed: SeedOperation,
  body: unknown,
  publishable: string,
): [status: number, request: Request][] {
  const request = requestFor(body)
  const list: [number, Request][] = [
    [401, { ...request, apiKey: null }],
    [401, { ...request, apiKey: 'server-unknown-unknown' }],
    [401, { ...request, apiKey: null, headers: { authorization: 'Bearer a.b.c' } }],
    [403, { ...request, apiKey: publishable }],
    [400, { ...request, query: 'unheardOf=1' }],
  ]
  if (seed.path.includes('{id}'))
    list.push([404, { ...request, params: { ...path, id: 'nobody' } }])
  return list
}

/** Returns everything that the operations of the seeds could write, and all events. */
async function everything(tenant: Tenant): Promise<unknown> {
  const query = { includeArchived: 'true' }
  return {
    types: await tenant.ok('v1Beta.entityTypes.list', { query }),
    entities: await tenant.ok('v1Beta.customers.entities.list', { params: path, query }),
    links: await tenant.ok('v1.customers.integrations.list', { params: path }),
    announced: await tenant.announced(),
  }
}

test('the longest and largest values that the seeds allow are accepted', async () => {
  const tenant = await prepared()
  const longest = 'a'.repeat(255)
  const customer = `a${'|'.repeat(253)}@`
  await tenant.ok('v1.customers.provision', { body: { id: customer } })
  const typesOfMax = Array.from({ length: 100 }, (_, index) => ({
    id: index === 0 ? longest : `t${index}`,
    displayName: '😀'.repeat(255),
    attributionKeys: [longest, 'a|b_c.d-e'],
  }))
  await tenant.ok('v1Beta.entityTypes.upsert', { body: { types: typesOfMax } })
  const entities = Array.from({ length: 100 }, (_, index) => ({
    id: index === 0 ? longest : `e${index}`,
    typeRefId: longest,
    metadata: { '': 'empty key', [longest]: longest },
  }))
  const params = { id: customer, entityId: longest }
  const { data } = await tenant.ok('v1Beta.customers.entities.upsert', {
    params,
    body: { entities },
  })
  assert.deepEqual(
    data.map(({ id }) => id),
    entities.map(({ id }) => id),
  )
  await tenant.ok('v1Beta.customers.entities.retrieve', { params })
  const emoji = '😀'.repeat(255)
  const odd = { id: customer, integrationId: emoji }
  await tenant.ok('v1.customers.integrations.link', { params, body: { ...linked, id: emoji } })
  for (const syncedEntityId of [null, '', longest])
    await tenant.ok('v1.customers.integrations.update', { params: odd, body: { syncedEntityId } })
})
