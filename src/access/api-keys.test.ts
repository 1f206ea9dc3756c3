import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { until } from '../../test/support/deadline.ts'
import { ACCEPTS_PERSONS, addMember, personOf } from '../../test/support/persons.ts'
import { openTwoServers, openWorld, type Tenant } from '../../test/support/world.ts'
import { OPERATION_PERMISSIONS } from '../api.gen.ts'
import { type Sql, sql } from '../db/index.ts'
import { configureKey } from './key-commands.ts'
import { isLive, refuseLast } from './key-rules.ts'
import { covers, permits } from './permit.ts'
import { type ApiKey, ENVIRONMENT_ROLES, KEY_KINDS, type KeyKind } from './types.ts'

const world = await openWorld(ACCEPTS_PERSONS)
const { app } = world.bursar
const HOUR_MS = 3_600_000
const INVALID = { status: 400, code: 'BadUserInput' }
const FORBIDDEN = { status: 403, code: 'IdentityForbidden' }

const inHours = (hours: number): string =>
  new Date(world.clock.now() + hours * HOUR_MS).toISOString()

const create = async (tenant: Tenant, body: object, apiKey = tenant.key) =>
  (await tenant.ok('v1.apiKeys.create', { body, apiKey })).data

const listed = async (tenant: Tenant) => (await tenant.ok('v1.apiKeys.list')).data

const statusWith = async (tenant: Tenant, apiKey: string | null): Promise<number> =>
  (await tenant.call('v1.whoami.retrieve', { apiKey })).status

test('a key that is created by the API works as its kind allows, and its secret is shown once', async () => {
  const tenant = await world.tenant()
  const { secret, ...key } = await create(tenant, { name: 'reports', kind: 'read-only' })
  assert.match(secret ?? '', /^server-[\w-]{43}$/)
  assert.ok(secret?.startsWith(key.prefix))
  assert.deepEqual([key.origin, key.expiresAt, key.lastUsedAt], ['created', null, null])
  const [newest] = await listed(tenant)
  assert.deepEqual(newest, key)
  await tenant.ok('v1.customers.list', { apiKey: secret })
  const write = { body: { id: 'acme' }, apiKey: secret }
  await tenant.refused('v1.customers.provision', write, FORBIDDEN)
  const client = await create(tenant, { name: 'site', kind: 'publishable' })
  assert.match(client.secret ?? '', /^client-/)
})

test('no event and no stored response contains a secret', async () => {
  const tenant = await world.tenant()
  const headers = { 'idempotency-key': 'one' }
  const request = { body: { name: 'reports', kind: 'read-only' }, headers }
  const { data } = await tenant.ok('v1.apiKeys.create', request)
  const again = await tenant.ok('v1.apiKeys.create', request)
  assert.deepEqual(again.data, { ...data, secret: null })
  const params = { keyId: data.id }
  const rotated = await tenant.ok('v1.apiKeys.rotate', { params, body: {} })
  const secrets = [data.secret, rotated.data.secret].map((secret) => String(secret))
  const texts = await app.db.read.many(
    (raw) => raw.text ?? '',
    sql`
      select o::text as text from outbox o
        where environment_key = ${tenant.scope.environmentKey}::uuid
      union all
      select a.body from idempotency_answers a
        where environment_key = ${tenant.scope.environmentKey}::uuid`,
  )
  assert.ok(texts.some((text) => text.includes(data.prefix)))
  for (const text of texts) for (const secret of secrets) assert.ok(!text.includes(secret))
})

test('a key gets no permission that its maker lacks', async () => {
  const tenant = await world.tenant()
  const apiKey = await tenant.newKey('api-keys-write')
  for (const kind of KEY_KINDS) {
    const { status, text } = await tenant.call('v1.apiKeys.create', {
      body: { name: 'x', kind },
      apiKey,
    })
    assert.equal(status, kind === 'api-keys-write' ? 201 : 403, text)
  }
  const strong = await create(tenant, { name: 'strong', kind: 'full-access' })
  const rotation = { params: { keyId: strong.id }, body: {}, apiKey }
  await tenant.refused('v1.apiKeys.rotate', rotation, { ...FORBIDDEN, message: /^kind: / })
  assert.equal(await statusWith(tenant, strong.secret), 200)
})

