import { required } from '../../src/kernel/assert.ts'
import type { Tenant } from '../support/world.ts'

/** Placeholders for what `furnishAccess` creates. */
export const accessPath = { keyId: 'the-key', code: 'the-code', userId: 'the-person' }

const key = (mark: string) => ({ name: mark, kind: 'api-keys-write' })

/** The calls of operations about keys, members and environments; see `calls`. */
export const accessCalls = {
  'v1.whoami.retrieve': () => ({}),
  'v1.apiKeys.list': () => ({ query: { limit: '100' } }),
  'v1.apiKeys.create': (mark: string) => ({ body: key(mark) }),
  'v1.apiKeys.rotate': () => ({ params: accessPath, body: { grace: '24h' } }),
  'v1.apiKeys.revoke': () => ({ params: accessPath }),
  'v1.signInCodes.create': () => ({ body: { kind: 'api-keys-write' } }),
  'v1.signInCodes.exchange': (mark: string) => ({ body: { code: accessPath.code, name: mark } }),
  'v1.environments.list': () => ({ query: { limit: '100' } }),
  'v1.members.list': () => ({ query: { limit: '100' } }),
  'v1.members.retrieve': () => ({ params: accessPath }),
  'v1.members.upsert': () => ({
    params: accessPath,
    body: { role: 'ADMIN', accountRole: 'MEMBER' },
  }),
  'v1.members.remove': () => ({ params: accessPath }),
}

/** Creates a key, a sign-in code and a member. */
export async function furnishAccess(tenant: Tenant, mark: string): Promise<void> {
  const { data } = await tenant.ok('v1.apiKeys.create', { body: key(`${mark}, furnished`) })
  tenant.made.set(accessPath.keyId, data.id)
  const { code } = (await tenant.ok('v1.signInCodes.create', { body: {} })).data
  tenant.made.set(accessPath.code, required(code, 'a new code'))
  // A subject may have characters that separate the parts of a path or of a URL.
  const userId = `${mark}/?#%2F..`
  tenant.made.set(accessPath.userId, userId)
  await tenant.ok('v1.members.upsert', { params: { userId }, body: { role: 'SUPPORT' } })
}

/** The members, and the keys that were made by calls, without what differs from key to key. */
export async function portraitOfAccess(tenant: Tenant): Promise<unknown[]> {
  const { data } = await tenant.ok('v1.apiKeys.list', { query: { limit: '100' } })
  const keys = data
    .filter(({ name }) => !isOfTest(name))
    .map(({ prefix: _, lastUsedAt: __, ...shown }) => shown)
  return [keys, (await tenant.ok('v1.members.list', { query: { limit: '100' } })).data]
}

/** Whether `newKey` has made a key of this name. */
const isOfTest = (name: string): boolean => /^[a-z-]+ \d+$/.test(name)
