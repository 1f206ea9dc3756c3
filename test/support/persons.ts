import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { putMember } from '../../src/access/index.ts'
import type { AccountRole, EnvironmentRole } from '../../src/access/types.ts'
import type { App } from '../../src/app.ts'
import type { Request } from './contract-client.ts'
import type { Tenant } from './world.ts'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** The variables of a server that accepts the tokens of `personOf`. */
export const ACCEPTS_PERSONS = {
  BURSAR_JWT_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  BURSAR_JWT_ANY_AUDIENCE: '1',
}

/** What a request has of its caller. */
export type Credential = Pick<Request, 'apiKey' | 'headers'>

/** Returns the credential of a person with headers beside it. The token is valid for 5 minutes. */
export async function personOf(
  userId: string,
  headers: Record<string, string> = {},
): Promise<Credential> {
  const token = await new SignJWT({ sub: userId })
    .setProtectedHeader({ alg: 'ES256' })
    .setExpirationTime('5 minutes')
    .sign(privateKey)
  return { apiKey: null, headers: { authorization: `Bearer ${token}`, ...headers } }
}

/** What a member may do in the account, and in each of its environments. */
export type Roles = { role?: AccountRole; environments?: Record<string, EnvironmentRole> }

/** Makes a person a member of a tenant's account, without rights if no roles are given. */
export const addMember = (
  app: App,
  { id: accountId }: Tenant,
  { userId, role = 'MEMBER', environments = {} }: Roles & { userId: string },
): Promise<void> => putMember(app, { accountId, userId, role, environments })
