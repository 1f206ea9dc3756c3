import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { contract } from '../../test/support/api-document.ts'
import { createChecker, type Request, requestOf } from '../../test/support/contract-client.ts'
import { openWorld, type Tenant, type World } from '../../test/support/world.ts'
import type { OperationId } from '../api.gen.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { createLimits } from './rate-limit-calls.ts'
import { limitFailures } from './rate-limit-failures.ts'

const world = await openWorld()
const LIST = 'v1.customers.list'
const PROVISION = 'v1.customers.provision'
const UPDATE = 'v1.customers.update'
const BAD = { apiKey: 'server-nobody' }
const LIMITED = { status: 429, code: 'RateLimitExceeded' }

/** Calls a world from any address. Every response is validated against the API document. */
function callerFrom(world: World, remoteAddress: string) {
  const check = createChecker(world.bursar.validators)
  return async <Id extends OperationId>(id: Id, request: Request) => {
    const injected = { ...requestOf(id, request), remoteAddress }
    return check(id, await world.bursar.server.inject(injected))
  }
}

type From = ReturnType<typeof callerFrom>
const statuses = async (from: From, requests: readonly Request[]) => {
  const answers = []
  for (const request of requests) answers.push((await from(LIST, request)).status)
  return answers
}
const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value)
const via = (address: string): Request => ({ ...BAD, headers: { 'x-forwarded-for': address } })

test('the 21st bad credential of an address is a 429 with Retry-After, and other addresses are served', async () => {
  const from = callerFrom(world, '192.0.2.1')
  assert.deepEqual(await statuses(from, times(20, BAD)), times(20, 401))
  const { status, refusal, headers } = await from(LIST, BAD)
  assert.deepEqual({ status, code: refusal?.code }, LIMITED)
  const seconds = Number(headers['retry-after'])
  assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, `${seconds}`)
  assert.deepEqual(await statuses(from, times(3, { apiKey: null })), times(3, 429))
  assert.deepEqual(await statuses(callerFrom(world, '192.0.2.2'), [BAD]), [401])
  assert.deepEqual(await statuses(callerFrom(world, '::ffff:192.0.2.1'), [BAD]), [429])
})

test('of many concurrent bad credentials, exactly 20 get a 401', async () => {
  const from = callerFrom(world, '2001:db8::1')
  const answers = await Promise.all(times(50, BAD).map((request) => from(LIST, request)))
  const refused = answers.filter(({ status }) => status === 401)
  assert.equal(refused.length, 20)
})

test('only a 401 counts as a failure', async () => {
  const tenant = await world.tenant()
  const from = callerFrom(world, '192.0.2.3')
  const good = { apiKey: tenant.key }
  const forbidden = { apiKey: await tenant.newKey('publishable') }
  assert.deepEqual(await statuses(from, times(30, good)), times(30, 200))
  assert.deepEqual(await statuses(from, times(30, forbidden)), times(30, 403))
  assert.deepEqual(await statuses(from, times(21, BAD)), [...times(20, 401), 429])
})

test('a blocked address can still use cached keys', async () => {
  let asked = 0
  const { authenticate } = limitFailures({
    authenticateCode: () => assert.fail('no code was sent'),
    authenticate: async ({ apiKey }) => {
      asked += 1
      if (apiKey !== 'known' && apiKey !== 'good') throw unauthenticated('unknown')
      const scope = { environmentKey: 'e' }
      const actor = { kind: 'API_KEY', id: apiKey } as const
      const may = { role: 'read-only', expiresAt: null, allowedOrigins: [] } as const
      return { actor, scope, customerId: null, ...may }
    },
    keys: { ...world.bursar.authenticator.keys, knows: (secret) => secret === 'known' },
  })
  const call = (apiKey: string, ip: string) => {
    const request = { headers: { 'x-api-key': apiKey }, ip } as unknown as FastifyRequest
    return authenticate(request, { defaultsEnvironment: false })
  }
  for (let count = 0; count < 20; count += 1)
    await assert.rejects(call('bad', '192.0.2.1'), { status: 401 })
  for (const key of ['bad', 'good', '']) await assert.rejects(call(key, '192.0.2.1'), LIMITED)
  assert.equal(asked, 20)
  assert.equal((await call('known', '192.0.2.1')).actor.id, 'known')
  assert.equal((await call('good', '192.0.2.2')).actor.id, 'good')
})

