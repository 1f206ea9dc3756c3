import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationId } from '../../src/api.gen.ts'
import { contract } from '../support/api-document.ts'
import { testConnection } from '../support/connection.ts'
import { operationOf, type Request } from '../support/contract-client.ts'
import { query } from '../support/databases.ts'
import { stateTokensOf } from '../support/state-tokens.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import { calls, operationIds, path } from './calls.ts'
import { furnishIn } from './furnish.ts'
import { portrait } from './portrait.ts'

const world = await openWorld()
const MARK = 'mark'
const NOT_A_TOKEN = {
  status: 400,
  code: 'InvalidArgumentError',
  message: /^Bursar-At-Least must be a Bursar-State of the same/,
}
/** Nobody knows whose token it would have to be. */
const UNKNOWN = { status: 404, code: 'SubscriptionNotFound' }
const AHEAD = { status: 503, code: null, message: /does not have the state of Bursar-At-Least/ }

const aboutCustomers = operationIds.filter((id) =>
  operationOf(id).parameters.some(({ name }) => name === 'Bursar-At-Least'),
)

/** The request of an operation, about one customer. */
function requestAbout(id: OperationId): { customerId: string; request: Request } {
  const request = calls[id](MARK)
  if (id === 'v1.customers.provision') return { customerId: 'newcomer', request }
  if (id === 'v1.customers.import') {
    const customers = [{ id: path.id, name: `${MARK}, imported`, email: null }]
    return { customerId: path.id, request: { body: { customers } } }
  }
  return { customerId: path.id, request }
}

const withHeaders = (request: Request, headers: Record<string, string>): Request => ({
  ...request,
  headers: { ...request.headers, ...headers },
})
const changed = (token: string): string => token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A')
const sending = (request: Request, token: string): Request =>
  withHeaders(request, { 'bursar-at-least': token })

test('the operations about customers, and no others, have the headers in the API document', () => {
  const others = operationIds.filter((id) => !aboutCustomers.includes(id))
  assert.ok(aboutCustomers.length > 30)
  for (const id of others)
    assert.doesNotMatch(operationOf(id).path, /(customers|subscriptions)\/\{id\}|customerId/)
  for (const item of Object.values(contract.document.paths as object))
    for (const { operationId, responses } of Object.values(item as object)) {
      const primary = contract.operations.find(({ id }) => id === operationId)?.primaryId
      const shown = Object.keys(responses).filter(
        (status) => responses[status].headers?.['Bursar-State'],
      )
      const successes = Object.keys(responses).filter((status) => status.startsWith('2'))
      const isAbout = aboutCustomers.some((id) => id === primary)
      assert.deepEqual(shown, isAbout ? successes : [], operationId)
    }
})

for (const id of aboutCustomers) {
  test(`${id} refuses tokens of something else and of a lost state, and writes nothing`, async () => {
    const tenant = await furnishIn(world, MARK)
    const { customerId, request } = requestAbout(id)
    const { make } = await stateTokensOf(world, tenant)
    const foreign = await stateTokensOf(world, await world.tenant())
    const any = { customer: 0, environment: 0 }
    const wrong = [
      make('another', any),
      foreign.make(customerId, any),
      changed(make(customerId, any)),
      'soon',
      `${make(customerId, any)}, ${make(customerId, any)}`,
    ]
    const tokenNow = async () =>
      (await tenant.call('v1.customers.retrieve', { params: path })).headers['bursar-state']
    const before = [await portrait(tenant), await tokenNow()]
    for (const token of wrong) await tenant.refused(id, sending(request, token), NOT_A_TOKEN)
    const ahead = [
      make(customerId, { customer: 1_000_000, environment: 0 }),
      make(customerId, { customer: 0, environment: 1_000_000 }),
    ]
    const keyed = withHeaders(request, { 'idempotency-key': 'k' })
    const isPost = operationOf(id).method === 'POST'
    for (const token of ahead)
      for (const each of isPost ? [request, keyed] : [request])
        await tenant.refused(id, sending(each, token), AHEAD)
    // What does not exist in the older copy of the database is no reason for a refusal either.
    if (request.params !== undefined) {
      const nobody = {
        ...request,
        params: { ...request.params, id: 'nobody', customerId: 'nobody' },
      }
      const token = make('nobody', { customer: 1, environment: 0 })
      const isOfSubscription = operationOf(id).path.includes('/subscriptions/{id}')
      await tenant.refused(id, sending(nobody, token), isOfSubscription ? UNKNOWN : AHEAD)
    }
    assert.deepEqual([await portrait(tenant), await tokenNow()], before)
    if (isPost) assert.notEqual((await tenant.call(id, keyed)).success, null)
  })

  test(`${id} responds with a token of the state that it shows`, async () => {
    const tenant = await furnishIn(world, MARK)
    const { customerId, request } = requestAbout(id)
    const { sequencesIn } = await stateTokensOf(world, tenant)
    const stateOf = async () => {
      const read = await tenant.call('v1.customers.checkEntitlement', {
        params: { id: customerId },
        query: { featureId: path.featureId },
      })
      const token = String(read.headers['bursar-state'])
      return { token, ...sequencesIn(customerId, token) }
    }
    const before = await stateOf()
    const { success, headers, text } = await tenant.call(id, sending(request, before.token))
    assert.notEqual(success, null, text)
    const shown = sequencesIn(customerId, headers['bursar-state'])
    const isWrite = operationOf(id).method !== 'GET'
    // An unarchived customer that is unarchived stays as it is.
    const isChange = isWrite && !id.endsWith('.unarchive')
    assert.ok(shown.customer >= before.customer + (isChange ? 1 : 0), JSON.stringify(shown))
    assert.equal(shown.environment, before.environment)
    const after = await stateOf()
    assert.deepEqual({ ...after, token: '' }, { ...shown, token: '' })
    const again = { ...calls['v1.customers.retrieve'](MARK), params: { id: customerId } }
    await tenant.ok('v1.customers.retrieve', sending(again, String(headers['bursar-state'])))
  })
}

