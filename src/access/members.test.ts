import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ACCEPTS_PERSONS,
  addMember,
  type Credential,
  personOf,
} from '../../test/support/persons.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { replacedBy } from '../events/what-changed.ts'
import { createEnvironment } from './environment-commands.ts'
import { createKey } from './key-commands.ts'
import { putMember, removeMember } from './member-commands.ts'
import { listMembers } from './member-store.ts'
import type { AccountRole, EnvironmentRole } from './types.ts'

const LIST = 'v1.members.list'
const GET = 'v1.members.retrieve'
const PUT = 'v1.members.upsert'
const REMOVE = 'v1.members.remove'
const FORBIDDEN = { status: 403, code: 'IdentityForbidden' }
const LAST = { status: 400, code: 'IntegrityViolation', message: /is the last owner/ }

/** Two servers over one database. */
const [world, other] = [await openWorld(ACCEPTS_PERSONS), await openWorld(ACCEPTS_PERSONS)]
const { app } = world.bursar

type Changes = { before: unknown; after: unknown }[]

/** Returns the events of an environment about its members, oldest first. */
const toldOf = async (tenant: Tenant): Promise<Changes> => {
  const query = { type: 'member.updated,member.removed' }
  const { data } = await tenant.ok('v1.audit.list', { query })
  return data.map(({ before, after }) => ({ before, after })).toReversed()
}

const put = (tenant: Tenant, environments: Record<string, EnvironmentRole>, userId = 'ann') =>
  addMember(app, tenant, { userId, environments })
const remove = (tenant: Tenant) => removeMember(app, { accountId: tenant.id, userId: 'ann' })
const shown = (role: EnvironmentRole, userId = 'ann', accountRole: AccountRole = 'MEMBER') => ({
  userId,
  accountRole,
  role,
  createdAt: new Date(world.clock.now()).toISOString(),
})

/** Makes somebody an owner, and returns their credential. */
async function ownerOf(tenant: Tenant, name = 'owner'): Promise<Credential> {
  const userId = `${name} of ${tenant.id}`
  await addMember(app, tenant, { userId, role: 'OWNER' })
  return personOf(userId, { 'x-environment-id': tenant.id })
}

async function personWith(tenant: Tenant, role: EnvironmentRole): Promise<Credential> {
  await put(tenant, { [tenant.id]: role }, `${role} of ${tenant.id}`)
  return personOf(`${role} of ${tenant.id}`, { 'x-environment-id': tenant.id })
}

/** Creates another environment in the account of a tenant. */
async function beside(tenant: Tenant): Promise<Tenant> {
  const id = `${tenant.id}-other`
  const { environmentKey } = await createEnvironment(app, { id, accountId: tenant.id })
  const scope = { environmentKey }
  const key = (await createKey(app, scope, { kind: 'full-access', name: 'own' })).secret
  const own: Tenant = {
    ...tenant,
    id,
    scope,
    key,
    call: (operation, request) => tenant.call(operation, { apiKey: key, ...request }),
    ok: (operation, request) => tenant.ok(operation, { apiKey: key, ...request }),
    refused: (operation, request, refusal) =>
      tenant.refused(operation, { apiKey: key, ...request }, refusal),
  }
  return own
}

const idsOf = async (tenant: Tenant) => (await tenant.ok(LIST)).data.map(({ userId }) => userId)

test('the log of an environment shows changes of a member in that environment only', async () => {
  const tenant = await world.tenant()
  const second = await beside(tenant)
  await put(tenant, { [tenant.id]: 'VIEWER' })
  await put(tenant, { [tenant.id]: 'SUPPORT', [second.id]: 'ADMIN' })
  await remove(tenant)
  assert.deepEqual(await toldOf(tenant), [
    { before: null, after: shown('VIEWER') },
    { before: replacedBy(shown('VIEWER'), shown('SUPPORT')), after: shown('SUPPORT') },
    { before: shown('SUPPORT'), after: null },
  ])
  assert.deepEqual(await toldOf(second), [
    { before: null, after: shown('NONE') },
    { before: replacedBy(shown('NONE'), shown('ADMIN')), after: shown('ADMIN') },
    { before: shown('ADMIN'), after: null },
  ])
})

