import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract } from '../../test/support/api-document.ts'
import { ACCEPTS_PERSONS, addMember, personOf, type Roles } from '../../test/support/persons.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { VERSION } from '../version.ts'
import { createEnvironment } from './environment-commands.ts'
import { createKey } from './key-commands.ts'
import { permits } from './permit.ts'
import { KEY_KINDS } from './types.ts'

const WHOAMI = 'v1.whoami.retrieve'
const world = await openWorld({
  ...ACCEPTS_PERSONS,
  BURSAR_MAX_ENTITY_DEPTH: '6',
  BURSAR_MAX_ATTRIBUTION_KEYS: '8',
  BURSAR_EVENT_RETENTION_DAYS: '30',
})
const { app } = world.bursar

/** Creates another environment in a tenant's account. */
const environmentBeside = ({ id }: Tenant, name: string) =>
  createEnvironment(app, {
    ...{ accountId: id, id: `${id}-${name}`, displayName: name, type: 'PRODUCTION' as const },
  })

/** Creates a member of a tenant's account with these roles. Returns the id of the person. */
async function member(tenant: Tenant, name: string, roles: Roles): Promise<string> {
  const userId = `${name} of ${tenant.id}`
  await addMember(app, tenant, { userId, ...roles })
  return userId
}

/** Returns the response to a person who sends these headers. */
const told = async (tenant: Tenant, userId: string, headers: Record<string, string> = {}) =>
  (await tenant.ok(WHOAMI, await personOf(userId, headers))).data

test('a key learns its name, kind, expiry, account and environment, and of no other environment', async () => {
  const tenant = await world.tenant()
  await environmentBeside(tenant, 'live')
  const expiresAt = world.clock.now() + 60_000
  const key = await createKey(app, tenant.scope, { kind: 'read-only', name: 'reports', expiresAt })
  const { data } = await tenant.ok(WHOAMI, { apiKey: key.secret })
  const environment = {
    accountId: tenant.id,
    id: tenant.id,
    displayName: tenant.id,
    type: 'DEVELOPMENT',
    role: 'read-only',
  }
  assert.deepEqual(
    { ...data, permissions: null, limits: null },
    {
      actor: { kind: 'API_KEY', id: key.keyId },
      name: 'reports',
      role: 'read-only',
      accountRole: null,
      expiresAt: new Date(expiresAt).toISOString(),
      permissions: null,
      account: { id: tenant.id, displayName: tenant.id },
      environment,
      environments: [environment],
      server: { version: VERSION, isTestClock: true },
      limits: null,
    },
  )
})

test('the permissions are those of the operations that the caller may use, for each kind of key', async () => {
  const tenant = await world.tenant()
  const all = [...new Set(contract.operations.flatMap(({ permission }) => permission ?? []))].sort()
  for (const kind of KEY_KINDS.filter((each) => each !== 'publishable')) {
    const { data } = await tenant.ok(WHOAMI, { apiKey: await tenant.newKey(kind) })
    const permitted = all.filter((permission) => permits(kind, permission))
    assert.deepEqual([data.role, data.permissions], [kind, permitted])
    assert.ok(permitted.includes('caller:read'))
  }
})

test('the limits are those of the API document and of the configuration', async () => {
  const tenant = await world.tenant()
  const list = contract.operations.find(({ id }) => id === 'v1.customers.list')
  const limit = list?.parameters.find(({ name }) => name === 'limit')?.schema
  const { data } = await tenant.ok(WHOAMI)
  assert.deepEqual(data.limits, {
    defaultPageSize: limit?.default,
    maxPageSize: limit?.maximum,
    maxBodyBytes: 1_048_576,
    maxEntityDepth: 6,
    maxAttributionKeys: 8,
    eventRetentionDays: 30,
  })
})

test('a person learns the environments of all their accounts in which they have a role', async () => {
  const [tenant, other] = [await world.tenant(), await world.tenant()]
  const live = await environmentBeside(tenant, 'live')
  const closed = await environmentBeside(tenant, 'closed')
  await environmentBeside(tenant, 'unnamed')
  const userId = await member(tenant, 'ann', {
    environments: { [live.id]: 'SUPPORT', [tenant.id]: 'VIEWER', [closed.id]: 'NONE' },
  })
  await addMember(app, other, { userId, role: 'OWNER' })
  const data = await told(tenant, userId, { 'x-environment-id': live.id })
  assert.deepEqual([data.actor, data.name], [{ kind: 'USER', id: userId }, null])
  assert.deepEqual([data.role, data.accountRole, data.account.id], ['SUPPORT', 'MEMBER', tenant.id])
  assert.deepEqual([data.environment.id, data.environment.type], [live.id, 'PRODUCTION'])
  assert.ok(Date.parse(data.expiresAt ?? '') > Date.now())
  assert.deepEqual(
    data.environments.map(({ accountId, id, role }) => [accountId, id, role]),
    [
      [tenant.id, tenant.id, 'VIEWER'],
      [tenant.id, live.id, 'SUPPORT'],
      [other.id, other.id, 'ADMIN'],
    ],
  )
})

test('a person who names no environment learns of the oldest one in which they have a role', async () => {
  const tenant = await world.tenant()
  const live = await environmentBeside(tenant, 'live')
  const staging = await environmentBeside(tenant, 'staging')
  const ann = await member(tenant, 'ann', {
    environments: { [staging.id]: 'VIEWER', [live.id]: 'SUPPORT' },
  })
  assert.equal((await told(tenant, ann)).environment.id, live.id)
  const owner = await member(tenant, 'owner', { role: 'OWNER' })
  const data = await told(tenant, owner)
  assert.deepEqual(
    [data.environment.id, data.role, data.accountRole],
    [tenant.id, 'ADMIN', 'OWNER'],
  )
  const nobody = await member(tenant, 'nobody', { environments: { [live.id]: 'NONE' } })
  const refusal = { status: 404, code: 'EnvironmentMissing', message: /no role in any/ }
  await tenant.refused(WHOAMI, await personOf(nobody), refusal)
})

test('a member without a role in the environment learns that, and which others they may open', async () => {
  const tenant = await world.tenant()
  const live = await environmentBeside(tenant, 'live')
  const ann = await member(tenant, 'ann', { environments: { [live.id]: 'VIEWER' } })
  const data = await told(tenant, ann, { 'x-environment-id': tenant.id })
  assert.deepEqual([data.role, data.permissions], ['NONE', ['caller:read']])
  assert.deepEqual(
    data.environments.map(({ id }) => id),
    [live.id],
  )
})