test('a refusal has no token', async () => {
  const tenant = await furnishIn(world, MARK)
  const isAbsent = async (id: OperationId, request: Request) =>
    assert.equal((await tenant.call(id, request)).headers['bursar-state'], undefined)
  const body = { id: path.id }
  await isAbsent('v1.customers.provision', { body })
  const headers = { 'idempotency-key': 'k' }
  for (const _ of ['first', 'repeated']) await isAbsent('v1.customers.provision', { body, headers })
})

test('a response about several customers has no token, and its request takes none', async () => {
  const tenant = await furnishIn(world, MARK)
  const { make } = await stateTokensOf(world, tenant)
  const request = calls['v1.customers.import'](MARK)
  const token = make(path.id, { customer: 0, environment: 0 })
  await tenant.refused('v1.customers.import', sending(request, token), {
    status: 400,
    code: 'InvalidArgumentError',
    message: /^Bursar-At-Least is of one customer, and the request is about several$/,
  })
  const { headers, success } = await tenant.call('v1.customers.import', request)
  assert.notEqual(success, null)
  assert.equal(headers['bursar-state'], undefined)
})

/** What changes the state that all customers of an environment share. */
const SHARED: Record<string, (tenant: Tenant) => Promise<unknown>> = {
  features: (tenant) =>
    tenant.ok('v1.features.updateFeature', {
      params: { id: path.featureId },
      body: { displayName: 'renamed' },
    }),
  currencies: (tenant) =>
    tenant.ok(
      'v1.credits.customCurrencies.update',
      calls['v1.credits.customCurrencies.update'](MARK),
    ),
  'entity types': (tenant) =>
    tenant.ok('v1Beta.entityTypes.upsert', calls['v1Beta.entityTypes.upsert'](MARK)),
  settings: (tenant) =>
    tenant.ok('v1.environment.settings.update', { body: { unknownDimensions: 'deny' } }),
}

for (const [name, change] of Object.entries(SHARED))
  test(`a change of ${name} raises the sequence of the environment`, async () => {
    const tenant = await furnishIn(world, MARK)
    const { sequencesIn } = await stateTokensOf(world, tenant)
    const shown = async () => {
      const check = calls['v1.customers.checkEntitlement'](MARK)
      const { headers } = await tenant.call('v1.customers.checkEntitlement', check)
      return sequencesIn(path.id, headers['bursar-state'])
    }
    const before = await shown()
    await change(tenant)
    const after = await shown()
    assert.equal(after.environment, before.environment + 1)
    assert.equal(after.customer, before.customer)
  })

test('servers of the version before raise the sequences, too', async () => {
  const tenant = await furnishIn(world, MARK)
  const { sequencesIn } = await stateTokensOf(world, tenant)
  const shown = async () => {
    const { headers } = await tenant.call('v1.customers.retrieve', { params: path })
    return sequencesIn(path.id, headers['bursar-state'])
  }
  const before = await shown()
  const { environmentKey } = tenant.scope
  const own = `where environment_key = '${environmentKey}'`
  // As it locks a customer, and as it changes entities and the catalog.
  await query(
    testConnection(),
    `update customer_heads set replaced_usage_version = usage_version,
       usage_version = gen_random_uuid() ${own};
     update customer_heads set version = version + 1 ${own};
     update environment_heads set version = version + 1 ${own};
     update catalog_versions set version = version + 1 ${own}`,
  )
  const after = await shown()
  assert.equal(after.customer, before.customer + 2)
  assert.equal(after.environment, before.environment + 2)
})
