import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openWorld } from '../../test/support/world.ts'
import { ApiError } from '../kernel/errors.ts'
import { createAuthenticator } from './authenticate.ts'
import { ensureConfiguredKey } from './configured-key.ts'
import { createEnvironment } from './environment-commands.ts'
import { configureKey, createKey, revokeKey, rotateKey } from './key-commands.ts'
import { listKeys } from './key-store.ts'
import { permits } from './permit.ts'
import type { Caller } from './types.ts'

const HOUR_MS = 3_600_000
const world = await openWorld()
const { app, authenticator } = world.bursar

const opening = (apiKey: string, by = authenticator) =>
  by.authenticate({
    apiKey,
    authorization: undefined,
    accountId: undefined,
    environmentId: undefined,
    customerKey: undefined,
    defaultsEnvironment: false,
  })
const opens = (secret: string) =>
  opening(secret).then(
    () => true,
    (error) => {
      assert.ok(error instanceof ApiError && error.status === 401)
      return false
    },
  )
const refusedAs = (status: number, code: string | null) => (error: unknown) =>
  error instanceof ApiError && error.status === status && error.code === code

/** Waits until the server has been notified of a change. */
async function eventuallyRefused(secret: string) {
  while (await opens(secret)) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('a key opens its own environment, and nothing any more once it is revoked', async () => {
  const { scope } = await world.tenant()
  const key = await createKey(app, scope, { kind: 'read-only', name: 'reports' })
  const caller = await opening(key.secret)
  assert.deepEqual([caller.scope, caller.actor.id, caller.role], [scope, key.keyId, 'read-only'])
  await revokeKey(app, key.keyId)
  await eventuallyRefused(key.secret)
  await assert.rejects(revokeKey(app, key.keyId), refusedAs(404, 'ApiKeyNotFound'))
})

test('an authenticator that receives no notifications caches no key', async () => {
  const { scope } = await world.tenant()
  const deaf = createAuthenticator(app)
  const key = await createKey(app, scope, { kind: 'full-access', name: 'x' })
  await opening(key.secret, deaf)
  await revokeKey(app, key.keyId)
  await assert.rejects(opening(key.secret, deaf), refusedAs(401, 'Unauthenticated'))
})

test('a key does not work at the instant of its expiry', async () => {
  const { scope } = await world.tenant()
  const expiresAt = world.clock.now() + HOUR_MS
  const key = await createKey(app, scope, { kind: 'full-access', name: 'x', expiresAt })
  world.clock.moveTo(expiresAt - 1)
  assert.equal(await opens(key.secret), true)
  world.clock.moveTo(expiresAt)
  assert.equal(await opens(key.secret), false)
})

test('a rotated key and its successor both work until the end of the grace period', async () => {
  const { scope } = await world.tenant()
  const old = await createKey(app, scope, { kind: 'read-only', name: 'x' })
  const next = await rotateKey(app, old.keyId, HOUR_MS)
  assert.deepEqual([next.kind, next.name], ['read-only', 'x'])
  assert.deepEqual([await opens(old.secret), await opens(next.secret)], [true, true])
  await assert.rejects(rotateKey(app, old.keyId, 0), refusedAs(400, 'ApiKeyHasExpiry'))
  world.clock.moveTo(world.clock.now() + HOUR_MS)
  await eventuallyRefused(old.secret)
  assert.equal(await opens(next.secret), true)
  await assert.rejects(rotateKey(app, old.keyId, 0), refusedAs(400, 'ApiKeyExpired'))
})

test('configuring another key ends the previous one, and configuring it again revives it', async () => {
  const { scope } = await world.tenant()
  const [one, other] = [`one-${scope.environmentKey}`, `other-${scope.environmentKey}`]
  await configureKey(app, scope, one)
  await configureKey(app, scope, one)
  assert.equal(await opens(one), true)
  await configureKey(app, scope, other)
  await eventuallyRefused(one)
  assert.equal(await opens(other), true)
  await configureKey(app, scope, one)
  await eventuallyRefused(other)
  assert.equal(await opens(one), true)
})

test('servers that configure the same key at the same time create one key', async () => {
  const { scope } = await world.tenant()
  const secret = `shared-${scope.environmentKey}`
  await Promise.all(Array.from({ length: 5 }, () => configureKey(app, scope, secret)))
  const live = (await listKeys(app.db.read, scope)).filter(({ name }) => name === 'configured')
  assert.equal(live.length, 1)
})

test('a key without full access or a revoked key cannot become the configured key', async () => {
  const { scope } = await world.tenant()
  const published = await createKey(app, scope, { kind: 'publishable', name: 'x' })
  await assert.rejects(configureKey(app, scope, published.secret), /publishable/)
  const revoked = await createKey(app, scope, { kind: 'full-access', name: 'x' })
  await revokeKey(app, revoked.keyId)
  await assert.rejects(configureKey(app, scope, revoked.secret), /is expired or revoked/)
  await assert.rejects(
    opening(published.secret).then(({ role }) => assert.equal(role, 'full-access')),
  )
})

test('the key of one environment cannot be configured for another', async () => {
  const [one, other] = [await world.tenant(), await world.tenant()]
  await assert.rejects(configureKey(app, other.scope, one.key), refusedAs(400, 'BadUserInput'))
})

test('the database holds no secret', async () => {
  const { key } = await world.tenant()
  const found = await app.db.withClient((client) =>
    client.query(`select api_keys::text as text from api_keys`),
  )
  assert.ok(found.rows.length > 0)
  for (const { text } of found.rows) assert.ok(!text.includes(key))
})

test('an environment id is taken only once and must be a valid id', async () => {
  const { id } = await world.tenant()
  await assert.rejects(createEnvironment(app, { id }), refusedAs(409, 'DuplicatedEntityNotAllowed'))
  await assert.rejects(createEnvironment(app, { id: 'a b' }), refusedAs(400, 'BadUserInput'))
})

const PERMITTED: [role: Caller['role'], needs: string, may: boolean][] = [
  ['full-access', 'customers:write', true],
  ['full-access', 'whatever:write', true],
  ['read-only', 'customers:read', true],
  ['read-only', 'customers:write', false],
  ['customers-write', 'customers:read', true],
  ['customers-write', 'customers:write', true],
  ['customers-write', 'entityTypes:read', false],
  ['event-queue-read', 'events:read', true],
  ['event-queue-read', 'events:write', false],
  ['publishable', 'customers:read', false],
  ['publishable', 'entitlements:read', true],
  ['publishable', 'entitlements:write', false],
  ['ADMIN', 'entityTypes:write', true],
  ['SUPPORT', 'customers:write', true],
  ['SUPPORT', 'entityTypes:write', false],
  ['SUPPORT', 'assignments:write', true],
  ['SUPPORT', 'governance:read', true],
  ['SUPPORT', 'governance:write', false],
  ['VIEWER', 'entities:read', true],
  ['VIEWER', 'entities:write', false],
  ['NONE', 'entities:read', false],
]
for (const [role, needs, may] of PERMITTED)
  test(`${role} ${may ? 'may' : 'may not'} call operations that require ${needs}`, () => {
    assert.equal(permits(role, needs), may)
  })

test('a revoked key in the key file is replaced by a new one and stays revoked', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'bursar-key-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const here = { ...app, config: { ...app.config, apiKey: null, dataDir } }
  const { scope } = await world.tenant()
  const file = join(dataDir, 'api-key')
  const first = await ensureConfiguredKey(here, scope)
  assert.ok(first.from === 'file' && first.made !== null)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal(await readFile(file, 'utf8'), `${first.made}\n`)
  assert.deepEqual(await ensureConfiguredKey(here, scope), { from: 'file', file, made: null })
  const { id: keyId } = (await opening(first.made)).actor
  await revokeKey(app, keyId)
  const second = await ensureConfiguredKey(here, scope)
  assert.ok(second.from === 'file' && second.made !== null && second.made !== first.made)
  await eventuallyRefused(first.made)
  assert.equal(await opens(second.made), true)
})