test('a request that changes nothing or is refused publishes no event', async () => {
  const tenant = await world.tenant()
  await put(tenant, { [tenant.id]: 'VIEWER' })
  await put(tenant, { [tenant.id]: 'VIEWER' })
  await put(tenant, {})
  const params = { userId: 'ann' }
  await tenant.ok(PUT, { params, body: { role: 'VIEWER' } })
  await tenant.ok(REMOVE, { params: { userId: 'nobody' } })
  const elsewhere = put(tenant, { [tenant.id]: 'ADMIN', nowhere: 'ADMIN' })
  await assert.rejects(elsewhere, { status: 404, code: 'EnvironmentMissing' })
  await tenant.refused(PUT, { params, body: { role: 'ADMIN', accountRole: 'OWNER' } }, FORBIDDEN)
  assert.deepEqual(await toldOf(tenant), [{ before: null, after: shown('VIEWER') }])
})

test('a role in an environment of another account cannot be given', async () => {
  const [mine, theirs] = [await world.tenant(), await world.tenant()]
  const refused = { status: 404, code: 'EnvironmentMissing' }
  await assert.rejects(put(mine, { [theirs.id]: 'ADMIN' }), refused)
  assert.deepEqual(await listMembers(app.db.read, mine.id), [])
})

test('an unknown account or member is a 404', async () => {
  const tenant = await world.tenant()
  await assert.rejects(remove(tenant), { status: 404, code: 'MemberNotFound' })
  const nowhere = { accountId: 'nowhere', userId: 'ann' }
  const unknown = { status: 404, code: 'AccountNotFoundError' }
  await assert.rejects(removeMember(app, nowhere), unknown)
  await assert.rejects(putMember(app, { ...nowhere, role: 'OWNER', environments: {} }), unknown)
  const params = { userId: 'ann' }
  await tenant.refused(GET, { params }, { status: 404, code: 'MemberNotFound' })
})

test('removing a member leaves no role, even if a role is given at the same time', async () => {
  const tenant = await world.tenant()
  for (let round = 0; round < 20; round += 1) {
    await put(tenant, {})
    await Promise.all([put(tenant, { [tenant.id]: 'ADMIN' }), remove(tenant)])
    await remove(tenant).catch((error) => assert.equal(error.code, 'MemberNotFound'))
    await put(tenant, {})
    const [member] = await listMembers(app.db.read, tenant.id)
    assert.deepEqual(member?.environments, {}, `round ${round}`)
    await remove(tenant)
  }
})

test('a member is added, changed and removed, and each again is the same', async () => {
  const tenant = await world.tenant()
  const params = { userId: 'ann' }
  for (const role of ['VIEWER', 'VIEWER', 'ADMIN', 'NONE', 'NONE'] as const) {
    const { data } = await tenant.ok(PUT, { params, body: { role } })
    assert.deepEqual(data, shown(role))
    assert.deepEqual((await tenant.ok(GET, { params })).data, shown(role))
    assert.deepEqual((await tenant.ok(LIST)).data, [shown(role)])
  }
  for (const _ of ['first', 'again'])
    assert.deepEqual((await tenant.ok(REMOVE, { params })).data, { userId: 'ann', isMember: false })
  assert.deepEqual(await idsOf(tenant), [])
})

test('members are listed newest first, page by page', async () => {
  const tenant = await world.tenant()
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const [index, name] of names.entries()) {
    world.clock.moveTo(world.clock.now() + index)
    await tenant.ok(PUT, { params: { userId: name }, body: { role: 'VIEWER' } })
  }
  // A change keeps the place.
  await tenant.ok(PUT, { params: { userId: 'a' }, body: { role: 'ADMIN' } })
  const first = await tenant.ok(LIST, { query: { limit: '2' } })
  const after = first.pagination.next ?? ''
  const second = await tenant.ok(LIST, { query: { limit: '2', after } })
  const before = second.pagination.prev ?? ''
  assert.deepEqual(
    [first, second, await tenant.ok(LIST, { query: { limit: '2', before } })].map(({ data }) =>
      data.map(({ userId }) => userId).join(''),
    ),
    ['ed', 'cb', 'ed'],
  )
})

