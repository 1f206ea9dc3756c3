import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCEPTS_PERSONS, addMember, personOf } from '../../test/support/persons.ts'
import { openTwoServers, openWorld, type Tenant } from '../../test/support/world.ts'
import { sql } from '../db/index.ts'
import { createKey } from './key-commands.ts'
import { makeSignInCode } from './sign-in-commands.ts'
import { KEY_KINDS } from './types.ts'

const CREATE = 'v1.signInCodes.create'
const EXCHANGE = 'v1.signInCodes.exchange'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const REFUSED = { status: 401, code: 'Unauthenticated', message: /^the sign-in code is unknown/ }
const FORBIDDEN = { status: 403, code: 'IdentityForbidden' }

const codeOf = async (tenant: Tenant, body: object = {}, apiKey = tenant.key): Promise<string> =>
  (await tenant.ok(CREATE, { body, apiKey })).data.code ?? ''

/** Nobody needs a credential to exchange a code. */
const exchange = async (tenant: Tenant, code: string, name = 'Firefox on Linux') =>
  (await tenant.ok(EXCHANGE, { body: { code, name }, apiKey: null })).data

const refuse = (tenant: Tenant, code: string) =>
  tenant.refused(EXCHANGE, { body: { code }, apiKey: null }, REFUSED)

const whoIs = async (tenant: Tenant, apiKey: string | null) =>
  (await tenant.ok('v1.whoami.retrieve', { apiKey })).data

const iso = (instant: number) => new Date(instant).toISOString()

const world = await openWorld(ACCEPTS_PERSONS)
const { app } = world.bursar

test('a code gives a key of its own for 12 hours, which the audit log shows as itself', async () => {
  const tenant = await world.tenant()
  const { data } = await tenant.ok(CREATE, { body: {} })
  assert.match(data.code ?? '', /^sign-in-[\w-]{43}$/)
  assert.equal(data.expiresAt, iso(world.clock.now() + 5 * MINUTE_MS))
  const { secret, ...key } = await exchange(tenant, data.code ?? '')
  assert.deepEqual(
    [key.name, key.kind, key.origin, key.expiresAt],
    ['Firefox on Linux', 'full-access', 'sign-in', iso(world.clock.now() + 12 * HOUR_MS)],
  )
  const caller = await whoIs(tenant, secret)
  assert.deepEqual([caller.actor.id, caller.name], [key.id, key.name])
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' }, apiKey: secret })
  const audit = await tenant.ok('v1.audit.list')
  const by = (type: string) => audit.data.find((entry) => entry.type === type)
  assert.equal(by('customer.created')?.actor.id, key.id)
  const made = by('api_key.created')
  const maker = (await whoIs(tenant, tenant.key)).actor
  assert.deepEqual([made?.objectId, made?.actor, made?.operation], [key.id, maker, EXCHANGE])
  assert.deepEqual(by('sign_in_code.created')?.actor, maker)
  await tenant.ok('v1.apiKeys.revoke', { params: { keyId: key.id }, apiKey: secret })
})

test('a code works once and for five minutes', async () => {
  const own = await openWorld()
  const tenant = await own.tenant()
  const [used, late, inTime] = [await codeOf(tenant), await codeOf(tenant), await codeOf(tenant)]
  await exchange(tenant, used)
  await refuse(tenant, used)
  own.clock.moveTo(own.clock.now() + 5 * MINUTE_MS - 1)
  await exchange(tenant, inTime)
  own.clock.moveTo(own.clock.now() + 1)
  await refuse(tenant, late)
  for (const code of ['sign-in-', `${used}x`, tenant.key]) await refuse(tenant, code)
})

test('of many exchanges of one code on two servers, one succeeds', async () => {
  const [one, other] = await openTwoServers()
  const tenant = await one.tenant()
  const code = await codeOf(tenant)
  const servers = Array.from({ length: 10 }, (_, index) =>
    index % 2 === 0 ? tenant : tenant.through(other),
  )
  const statuses = await Promise.all(
    servers.map(
      async (server) => (await server.call(EXCHANGE, { body: { code }, apiKey: null })).status,
    ),
  )
  assert.deepEqual(statuses.toSorted(), [201, ...Array<number>(9).fill(401)])
  const { data } = await tenant.ok('v1.apiKeys.list')
  assert.equal(data.filter(({ origin }) => origin === 'sign-in').length, 1)
})

test('the database and the events contain neither the code nor the secret', async () => {
  const tenant = await world.tenant()
  const headers = { 'idempotency-key': 'one' }
  const first = await tenant.ok(CREATE, { body: {}, headers })
  const again = await tenant.ok(CREATE, { body: {}, headers })
  assert.deepEqual(again.data, { ...first.data, code: null })
  const code = first.data.code ?? ''
  const request = { body: { code }, apiKey: null, headers }
  const { data } = await tenant.ok(EXCHANGE, request)
  assert.deepEqual((await tenant.ok(EXCHANGE, request)).data, { ...data, secret: null })
  const { environmentKey } = tenant.scope
  const texts = await app.db.read.many(
    (raw) => raw.text ?? '',
    sql`
      select o::text as text from outbox o where environment_key = ${environmentKey}::uuid
      union all select c::text from sign_in_codes c where environment_key = ${environmentKey}::uuid
      union all select k::text from api_keys k where environment_key = ${environmentKey}::uuid
      union all
        select a::text from idempotency_answers a where environment_key = ${environmentKey}::uuid`,
  )
  assert.ok(texts.length > 4)
  for (const text of texts)
    for (const secret of [code, data.secret ?? '']) assert.ok(!text.includes(secret))
})

