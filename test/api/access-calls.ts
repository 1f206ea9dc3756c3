import { required } from '../../src/kernel/assert.ts'
import type { Tenant } from '../support/world.ts'

/** Placeholders for what `furnishAccess` creates. */
export const accessPath = { keyId: 'the-key', code: 'the-code' }

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
}

/** Creates a key and a sign-in code. */
export async function furnishAccess(tenant: Tenant, mark: string): Promise<void> {
  const { data } = await tenant.ok('v1.apiKeys.create', { body: key(`${mark}, furnished`) })
  tenant.made.set(accessPath.keyId, data.id)
  const { code } = (await tenant.ok('v1.signInCodes.create', { body: {} })).data
  tenant.made.set(accessPath.code, required(code, 'a new code'))
}

/** The keys that were made by calls, without what differs from key to key. */
export async function portraitOfAccess(tenant: Tenant): Promise<unknown[]> {
  const { data } = await tenant.ok('v1.apiKeys.list', { query: { limit: '100' } })
  return data
    .filter(({ name }) => !isOfTest(name))
    .map(({ prefix: _, lastUsedAt: __, ...shown }) => shown)
}

/** Whether `newKey` has made a key of this name. */
const isOfTest = (name: string): boolean => /^[a-z-]+ \d+$/.test(name)