test('ids are kept as they are, with every character that a token may have in its subject', async () => {
  const tenant = await world.tenant()
  const ids = [
    'https://id.example.com/users/7?x=1#y',
    'a b',
    '%2F',
    '..%2f..',
    '<img src=x onerror=alert(1)>',
    "'; drop table members; --",
    'é',
    'e\u0301',
    'ＡＢ\u202e',
    '€'.repeat(255),
    '{"userId":"ann"}',
    '__proto__',
  ]
  for (const userId of ids) await tenant.ok(PUT, { params: { userId }, body: { role: 'VIEWER' } })
  assert.deepEqual((await idsOf(tenant)).toSorted(), ids.toSorted())
  for (const userId of ids) {
    const person = await personOf(userId, { 'x-environment-id': tenant.id })
    const { data } = await tenant.ok('v1.whoami.retrieve', person)
    assert.deepEqual([data.actor.id, data.role], [userId, 'VIEWER'])
    await tenant.ok(REMOVE, { params: { userId } })
  }
  assert.deepEqual(await idsOf(tenant), [])
  for (const userId of ['x'.repeat(256), 'a\u0000b'])
    for (const [id, body] of [
      [PUT, { role: 'VIEWER' }],
      [REMOVE, undefined],
      [GET, undefined],
    ] as const) {
      const { status, refusal } = await tenant.call(id, { params: { userId }, body })
      assert.deepEqual([status, refusal?.field], [400, 'path:userId'])
    }
})

test('a key and an administrator give every role in their environment, but make no owner', async () => {
  const tenant = await world.tenant()
  const owner = await ownerOf(tenant)
  const administrator = await personWith(tenant, 'ADMIN')
  for (const caller of [{ apiKey: tenant.key }, administrator]) {
    const params = { userId: 'bob' }
    for (const role of ['ADMIN', 'SUPPORT', 'VIEWER', 'NONE'])
      await tenant.ok(PUT, { ...caller, params, body: { role } })
    const asOwner = { role: 'ADMIN', accountRole: 'OWNER' }
    await tenant.refused(PUT, { ...caller, params, body: asOwner }, FORBIDDEN)
    const ofOwner = { ...caller, params: { userId: `owner of ${tenant.id}` } }
    await tenant.refused(PUT, { ...ofOwner, body: { role: 'ADMIN' } }, FORBIDDEN)
    const lesser = { role: 'VIEWER', accountRole: 'MEMBER' }
    await tenant.refused(PUT, { ...ofOwner, body: lesser }, FORBIDDEN)
    await tenant.refused(REMOVE, ofOwner, FORBIDDEN)
    // Nor themselves.
    const self = { ...administrator, params: { userId: `ADMIN of ${tenant.id}` } }
    await tenant.refused(PUT, { ...self, body: asOwner }, FORBIDDEN)
    await tenant.ok(PUT, { ...owner, params, body: asOwner })
    await tenant.ok(REMOVE, { ...owner, params })
  }
})