test('an administrator creates keys of every kind', async () => {
  const tenant = await world.tenant()
  const userId = `admin of ${tenant.id}`
  const environments = { [tenant.id]: 'ADMIN' as const }
  await addMember(app, tenant, { userId, environments })
  const person = await personOf(userId, { 'x-environment-id': tenant.id })
  for (const kind of KEY_KINDS) {
    const body = { name: `for ${kind}`, kind, expiresAt: inHours(1) }
    await tenant.ok('v1.apiKeys.create', { body, ...person })
  }
  const { data } = await tenant.ok('v1.audit.list', { query: { type: 'api_key.created' } })
  const made = data.filter(({ actor }) => actor.kind === 'USER')
  assert.equal(made.length, KEY_KINDS.length)
  assert.deepEqual(made[0]?.actor.id, userId)
  assert.equal(made[0]?.operation, 'v1.apiKeys.create')
})

test('a key that expires makes no key that lives longer', async () => {
  const tenant = await world.tenant()
  const maker = await create(tenant, {
    ...{ name: 'maker', kind: 'full-access', expiresAt: inHours(2) },
  })
  const apiKey = String(maker.secret)
  const body = { name: 'x', kind: 'read-only' }
  const made = await create(tenant, body, apiKey)
  assert.equal(made.expiresAt, maker.expiresAt)
  await create(tenant, { ...body, expiresAt: inHours(2) }, apiKey)
  const refusal = { ...FORBIDDEN, message: /^expiresAt: keys that you create may live until/ }
  for (const expiresAt of [null, inHours(3)])
    await tenant.refused('v1.apiKeys.create', { body: { ...body, expiresAt }, apiKey }, refusal)
  const eternal = await create(tenant, body)
  const rotation = { params: { keyId: eternal.id }, body: {}, apiKey }
  await tenant.refused('v1.apiKeys.rotate', rotation, refusal)
})

test('an expiry must be in the future, and before the year 9000', async () => {
  const tenant = await world.tenant()
  for (const expiresAt of [
    inHours(0),
    inHours(-1),
    '9000-01-01T00:00:00Z',
    '9999-12-31T23:00:00-12:00',
  ])
    await tenant.refused(
      'v1.apiKeys.create',
      { body: { name: 'x', kind: 'read-only', expiresAt } },
      { ...INVALID, message: /^expiresAt must be/ },
    )
  const key = await create(tenant, { name: 'x', kind: 'read-only', expiresAt: inHours(1) })
  assert.equal(await statusWith(tenant, key.secret), 200)
})

test('the old secret of a rotated key works for the grace period', async () => {
  const { tenant, clock } = await ownWorld()
  const key = await create(tenant, { name: 'worker', kind: 'customers-write' })
  const params = { keyId: key.id }
  const { data } = await tenant.ok('v1.apiKeys.rotate', { params, body: { grace: '1h' } })
  assert.deepEqual([data.name, data.kind, data.expiresAt], ['worker', 'customers-write', null])
  assert.notEqual(data.secret, key.secret)
  const again = { params, body: {} }
  await tenant.refused('v1.apiKeys.rotate', again, { status: 400, code: 'ApiKeyHasExpiry' })
  assert.deepEqual(
    [await statusWith(tenant, key.secret), await statusWith(tenant, data.secret)],
    [200, 200],
  )
  clock.moveTo(clock.now() + HOUR_MS)
  assert.deepEqual(
    [await statusWith(tenant, key.secret), await statusWith(tenant, data.secret)],
    [401, 200],
  )
  await tenant.refused('v1.apiKeys.rotate', again, { status: 400, code: 'ApiKeyExpired' })
})

/** A world with a clock of its own. */
async function ownWorld() {
  const own = await openWorld()
  return { tenant: await own.tenant(), clock: own.clock }
}

