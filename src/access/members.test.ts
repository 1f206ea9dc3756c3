import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { replacedBy } from '../events/what-changed.ts'
import { createEnvironment } from './environment-commands.ts'
import { putMember, removeMember } from './member-commands.ts'
import { listMembers } from './member-store.ts'
import type { EnvironmentRole } from './types.ts'

const world = await openWorld()
const { app } = world.bursar

type Changes = { before: unknown; after: unknown }[]

/** Returns the events of an environment about its members, oldest first. */
const toldOf = async (tenant: Tenant): Promise<Changes> => {
  const query = { type: 'member.updated,member.removed' }
  const { data } = await tenant.ok('v1.audit.list', { query })
  return data.map(({ before, after }) => ({ before, after })).toReversed()
}

const put = (tenant: Tenant, environments: Record<string, EnvironmentRole>) =>
  putMember(app, { accountId: tenant.id, userId: 'ann', role: 'MEMBER', environments })
const remove = (tenant: Tenant) => removeMember(app, { accountId: tenant.id, userId: 'ann' })
const shown = (environmentRole: EnvironmentRole | null) => ({
  userId: 'ann',
  role: 'MEMBER',
  environmentRole,
})

test('the log of an environment shows changes of a member in that environment only', async () => {
  const tenant = await world.tenant()
  await createEnvironment(app, { id: `${tenant.id}-other`, accountId: tenant.id })
  await put(tenant, { [tenant.id]: 'VIEWER' })
  await put(tenant, { [tenant.id]: 'SUPPORT', [`${tenant.id}-other`]: 'ADMIN' })
  await remove(tenant)
  const changes = await toldOf(tenant)
  assert.deepEqual(changes, [
    { before: null, after: shown('VIEWER') },
    { before: replacedBy(shown('VIEWER'), shown('SUPPORT')), after: shown('SUPPORT') },
    { before: shown('SUPPORT'), after: null },
  ])
})

test('a request that changes nothing or is refused publishes no event', async () => {
  const tenant = await world.tenant()
  await put(tenant, { [tenant.id]: 'VIEWER' })
  await put(tenant, { [tenant.id]: 'VIEWER' })
  await put(tenant, {})
  const elsewhere = put(tenant, { [tenant.id]: 'ADMIN', nowhere: 'ADMIN' })
  await assert.rejects(elsewhere, { status: 404, code: 'EnvironmentMissing' })
  assert.deepEqual(await toldOf(tenant), [{ before: null, after: shown('VIEWER') }])
})

test('a role in an environment of another account cannot be given', async () => {
  const [mine, other] = [await world.tenant(), await world.tenant()]
  const refused = { status: 404, code: 'EnvironmentMissing' }
  await assert.rejects(put(mine, { [other.id]: 'ADMIN' }), refused)
  assert.deepEqual(await listMembers(app.db.read, mine.id), [])
})

test('an unknown account or member is a 404', async () => {
  const tenant = await world.tenant()
  await assert.rejects(remove(tenant), { status: 404, code: 'MemberNotFound' })
  const nowhere = { accountId: 'nowhere', userId: 'ann' }
  const unknown = { status: 404, code: 'AccountNotFoundError' }
  await assert.rejects(removeMember(app, nowhere), unknown)
  await assert.rejects(putMember(app, { ...nowhere, role: 'OWNER', environments: {} }), unknown)
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