test('the last owner stays, also if two owners end their ownerships at the same time', async () => {
  const tenant = await world.tenant()
  const [one, two] = ['one', 'two'].map((name) => ({ userId: `${name} of ${tenant.id}` })) as [
    { userId: string },
    { userId: string },
  ]
  const first = { ...(await ownerOf(tenant, 'one')), params: one }
  const second = { ...(await ownerOf(tenant, 'two')), params: two }
  const lesser = { role: 'ADMIN', accountRole: 'MEMBER' }
  await tenant.refused(
    PUT,
    { ...first, body: { role: 'VIEWER' } },
    { status: 400, code: 'BadUserInput', message: /^role: an owner is an administrator/ },
  )
  const answers = await Promise.all([
    tenant.call(PUT, { ...first, body: lesser }),
    tenant.through(other).call(REMOVE, second),
  ])
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 400])
  const { data } = await tenant.ok(LIST)
  const last = data.filter(({ accountRole }) => accountRole === 'OWNER')
  assert.equal(last.length, 1)
  const params = { userId: last[0]?.userId ?? '' }
  const caller = await personOf(params.userId, { 'x-environment-id': tenant.id })
  await tenant.refused(REMOVE, { ...caller, params }, LAST)
  await tenant.refused(PUT, { ...caller, params, body: lesser }, LAST)
})

test('rights end with a removal at once, on every server', async () => {
  const tenant = await world.tenant()
  const servers = [tenant, tenant.through(other)]
  const params = { userId: `ADMIN of ${tenant.id}` }
  for (const [remover, server] of [
    [tenant, tenant.through(other)],
    [tenant.through(other), tenant],
  ] as const) {
    const person = await personWith(tenant, 'ADMIN')
    for (const each of servers) await each.ok('v1.customers.list', person)
    const code = await tenant.ok('v1.signInCodes.create', { ...person, body: {} })
    await remover.ok(PUT, { params, body: { role: 'SUPPORT' } })
    await server.refused('v1.audit.list', person, FORBIDDEN)
    await server.ok('v1.customers.list', person)
    await remover.ok(REMOVE, { params })
    for (const each of servers) await each.refused('v1.customers.list', person, FORBIDDEN)
    const exchange = { body: { code: code.data.code }, apiKey: null }
    const refused = { status: 401, code: 'Unauthenticated' }
    await server.refused('v1.signInCodes.exchange', exchange, refused)
  }
})

test('an environment neither shows nor changes roles in another one of its account', async () => {
  const tenant = await world.tenant()
  const second = await beside(tenant)
  const params = { userId: 'ann' }
  await tenant.ok(PUT, { params, body: { role: 'VIEWER' } })
  await second.ok(PUT, { params, body: { role: 'ADMIN' } })
  assert.deepEqual((await tenant.ok(LIST)).data, [shown('VIEWER')])
  assert.deepEqual((await second.ok(LIST)).data, [shown('ADMIN')])
  assert.deepEqual((await tenant.ok(REMOVE, { params })).data, { userId: 'ann', isMember: true })
  assert.deepEqual((await tenant.ok(GET, { params })).data, shown('NONE'))
  assert.deepEqual((await second.ok(GET, { params })).data, shown('ADMIN'))
  const last = await second.ok(REMOVE, { params })
  assert.deepEqual(last.data, { userId: 'ann', isMember: false })
  assert.deepEqual((await tenant.ok(LIST)).data, [])
})

test('an owner removes a member from the account, with the roles in all environments', async () => {
  const tenant = await world.tenant()
  const second = await beside(tenant)
  const owner = await ownerOf(tenant)
  const params = { userId: 'ann' }
  for (const each of [tenant, second]) await each.ok(PUT, { params, body: { role: 'ADMIN' } })
  const { data } = await tenant.ok(REMOVE, { ...owner, params })
  assert.deepEqual(data, { userId: 'ann', isMember: false })
  await second.refused(GET, { params }, { status: 404, code: 'MemberNotFound' })
  await put(tenant, {})
  assert.deepEqual((await second.ok(GET, { params })).data, shown('NONE'))
})

test('a removal from one account leaves the membership in another one', async () => {
  const [mine, theirs] = [await world.tenant(), await world.tenant()]
  const params = { userId: 'ann' }
  for (const each of [mine, theirs]) await each.ok(PUT, { params, body: { role: 'ADMIN' } })
  await mine.ok(REMOVE, { ...(await ownerOf(mine)), params })
  assert.deepEqual((await theirs.ok(GET, { params })).data, shown('ADMIN'))
})