test('a revoked key ends on all servers', async () => {
  const [one, other] = await openTwoServers()
  const tenant = await one.tenant()
  const there = tenant.through(other)
  const key = await create(tenant, { name: 'x', kind: 'read-only' })
  assert.equal(await statusWith(there, key.secret), 200)
  const params = { keyId: key.id }
  const { data } = await tenant.ok('v1.apiKeys.revoke', { params })
  assert.equal(data.revokedAt, new Date(one.clock.now()).toISOString())
  await until('the other server knows', async () => (await statusWith(there, key.secret)) === 401)
  const missing = { status: 404, code: 'ApiKeyNotFound' }
  await tenant.refused('v1.apiKeys.revoke', { params }, missing)
  const expired = { status: 400, code: 'ApiKeyExpired' }
  await tenant.refused('v1.apiKeys.rotate', { params, body: {} }, expired)
})

test('keys of another environment look like keys that do not exist', async () => {
  const [mine, other] = [await world.tenant(), await world.tenant()]
  const key = await create(other, { name: 'x', kind: 'read-only' })
  const params = { keyId: key.id }
  const missing = { status: 404, code: 'ApiKeyNotFound' }
  await mine.refused('v1.apiKeys.revoke', { params }, missing)
  await mine.refused('v1.apiKeys.rotate', { params, body: {} }, missing)
  assert.equal(await statusWith(other, key.secret), 200)
  assert.ok((await listed(mine)).every(({ id }) => id !== key.id))
  const malformed = { params: { keyId: 'x' } }
  await mine.refused('v1.apiKeys.revoke', malformed, { ...INVALID, message: /keyId/ })
})

test('the last full-access key cannot be revoked, also if two are revoked at the same time', async () => {
  const tenant = await world.tenant()
  const [first] = await listed(tenant)
  const last = { status: 400, code: 'IntegrityViolation' }
  const revoking = (keyId = '') => ({ params: { keyId } })
  await tenant.refused('v1.apiKeys.revoke', revoking(first?.id), last)
  // It will end, so it does not replace the other one.
  const ending = { name: 'ending', kind: 'full-access', expiresAt: inHours(1) }
  const temporary = await create(tenant, ending)
  await tenant.refused('v1.apiKeys.revoke', revoking(first?.id), last)
  await tenant.ok('v1.apiKeys.revoke', revoking(temporary.id))
  const second = await create(tenant, { name: 'second', kind: 'full-access' })
  const apiKey = await tenant.newKey('api-keys-write')
  const statuses = await Promise.all(
    [first?.id, second.id].map(
      async (id) => (await tenant.call('v1.apiKeys.revoke', { ...revoking(id), apiKey })).status,
    ),
  )
  assert.deepEqual(statuses.toSorted(), [200, 400])
})

test('the configured key is rotated and revoked only where it is configured', async () => {
  const tenant = await world.tenant()
  await configureKey(app, tenant.scope, `configured-${tenant.id}`)
  const configured = (await listed(tenant)).find(({ origin }) => origin === 'configured')
  assert.ok(configured)
  const params = { keyId: configured.id }
  const refusal = { status: 400, code: 'InvalidArgumentError', message: /BURSAR_API_KEY/ }
  await tenant.refused('v1.apiKeys.revoke', { params }, refusal)
  await tenant.refused('v1.apiKeys.rotate', { params, body: {} }, refusal)
})

test('an environment has at most 1,000 keys that work', async () => {
  const tenant = await world.tenant()
  const make = (count: number) => app.db.transaction((tx) => tx.execute(keysOf(tenant, count)))
  const body = { name: 'x', kind: 'read-only' }
  await make(998)
  await create(tenant, body)
  const message = /already has 1000 live keys/
  await tenant.refused('v1.apiKeys.create', { body }, { ...INVALID, message })
  const [newest] = await listed(tenant)
  await tenant.ok('v1.apiKeys.revoke', { params: { keyId: newest?.id ?? '' } })
  await create(tenant, body)
})

