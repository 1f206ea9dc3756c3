import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ENVIRONMENT_ROLES, KEY_KINDS, putMember } from '../../src/access/index.ts'
import type { OperationId } from '../../src/api.gen.ts'
import { required } from '../../src/kernel/assert.ts'
import { contract } from '../support/api-document.ts'
import { ACCEPTS_PERSONS, type Credential, personOf } from '../support/persons.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import { calls, writesNothing } from './calls.ts'
import { furnishIn } from './furnish.ts'
import { portrait } from './portrait.ts'

/** Each kind of caller calls each operation. */

const world = await openWorld(ACCEPTS_PERSONS)

const CALLERS = [...KEY_KINDS, 'OWNER', ...ENVIRONMENT_ROLES] as const
type Kind = (typeof CALLERS)[number]
type Access = Partial<Record<Kind, 'read' | 'write'>>

const EVERYWHERE: Access = {
  'full-access': 'write',
  'read-only': 'read',
  OWNER: 'write',
  ADMIN: 'write',
  VIEWER: 'read',
}

/** Who may do what, by resource, independent of the code. Others may do nothing. */
const ACCESS: Readonly<Record<string, Access>> = {
  customers: { ...EVERYWHERE, 'customers-write': 'write', SUPPORT: 'write' },
  integrations: { ...EVERYWHERE, 'customers-write': 'write', SUPPORT: 'write' },
  entities: { ...EVERYWHERE, SUPPORT: 'write' },
  entityTypes: { ...EVERYWHERE, SUPPORT: 'read' },
  assignments: { ...EVERYWHERE, SUPPORT: 'write' },
  governance: { ...EVERYWHERE, SUPPORT: 'read' },
  features: { ...EVERYWHERE, SUPPORT: 'read' },
  customCurrencies: { ...EVERYWHERE, SUPPORT: 'read' },
  products: { ...EVERYWHERE, SUPPORT: 'read' },
  plans: { ...EVERYWHERE, SUPPORT: 'read' },
  addons: { ...EVERYWHERE, SUPPORT: 'read' },
  catalog: EVERYWHERE,
  subscriptions: { ...EVERYWHERE, 'subscriptions-write': 'write', SUPPORT: 'write' },
  tasks: { ...EVERYWHERE, 'subscriptions-write': 'read', SUPPORT: 'read' },
  entitlements: { ...EVERYWHERE, SUPPORT: 'read', publishable: 'read' },
  usage: { ...EVERYWHERE, SUPPORT: 'read' },
  audit: EVERYWHERE,
  environments: EVERYWHERE,
  members: EVERYWHERE,
  apiKeys: { ...EVERYWHERE, 'api-keys-write': 'write' },
  caller: {
    ...EVERYWHERE,
    'customers-write': 'read',
    'subscriptions-write': 'read',
    'coupons-write': 'read',
    'api-keys-write': 'read',
    'event-queue-read': 'read',
    SUPPORT: 'read',
    NONE: 'read',
  },
  events: { ...EVERYWHERE, 'event-queue-read': 'read' },
}

/** Makes a caller known to an environment. Returns what signs its requests: tokens expire. */
async function callerOf(tenant: Tenant, kind: Kind): Promise<() => Promise<Credential>> {
  const key = KEY_KINDS.find((each) => each === kind)
  if (key !== undefined) {
    const apiKey = await tenant.newKey(key)
    return async () => ({ apiKey })
  }
  const role = ENVIRONMENT_ROLES.find((each) => each === kind)
  const userId = `${kind} of ${tenant.id}`
  await putMember(world.bursar.app, {
    accountId: tenant.id,
    userId,
    role: role === undefined ? 'OWNER' : 'MEMBER',
    environments: role === undefined ? {} : { [tenant.id]: role },
  })
  return () => personOf(userId, { 'x-environment-id': tenant.id })
}

const furnished = () => furnishIn(world, 'mark')
/** For calls that write nothing: to furnish an environment takes two dozen of them. */
const unwritten = await furnished()
const callers = new Map<Kind, () => Promise<Credential>>()
for (const kind of CALLERS) callers.set(kind, await callerOf(unwritten, kind))
const credentialOf = (kind: Kind) => required(callers.get(kind), kind)()
/** Of another account. */
const foreignTenant = await world.tenant()
/** What `unwritten` must show after every test. */
const look = await portrait(unwritten)

