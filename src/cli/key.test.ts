import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bursar, runCli, urlOf } from '../../test/support/cli-process.ts'
import { testConnection } from '../../test/support/connection.ts'
import { until } from '../../test/support/deadline.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import type { ApiKey } from '../access/index.ts'
import { keyState } from './key.ts'

const world = await openWorld()
const SECRET = /^(server|client)-[\w-]{43}\n$/

type Shown = { id: string; name: string; kind: string; state: string; expiresAt: string | null }

const shownKeys = async (tenant: Tenant): Promise<Shown[]> =>
  JSON.parse((await bursar('key', 'list', '--environment', tenant.id, '--json')).stdout)

async function makeKey(tenant: Tenant, ...options: string[]) {
  const made = await bursar('key', 'create', '--environment', tenant.id, ...options)
  assert.match(made.stdout, SECRET, 'standard output has the secret and nothing else')
  const id = /^Key ([0-9a-f-]{36}) /.exec(made.stderr)?.[1]
  assert.ok(id, made.stderr)
  return { id, secret: made.stdout.trim() }
}

const stateOf = async (tenant: Tenant, keyId: string) =>
  (await shownKeys(tenant)).find(({ id }) => id === keyId)

const statusWith = async (tenant: Tenant, apiKey: string): Promise<number> =>
  (await tenant.call('v1.customers.list', { apiKey })).status

test('a key created on the command line works as its kind allows', async () => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' } })
  const key = await makeKey(tenant, '--kind', 'read-only', '--name', 'reports')
  const shown = await stateOf(tenant, key.id)
  assert.deepEqual([shown?.name, shown?.kind, shown?.state], ['reports', 'read-only', 'active'])
  const list = await tenant.ok('v1.customers.list', { apiKey: key.secret })
  assert.deepEqual(
    list.data.map(({ id }) => id),
    ['acme'],
  )
  const request = { body: { id: 'other' }, apiKey: key.secret }
  assert.equal((await tenant.call('v1.customers.provision', request)).status, 403)
})

test('a running server refuses a key soon after the command line revoked it', async () => {
  const tenant = await world.tenant()
  const key = await makeKey(tenant)
  assert.equal(await statusWith(tenant, key.secret), 200)
  await bursar('key', 'revoke', key.id)
  await until('the key is refused', async () => (await statusWith(tenant, key.secret)) === 401)
  assert.equal((await stateOf(tenant, key.id))?.state, 'revoked')
  const again = await runCli(['key', 'revoke', key.id], { DATABASE_URL: urlOf(testConnection()) })
  assert.equal(again.code, 1)
  assert.match(again.stderr, /not found or already revoked/)
})

test('a rotated key has a new secret at once, and its old secret works until the grace period ends', async () => {
  const tenant = await world.tenant()
  const key = await makeKey(tenant, '--name', 'worker')
  const { stdout: secret } = await bursar('key', 'rotate', key.id, '--grace', '3d')
  assert.match(secret, SECRET)
  assert.notEqual(secret.trim(), key.secret)
  assert.equal(await statusWith(tenant, secret.trim()), 200)
  const keys = (await shownKeys(tenant)).filter(({ name }) => name === 'worker')
  assert.deepEqual(
    keys.map(({ state, kind }) => [state, kind]),
    [
      ['expiring', 'full-access'],
      ['active', 'full-access'],
    ],
  )
})

test('a key expires at the given time', async () => {
  const tenant = await world.tenant()
  const key = await makeKey(tenant, '--expires', '2999-12-31T12:00:00+02:00')
  const { stdout } = await bursar('key', 'list', '--environment', tenant.id)
  assert.match(stdout, /^ID +NAME +KIND +PREFIX +STATE +CREATED +EXPIRES +USED\n/)
  const line = stdout.split('\n').find((each) => each.startsWith(key.id)) ?? ''
  assert.match(line, / expiring +\S+ +2999-12-31T10:00:00\.000Z +-$/)
})

test('revoking a key that the next start would use again prints a warning', async () => {
  const tenant = await world.tenant()
  const key = await makeKey(tenant)
  const settings = { DATABASE_URL: urlOf(testConnection()), BURSAR_API_KEY: key.secret }
  const { code, stderr } = await runCli(['key', 'revoke', key.id], settings)
  assert.equal(code, 0)
  assert.match(stderr, /BURSAR_API_KEY still has its secret/)
})

test('a key has expired at the instant of its expiry, and a revoked key stays revoked', () => {
  const key: ApiKey = {
    keyId: '',
    environmentKey: '',
    name: '',
    kind: 'full-access',
    origin: 'created',
    prefix: '',
    createdAt: 0,
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    isSession: false,
    makesUntil: null,
  }
  assert.equal(keyState(key, 10), 'active')
  assert.equal(keyState({ ...key, expiresAt: 11 }, 10), 'expiring')
  assert.equal(keyState({ ...key, expiresAt: 10 }, 10), 'expired')
  assert.equal(keyState({ ...key, expiresAt: 10, revokedAt: 5 }, 7), 'revoked')
})