test('a code gives no more than its maker has', async () => {
  const tenant = await world.tenant()
  const apiKey = await tenant.newKey('api-keys-write')
  for (const kind of KEY_KINDS.filter((each) => !['api-keys-write', 'publishable'].includes(each)))
    await tenant.refused(CREATE, { body: { kind }, apiKey }, FORBIDDEN)
  const { kind } = await exchange(tenant, await codeOf(tenant, {}, apiKey))
  assert.equal(kind, 'api-keys-write')
  const invalid = { status: 400, code: 'BadUserInput', message: /kind/ }
  await tenant.refused(CREATE, { body: { kind: 'publishable' } }, invalid)
  const { secret } = await exchange(tenant, await codeOf(tenant, { kind: 'read-only' }))
  await tenant.ok('v1.customers.list', { apiKey: secret })
  await tenant.refused('v1.customers.provision', { body: { id: 'x' }, apiKey: secret }, FORBIDDEN)
})

test('a session ends no later than the key of its maker, nor do the keys that it makes', async () => {
  const tenant = await world.tenant()
  const expiresAt = world.clock.now() + HOUR_MS
  const maker = await createKey(app, tenant.scope, { kind: 'full-access', name: 'x', expiresAt })
  const session = await exchange(tenant, await codeOf(tenant, {}, maker.secret))
  assert.equal(session.expiresAt, iso(expiresAt))
  const body = { name: 'x', kind: 'read-only' }
  const made = await tenant.ok('v1.apiKeys.create', { body, apiKey: session.secret })
  assert.equal(made.data.expiresAt, iso(expiresAt))
  const second = await exchange(tenant, await codeOf(tenant, {}, session.secret ?? ''))
  assert.equal(second.expiresAt, iso(expiresAt))
  // Its maker could make keys that live for ever.
  const free = await exchange(tenant, await codeOf(tenant))
  const eternal = await tenant.ok('v1.apiKeys.create', { body, apiKey: free.secret })
  assert.equal(eternal.data.expiresAt, null)
})

test('a code ends with the key, or the role, of its maker', async () => {
  const tenant = await world.tenant()
  const maker = await createKey(app, tenant.scope, { kind: 'full-access', name: 'x' })
  const code = await codeOf(tenant, {}, maker.secret)
  await tenant.ok('v1.apiKeys.revoke', { params: { keyId: maker.keyId } })
  await tenant.refused(EXCHANGE, { body: { code }, apiKey: null }, { ...REFUSED, message: /key/ })

  const userId = `admin of ${tenant.id}`
  const as = (role: 'ADMIN' | 'VIEWER') =>
    addMember(app, tenant, { userId, environments: { [tenant.id]: role } })
  await as('ADMIN')
  const person = await personOf(userId, { 'x-environment-id': tenant.id })
  const ofPerson = async () => (await tenant.ok(CREATE, { body: {}, ...person })).data.code ?? ''
  const [one, other] = [await ofPerson(), await ofPerson()]
  assert.equal((await exchange(tenant, one)).kind, 'full-access')
  await as('VIEWER')
  await refuse(tenant, other)
})

test('an operator makes a code for any environment, which nobody else can see', async () => {
  const [tenant, other] = [await world.tenant(), await world.tenant()]
  const { text } = await makeSignInCode(app, tenant.scope, 'read-only')
  // Whoever exchanges it gets into the environment of the code, whatever credential they send.
  const { data } = await other.ok(EXCHANGE, { body: { code: text } })
  assert.deepEqual([data.name, data.kind], ['sign-in', 'read-only'])
  assert.equal((await whoIs(tenant, data.secret)).environment.id, tenant.id)
  const keys = await other.ok('v1.apiKeys.list')
  assert.ok(keys.data.every(({ id }) => id !== data.id))
})

test('the 21st bad code of an address is a 429, and so are other credentials from there', async () => {
  const own = await openWorld()
  const tenant = await own.tenant()
  const send = (url: string, from: string, payload: object | null) =>
    own.bursar.server.inject({
      ...{ url, remoteAddress: from },
      ...(payload === null ? { method: 'GET' } : { method: 'POST', payload }),
    })
  const guess = (from: string, code = 'sign-in-guess') =>
    send('/api/v1/sign-in-codes/exchange', from, { code })
  for (let count = 0; count < 20; count += 1)
    assert.equal((await guess('192.0.2.1')).statusCode, 401)
  const limited = await guess('192.0.2.1')
  assert.equal(limited.statusCode, 429)
  assert.ok(Number(limited.headers['retry-after']) > 0)
  assert.equal((await guess('192.0.2.1', await codeOf(tenant))).statusCode, 429)
  assert.equal((await send('/api/v1/customers', '192.0.2.1', null)).statusCode, 429)
  assert.equal((await guess('192.0.2.2', await codeOf(tenant))).statusCode, 201)
})

test('at most 100 codes of an environment wait to be exchanged', async () => {
  const own = await openWorld()
  const tenant = await own.tenant()
  for (let count = 0; count < 100; count += 1) await codeOf(tenant)
  const message = /100 sign-in codes/
  const refusal = { status: 400, code: 'BadUserInput', message }
  await tenant.refused(CREATE, { body: {} }, refusal)
  own.clock.moveTo(own.clock.now() + 5 * MINUTE_MS)
  await codeOf(tenant)
  own.clock.moveTo(own.clock.now() + 2 * HOUR_MS)
  await codeOf(tenant)
  const { environmentKey } = tenant.scope
  const left = await app.db.read.many(
    () => 1,
    sql`select 1 from sign_in_codes where environment_key = ${environmentKey}::uuid`,
  )
  assert.equal(left.length, 2, 'codes that have expired are deleted')
})