test('every loopback address is exempt', async () => {
  for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
    assert.deepEqual(await statuses(callerFrom(world, address), times(25, BAD)), times(25, 401))
})

test('requests that a proxy on this machine forwards are not exempt, whatever address they name', async () => {
  for (const header of ['x-forwarded-for', 'forwarded']) {
    const own = await openWorld()
    const passedOn = Array.from({ length: 21 }, (_, index) => ({
      ...BAD,
      headers: { [header]: `for=198.51.100.${index}` },
    }))
    const from = callerFrom(own, '127.0.0.1')
    assert.deepEqual(await statuses(from, passedOn), [...times(20, 401), 429])
    assert.deepEqual(await statuses(from, [BAD]), [401])
  }
  const trusting = callerFrom(await openWorld({ BURSAR_TRUST_PROXY: 'loopback' }), '127.0.0.1')
  const guesses = times(21, via('198.51.100.1'))
  assert.deepEqual(await statuses(trusting, guesses), [...times(20, 401), 429])
  assert.deepEqual(await statuses(trusting, [via('198.51.100.2')]), [401])
})

test('X-Forwarded-For has no effect unless the sender is trusted', async () => {
  const trusting = await openWorld({ BURSAR_TRUST_PROXY: '10.0.0.0/8' })
  for (const each of [trusting, world]) {
    const from = callerFrom(each, '192.0.2.4')
    const spoofed = Array.from({ length: 21 }, (_, index) => via(`198.51.100.${index}`))
    assert.deepEqual(await statuses(from, spoofed), [...times(20, 401), 429])
    assert.deepEqual(await statuses(from, [via('127.0.0.1')]), [429])
  }
})

test('a trusted proxy determines the address: the last one that is not its own', async () => {
  const from = callerFrom(await openWorld({ BURSAR_TRUST_PROXY: '10.0.0.0/8' }), '10.1.2.3')
  const guesses = Array.from({ length: 21 }, (_, index) =>
    via(`127.0.0.1, 203.0.113.${index}, 198.51.100.1, 10.9.9.9`),
  )
  assert.deepEqual(await statuses(from, guesses), [...times(20, 401), 429])
  assert.deepEqual(await statuses(from, [via('198.51.100.1'), via('198.51.100.2')]), [429, 401])
})

const limits = (value: object) => ({ BURSAR_RATE_LIMITS: JSON.stringify(value) })
const rateHeaders = ({ headers }: { headers: Record<string, unknown> }) =>
  ['limit', 'remaining'].map((name) => Number(headers[`ratelimit-${name}`]))

test('without a configured limit, responses have no rate limit headers', async () => {
  const tenant = await world.tenant()
  for (let count = 0; count < 40; count += 1) {
    const answer = await tenant.call(PROVISION, { body: { id: 'acme' } })
    assert.equal(answer.status, count === 0 ? 201 : 409)
    assert.deepEqual(
      Object.keys(answer.headers).filter((name) => /ratelimit|retry-after/.test(name)),
      [],
    )
  }
})

test('calls are counted by key and operation, and the headers show the count', async () => {
  const world = await openWorld(limits({ operations: { [LIST]: 3 } }))
  const [tenant, other] = [await world.tenant(), await world.tenant()]
  for (const left of [2, 1, 0]) assert.deepEqual(rateHeaders(await tenant.call(LIST)), [3, left])
  const { status, refusal, headers } = await tenant.call(LIST)
  assert.deepEqual({ status, code: refusal?.code }, LIMITED)
  assert.deepEqual(rateHeaders({ headers }), [3, 0])
  assert.equal(headers['retry-after'], headers['ratelimit-reset'])
  assert.match(String(headers['ratelimit-reset']), /^([1-9]|[1-5]\d|60)$/)
  assert.equal((await other.call(LIST)).status, 200)
  assert.equal((await tenant.call(LIST, { apiKey: await tenant.newKey('read-only') })).status, 200)
  assert.equal((await tenant.call(LIST, BAD)).status, 401)
  const free = await tenant.call('v1Beta.entityTypes.list')
  assert.deepEqual([free.status, free.headers['ratelimit-limit']], [200, undefined])
})

