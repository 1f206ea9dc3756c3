import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ACCEPTS_PERSONS,
  addMember,
  type Credential,
  personOf,
} from '../../test/support/persons.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { createEnvironment } from './environment-commands.ts'
import type { AccountRole, EnvironmentRole } from './types.ts'

const LIST = 'v1.environments.list'
const world = await openWorld(ACCEPTS_PERSONS)
const { app } = world.bursar

/** Creates a tenant whose account has these environments besides. Returns their ids. */
async function account(...names: string[]): Promise<{ tenant: Tenant; ids: string[] }> {
  const tenant = await world.tenant()
  const ids = names.map((name) => `${tenant.id}-${name}`)
  for (const id of ids) await createEnvironment(app, { id, accountId: tenant.id })
  return { tenant, ids: [tenant.id, ...ids] }
}

async function personWith(
  tenant: Tenant,
  environments: Record<string, EnvironmentRole>,
  role: AccountRole = 'MEMBER',
): Promise<Credential> {
  const userId = `${role} of ${tenant.id}`
  await addMember(app, tenant, { userId, role, environments })
  return personOf(userId, { 'x-environment-id': tenant.id })
}

/** Reads all pages of one row, forwards and back, and returns the ids of each direction. */
async function walk(tenant: Tenant, person: Credential): Promise<[string[], string[]]> {
  const page = async (cursor: object) =>
    tenant.ok(LIST, { ...person, query: { limit: '1', ...cursor } })
  const [forward, backward]: [string[], string[]] = [[], []]
  let last = await page({})
  forward.push(...last.data.map(({ id }) => id))
  while (last.pagination.next !== null) {
    last = await page({ after: last.pagination.next })
    forward.push(...last.data.map(({ id }) => id))
  }
  backward.push(...last.data.map(({ id }) => id))
  while (last.pagination.prev !== null) {
    last = await page({ before: last.pagination.prev })
    backward.push(...last.data.map(({ id }) => id))
  }
  return [forward, backward.toReversed()]
}

test('an owner pages through all environments of the account, the newest first', async () => {
  const { tenant, ids } = await account('a', 'b', 'c')
  const owner = await personWith(tenant, {}, 'OWNER')
  const [forward, backward] = await walk(tenant, owner)
  assert.deepEqual(forward, ids.toReversed())
  assert.deepEqual(backward, forward)
})

test('a member sees only the environments of the account where they have a role', async () => {
  const { tenant, ids } = await account('a', 'b', 'c')
  const [own, a, , c] = ids as [string, string, string, string]
  const person = await personWith(tenant, { [own]: 'NONE', [a]: 'VIEWER', [c]: 'ADMIN' })
  const elsewhere = await world.tenant()
  await addMember(app, elsewhere, { userId: `MEMBER of ${tenant.id}`, role: 'OWNER' })
  const { data } = await tenant.ok(LIST, person)
  assert.deepEqual(
    data.map(({ id, role, accountId, type }) => [id, role, accountId, type]),
    [
      [c, 'ADMIN', tenant.id, 'DEVELOPMENT'],
      [a, 'VIEWER', tenant.id, 'DEVELOPMENT'],
    ],
  )
  assert.deepEqual((await walk(tenant, person))[0], [c, a])
})

test('a key sees its own environment only, and a cursor of another one is unknown', async () => {
  const { tenant } = await account('a')
  const { data, pagination } = await tenant.ok(LIST)
  assert.deepEqual(
    [data.map(({ id, role }) => [id, role]), pagination],
    [[[tenant.id, 'full-access']], { next: null, prev: null }],
  )
  const owner = await personWith(tenant, {}, 'OWNER')
  const { next } = (await tenant.ok(LIST, { ...owner, query: { limit: '1' } })).pagination
  const refused = { status: 400, code: 'BadUserInput', message: /^after: / }
  await tenant.refused(LIST, { query: { after: next ?? '' } }, refused)
})

test('whoever may open an environment sees it in the list and in whoami alike', async () => {
  const { tenant, ids } = await account('a', 'b')
  const person = await personWith(tenant, { [ids[1] ?? '']: 'SUPPORT' })
  for (const caller of [{}, person, await personWith(tenant, {}, 'OWNER')]) {
    const { data } = await tenant.ok(LIST, caller)
    const { environments } = (await tenant.ok('v1.whoami.retrieve', caller)).data
    const byId = (one: { id: string }, two: { id: string }) => (one.id < two.id ? -1 : 1)
    assert.deepEqual(data.toSorted(byId), environments.toSorted(byId))
  }
})