/** A statement that makes keys which nobody can use. */
const keysOf = ({ scope }: Tenant, count: number): Sql => sql`
  insert into api_keys
    (key_id, environment_key, name, kind, origin, prefix, secret_hash, created_at)
  select gen_random_uuid(), ${scope.environmentKey}::uuid, 'many', 'read-only', 'created', 'none',
    sha256(gen_random_uuid()::text::bytea), '2026-01-01'
  from generate_series(1, ${count}::integer)`

test('the last use of a key is known to the minute, on every server', async () => {
  const [one, other] = await openTwoServers()
  const tenant = await one.tenant()
  const key = await create(tenant, { name: 'worker', kind: 'read-only' })
  const lastUse = async () =>
    (await listed(tenant)).find(({ id }) => id === key.id)?.lastUsedAt ?? null
  const write = () =>
    Promise.all([one, other].map(({ bursar }) => bursar.authenticator.keyUses.write()))
  one.clock.moveTo(Date.parse('2026-05-18T10:08:59.999Z'))
  assert.equal(await statusWith(tenant, key.secret), 200)
  await write()
  assert.equal(await lastUse(), '2026-05-18T10:08:00.000Z')
  one.clock.moveTo(Date.parse('2026-05-18T10:10:30.000Z'))
  assert.equal(await statusWith(tenant.through(other), key.secret), 200)
  await write()
  assert.equal(await lastUse(), '2026-05-18T10:10:00.000Z')
  // A server that is late changes nothing.
  one.bursar.authenticator.keyUses.note(key.id, Date.parse('2026-05-18T10:09:00.000Z'))
  await write()
  assert.equal(await lastUse(), '2026-05-18T10:10:00.000Z')
})

test('a role covers another one exactly if it has all its permissions', () => {
  const role = fc.constantFrom(...KEY_KINDS, ...ENVIRONMENT_ROLES)
  const unknown = 'later:write'
  fc.assert(
    fc.property(role, role, (giver, given) => {
      const missing = [
        ...OPERATION_PERMISSIONS,
        unknown,
        'later:read',
        'subscriptions:write',
        'coupons:write',
      ].filter((permission) => permits(given, permission) && !permits(giver, permission))
      assert.equal(covers(giver, given), missing.length === 0, missing.join())
    }),
  )
})

const keyOf = (fields: Partial<ApiKey>): ApiKey => ({
  ...{ keyId: 'k', environmentKey: 'e', name: 'k', kind: 'full-access', origin: 'created' },
  ...{ prefix: 'p', createdAt: 0, expiresAt: null, revokedAt: null, lastUsedAt: null },
  ...{ isSession: false, makesUntil: null },
  ...fields,
})

const LAST: [
  why: string,
  key: Partial<ApiKey>,
  longest: Partial<ApiKey> | null,
  isLast: boolean,
][] = [
  ['no other', {}, null, true],
  ['another', {}, {}, false],
  ['another that expires', {}, { expiresAt: 10 }, true],
  ['a key that expires, beside one that never does', { expiresAt: 5 }, {}, false],
  ['a key that expires, beside one that does, too', { expiresAt: 5 }, { expiresAt: 3 }, false],
  ['a key that expires, and no other', { expiresAt: 5 }, null, true],
  ['a session', { isSession: true, expiresAt: 5 }, null, false],
  ['a key of another kind', { kind: 'read-only' as KeyKind }, null, false],
]
for (const [why, key, longest, isLast] of LAST)
  test(`revoking a full-access key is ${isLast ? 'refused' : 'possible'}: ${why}`, () => {
    const revoking = () => refuseLast(keyOf(key), longest && keyOf(longest))
    if (isLast) assert.throws(revoking, { status: 400, code: 'IntegrityViolation' })
    else revoking()
  })

test('a key is live until the instant of its expiry or revocation', () => {
  assert.equal(isLive(keyOf({ expiresAt: 10 }), 9), true)
  assert.equal(isLive(keyOf({ expiresAt: 10 }), 10), false)
  assert.equal(isLive(keyOf({ revokedAt: 5 }), 4), false)
})
