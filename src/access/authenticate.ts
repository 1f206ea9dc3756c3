import type { App } from '../app.ts'
import {
  type ApiError,
  forbidden,
  notFound,
  unauthenticated,
  unavailable,
} from '../kernel/errors.ts'
import { inHeader } from '../kernel/field.ts'
import type { Scope } from '../kernel/scope.ts'
import { customerOfToken } from './customer-token.ts'
import { cacheKeys, type KeyCache, type OpenedKey } from './key-cache.ts'
import { followKeyUses, type KeyUses } from './key-uses.ts'
import { findMembership, type Membership } from './member-store.ts'
import { roleOf } from './permit.ts'
import { hashOf } from './secret.ts'
import { refusedCode } from './sign-in-commands.ts'
import { findCode } from './sign-in-store.ts'
import { createTokenVerifier, type TokenVerifier } from './token.ts'
import type { Caller, Credentials } from './types.ts'

export type Authenticator = {
  /**
   * Returns who calls. 401 without a valid credential. 403 `IdentityForbidden` for a person who
   * belongs to no account. A missing or foreign account or environment is a 404 in `scope`, because
   * that error comes after the validation of the request.
   */
  authenticate(credentials: Credentials): Promise<Caller>
  /**
   * Returns who has made a sign-in code, in the environment of the code. 401 for an unknown or
   * expired code. A used code is accepted here: the request may repeat its exchange, which
   * finds that out itself.
   */
  authenticateCode(code: string): Promise<Caller>
  readonly keys: KeyCache
  readonly keyUses: KeyUses
  /** How often the key set could not be fetched since the start. */
  keySetFailures(): number
}

export function createAuthenticator(app: App): Authenticator {
  const keys = cacheKeys(app)
  const keyUses = followKeyUses(app)
  const tokens = createTokenVerifier(app.config.tokens, app.log)
  return {
    authenticateCode: (code) => callerOfCode(app, code),
    keys,
    keyUses,
    keySetFailures: tokens.keySetFailures,
    authenticate: async (credentials) => {
      const { apiKey, authorization } = credentials
      if (apiKey !== undefined && apiKey !== '') {
        const caller = await callerOfKey(keys, apiKey, credentials.customerKey)
        keyUses.note(caller.actor.id, app.clock.now())
        return caller
      }
      if (authorization === undefined || authorization === '')
        throw unauthenticated('send an API key in X-API-KEY, or a token in Authorization: Bearer')
      return callerOfToken(app, tokens, credentials)
    },
  }
}

async function callerOfCode(app: App, text: string): Promise<Caller> {
  const found = await findCode(app.db.read, hashOf(text))
  if (found === null || app.clock.now() >= found.code.expiresAt) throw refusedCode()
  const { code, allowedOrigins } = found
  return {
    actor: code.maker,
    role: code.kind,
    expiresAt: null,
    scope: { environmentKey: code.environmentKey },
    customerId: null,
    allowedOrigins,
  }
}

async function callerOfKey(
  keys: KeyCache,
  secret: string,
  token: string | undefined,
): Promise<Caller> {
  const key = await keys.find(secret)
  if (key === null) throw unauthenticated('the API key is unknown, expired or revoked')
  return {
    actor: { kind: 'API_KEY', id: key.keyId },
    role: key.kind,
    expiresAt: key.expiresAt,
    scope: { environmentKey: key.environmentKey },
    customerId: boundTo(key, token || null),
    allowedOrigins: key.allowedOrigins,
  }
}

/**
 * Returns the customer of a token. An environment without a signing secret cannot verify tokens and
 * ignores them.
 */
function boundTo({ kind, signing }: OpenedKey, token: string | null): string | null {
  if (signing === null) return null
  if (token === null && kind === 'publishable' && signing.isEnforced)
    throw unauthenticated('send a signed customer token in X-CUSTOMER-KEY with this key')
  if (token === null) return null
  if (signing.secret === null)
    throw unavailable('this server cannot decrypt the signing secret for X-CUSTOMER-KEY')
  const customerId = customerOfToken(token, signing.secret)
  if (customerId === null)
    throw unauthenticated('X-CUSTOMER-KEY is not signed with the secret of this environment')
  return customerId
}

const BEARER = /^Bearer +([^ ]+) *$/i

async function callerOfToken(
  app: App,
  tokens: TokenVerifier,
  { authorization, accountId, environmentId, defaultsEnvironment }: Credentials,
): Promise<Caller> {
  const token = BEARER.exec(authorization ?? '')?.[1]
  if (token === undefined) throw unauthenticated('Authorization must be: Bearer <token>')
  const { userId, expiresAt } = await tokens.verify(token)
  const named = {
    accountId: accountId || null,
    environmentId: environmentId || null,
    defaultsEnvironment,
  }
  const standing = await findMembership(app.db.read, { userId, ...named })
  if (standing === null && named.accountId === null)
    throw forbidden('you are not a member of any account')
  const scope = scopeOf(standing, named)
  return {
    actor: { kind: 'USER', id: userId },
    role: roleOf(standing),
    expiresAt,
    scope,
    customerId: null,
    allowedOrigins: standing?.allowedOrigins ?? [],
  }
}

const ACCOUNT = inHeader('X-ACCOUNT-ID')
const ENVIRONMENT = inHeader('X-ENVIRONMENT-ID')

/** An account that the person does not belong to looks like one that does not exist. */
function scopeOf(
  standing: Membership | null,
  named: { accountId: string | null; environmentId: string | null; defaultsEnvironment: boolean },
): Scope | ApiError {
  if (standing === null)
    return notFound(
      ACCOUNT,
      'AccountNotFoundError',
      `X-ACCOUNT-ID: account ${named.accountId} not found`,
    )
  const { environmentKey } = standing
  return environmentKey === null
    ? notFound(ENVIRONMENT, 'EnvironmentMissing', whyNoEnvironment(named))
    : { environmentKey }
}

function whyNoEnvironment(named: {
  environmentId: string | null
  defaultsEnvironment: boolean
}): string {
  if (named.environmentId !== null)
    return `X-ENVIRONMENT-ID: environment ${named.environmentId} not found in the account`
  return named.defaultsEnvironment
    ? 'you have no role in any environment of the account'
    : 'X-ENVIRONMENT-ID is required with a token'
}
