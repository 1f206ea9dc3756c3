import type {
  ApiKeyCreateRequestBody,
  ApiKey as ApiKeyWire,
  ApiKeyWithSecret,
  Caller as CallerWire,
  Member as MemberWire,
  SignInCode as SignInCodeWire,
} from '../api.gen.ts'
import type { App } from '../app.ts'
import { BODY_LIMIT } from '../config.ts'
import { assert } from '../kernel/assert.ts'
import { instantFromWire, instantOrNullToWire, instantToWire } from '../kernel/clock.ts'
import { PAGE_LIMITS } from '../kernel/page.ts'
import { VERSION } from '../version.ts'
import { permissionsOf } from './permit.ts'
import type { CallerProfile } from './queries.ts'
import type { ApiKey, KeyWithSecret, Member, NewKey, SignInCode } from './types.ts'

/** A key as the API and its events show it: without its secret. */
export const apiKeyToWire = (key: ApiKey): ApiKeyWire => ({
  id: key.keyId,
  name: key.name,
  kind: key.kind,
  origin: key.isSession ? 'sign-in' : key.origin,
  prefix: key.prefix,
  createdAt: instantToWire(key.createdAt),
  expiresAt: instantOrNullToWire(key.expiresAt),
  revokedAt: instantOrNullToWire(key.revokedAt),
  lastUsedAt: instantOrNullToWire(key.lastUsedAt),
})

export const secretToWire = (key: KeyWithSecret): ApiKeyWithSecret => ({
  ...apiKeyToWire(key),
  secret: key.secret,
})

export const newKeyFromWire = ({ name, kind, expiresAt }: ApiKeyCreateRequestBody): NewKey => ({
  name,
  kind,
  ...(expiresAt === undefined
    ? {}
    : { expiresAt: expiresAt === null ? null : instantFromWire(expiresAt) }),
})

/** A code as its events show it: without its text. */
export const signInCodeToWire = (code: SignInCode): Omit<SignInCodeWire, 'code'> => ({
  id: code.codeKey,
  kind: code.kind,
  createdAt: instantToWire(code.createdAt),
  expiresAt: instantToWire(code.expiresAt),
})

/** A member as the API and its events show them. */
export const memberToWire = ({ userId, accountRole, role, createdAt }: Member): MemberWire => ({
  userId,
  accountRole,
  role,
  createdAt: instantToWire(createdAt),
})

export function callerToWire({ config, clock }: App, caller: CallerProfile): CallerWire {
  const { actor, environment } = caller
  const { kind, id } = actor
  assert(kind === 'API_KEY' || kind === 'USER', 'a request comes from a key or a person')
  return {
    actor: { kind, id },
    name: caller.name,
    role: environment.role,
    accountRole: caller.accountRole,
    expiresAt: instantOrNullToWire(caller.expiresAt),
    permissions: permissionsOf(environment.role),
    account: { id: environment.accountId, displayName: caller.accountName },
    environment,
    environments: caller.environments,
    server: { version: VERSION, isTestClock: clock.isTest },
    limits: {
      defaultPageSize: PAGE_LIMITS.default,
      maxPageSize: PAGE_LIMITS.max,
      maxBodyBytes: BODY_LIMIT,
      maxEntityDepth: config.maxEntityDepth,
      maxAttributionKeys: config.maxAttributionKeys,
      eventRetentionDays: config.eventRetentionDays,
    },
  }
}