type Row = { caller: string; status: number; code: string | null }

for (const operation of contract.operations) {
  const { id: name, primaryId, permission, successStatus, defaultsEnvironment } = operation
  // Whoever has a sign-in code may exchange it; tests of `src/access` say so.
  if (permission === null) continue
  const id = primaryId as OperationId
  const [resource = '', verb] = permission.split(':')
  const call = async (tenant: Tenant, caller: string, credential: Credential): Promise<Row> => {
    const request = { ...calls[id]('mark'), ...credential, twin: name !== primaryId }
    const { status, refusal } = await tenant.call(id, request)
    return { caller, status, code: refusal?.code ?? null }
  }

  test(`${name}: each kind of caller has the access that the table says`, async () => {
    const access = ACCESS[resource]
    assert.ok(access, `say in ACCESS who may read and write ${resource}`)
    const may = (kind: Kind) => access[kind] === 'write' || access[kind] === verb
    const shared = writesNothing(id) ? unwritten : verb === 'read' ? await furnished() : null
    for (const kind of CALLERS.filter(may)) {
      // A call that writes would change the result of the next one.
      const own = shared ?? (await furnished())
      const sign = own === unwritten ? () => credentialOf(kind) : await callerOf(own, kind)
      const row = await call(own, kind, await sign())
      assert.deepEqual(row, { caller: kind, status: successStatus, code: null })
    }
    for (const kind of CALLERS.filter((each) => !may(each)))
      assert.deepEqual(await call(unwritten, kind, await credentialOf(kind)), {
        caller: kind,
        status: 403,
        code: 'IdentityForbidden',
      })
    assert.equal(await portrait(unwritten), look)
  })

  test(`${name}: a caller without access gets the documented error and changes nothing`, async () => {
    const { authorization = '' } = (await credentialOf('OWNER')).headers ?? {}
    const foreign = { 'x-environment-id': foreignTenant.id }
    const as = (headers: Record<string, string>) => ({
      apiKey: null,
      headers: { authorization, ...headers },
    })
    const rows: [Row, Credential][] = [
      [{ caller: 'nobody', status: 401, code: 'Unauthenticated' }, { apiKey: null }],
      [{ caller: 'an unknown key', status: 401, code: 'Unauthenticated' }, { apiKey: 'server-x' }],
      [
        { caller: 'a bad token', status: 401, code: 'Unauthenticated' },
        { apiKey: null, headers: { authorization: `${authorization}x` } },
      ],
      [
        { caller: 'a person of no account', status: 403, code: 'IdentityForbidden' },
        await personOf(`stranger to ${unwritten.id}`, { 'x-environment-id': unwritten.id }),
      ],
      [
        { caller: 'an unknown environment', status: 404, code: 'EnvironmentMissing' },
        as({ 'x-environment-id': 'nowhere' }),
      ],
      [{ caller: 'a foreign environment', status: 404, code: 'EnvironmentMissing' }, as(foreign)],
      [
        { caller: 'an unknown account', status: 404, code: 'AccountNotFoundError' },
        as({ 'x-environment-id': unwritten.id, 'x-account-id': 'nowhere' }),
      ],
      [
        { caller: 'a foreign account', status: 404, code: 'AccountNotFoundError' },
        as({ ...foreign, 'x-account-id': foreign['x-environment-id'] }),
      ],
    ]
    if (!defaultsEnvironment)
      rows.push([{ caller: 'no environment', status: 404, code: 'EnvironmentMissing' }, as({})])
    for (const [row, credential] of rows)
      assert.deepEqual(await call(unwritten, row.caller, credential), row)
    assert.equal(await portrait(unwritten), look)
  })
}

test('the table has no row for a resource that no operation requires', () => {
  const needed = contract.operations.flatMap(({ permission }) => permission?.split(':')[0] ?? [])
  assert.deepEqual(Object.keys(ACCESS).sort(), [...new Set(needed)].sort())
})