test('both routes of an operation share its limit', async () => {
  const id = 'v1Beta.entityTypes.list'
  const tenant = await (await openWorld(limits({ operations: { [id]: 2 } }))).tenant()
  const answers = [await tenant.call(id), await tenant.call(id, { twin: true })]
  assert.deepEqual(answers.map(rateHeaders), [
    [2, 1],
    [2, 0],
  ])
  assert.equal((await tenant.call(id, { twin: true })).status, 429)
})

const update = (tenant: Tenant, id: string, request: Request = {}) =>
  tenant.call(UPDATE, { params: { id }, body: { name: 'A' }, ...request })

test('with the preset stigg, the 31st change of a customer is a 429, whatever operation changes it', async () => {
  const world = await openWorld({ BURSAR_RATE_LIMITS: 'stigg' })
  const [tenant, foreign] = [await world.tenant(), await world.tenant()]
  for (const each of [tenant, foreign])
    for (const id of ['acme', 'globex']) await each.ok(PROVISION, { body: { id } })
  const second = await tenant.newKey('full-access')
  for (let count = 2; count <= 28; count += 1)
    assert.deepEqual(rateHeaders(await update(tenant, 'acme')), [30, 30 - count])
  assert.equal((await update(tenant, 'acme', { apiKey: second })).status, 200)
  assert.equal((await tenant.call('v1.customers.archive', { params: { id: 'acme' } })).status, 200)
  const { status, refusal, headers } = await update(tenant, 'acme')
  assert.deepEqual({ status, code: refusal?.code }, LIMITED)
  assert.match(refusal?.message ?? '', /customer acme/)
  assert.deepEqual(rateHeaders({ headers }), [30, 0])
  assert.equal((await tenant.call(PROVISION, { body: { id: 'acme' } })).status, 429)
  assert.equal((await update(tenant, 'globex')).status, 200)
  assert.equal((await update(foreign, 'acme')).status, 200)
  const read = await tenant.call('v1.customers.retrieve', { params: { id: 'acme' } })
  assert.deepEqual([read.status, ...rateHeaders(read)], [200, 3000, 2999])
})

test('refused changes of a key without permission do not count for the customer', async () => {
  const world = await openWorld(limits({ mutationsPerCustomer: 2 }))
  const tenant = await world.tenant()
  await tenant.ok(PROVISION, { body: { id: 'acme' } })
  const publishable = { apiKey: await tenant.newKey('publishable') }
  for (let count = 0; count < 5; count += 1)
    assert.equal((await update(tenant, 'acme', publishable)).status, 403)
  assert.deepEqual(rateHeaders(await update(tenant, 'acme')), [2, 0])
  for (const request of [{}, publishable])
    assert.equal((await update(tenant, 'acme', request)).status, 429)
})

test('a 401 precedes a 429, and a 429 precedes a 403 and the validation', async () => {
  const world = await openWorld(limits({ operations: { [PROVISION]: 1 } }))
  const tenant = await world.tenant()
  const publishable = await tenant.newKey('publishable')
  for (const [key, first] of [
    [publishable, 403],
    [tenant.key, 400],
  ] as const) {
    const body = { body: '{"id":', headers: { 'content-type': 'application/json' }, apiKey: key }
    assert.equal((await tenant.call(PROVISION, body)).status, first)
    assert.equal((await tenant.call(PROVISION, body)).status, 429)
    assert.equal((await tenant.call(PROVISION, { ...body, ...BAD })).status, 401)
  }
})

test('a 429 is not stored for an Idempotency-Key, and the repetition is executed', async () => {
  const world = await openWorld(limits({ mutationsPerCustomer: 1 }))
  const tenant = await world.tenant()
  await tenant.ok(PROVISION, { body: { id: 'acme' } })
  const request = { params: { id: 'acme' }, headers: { 'idempotency-key': 'k' } }
  assert.equal((await tenant.call('v1.customers.archive', request)).status, 429)
  const unlimited = callerFrom(await openWorld(), '127.0.0.1')
  const done = await unlimited('v1.customers.archive', { ...request, apiKey: tenant.key })
  assert.deepEqual([done.status, done.headers['idempotency-replayed']], [200, undefined])
})

test('a limit for an unknown operation prevents the start', () => {
  const configured = { operations: { 'v1.customers.lst': 5 }, mutationsPerCustomer: null }
  assert.throws(() => createLimits(configured, contract.operations), /v1\.customers\.lst/)
})
