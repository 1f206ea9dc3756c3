import type { Instant } from '../kernel/clock.ts'
import type { ApiError } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Actor } from '../kernel/origin.ts'
import type { Scope } from '../kernel/scope.ts'

export const ENVIRONMENT_TYPES = ['DEVELOPMENT', 'SANDBOX', 'PRODUCTION'] as const
export type EnvironmentType = (typeof ENVIRONMENT_TYPES)[number]

/** A tenant. Environments share nothing. */
export type Environment = {
  environmentKey: Uuid
  accountId: string
  id: string
  displayName: string
  type: EnvironmentType
}

/** The kinds of keys that sessions may have: all that can read who they are. */
export const SESSION_KINDS = [
  'full-access',
  'read-only',
  'customers-write',
  'subscriptions-write',
  'coupons-write',
  'api-keys-write',
  'event-queue-read',
] as const
export type SessionKind = (typeof SESSION_KINDS)[number]

/**
 * What a key may do: everything, a predefined part of it, or what browsers need. See `permit.ts`.
 */
export const KEY_KINDS = [...SESSION_KINDS, 'publishable'] as const
export type KeyKind = (typeof KEY_KINDS)[number]

/** An API key without its secret, which is not stored. */
export type ApiKey = {
  keyId: Uuid
  environmentKey: Uuid
  name: string
  kind: KeyKind
  /** `configured`: from the variable or the key file. `created`: created on request. */
  origin: 'configured' | 'created'
  /** The first characters of the secret, by which a person can tell keys apart. */
  prefix: string
  createdAt: Instant
  /** Exclusive. Null: never. */
  expiresAt: Instant | null
  revokedAt: Instant | null
  /** The minute of the last use that a server has stored. */
  lastUsedAt: Instant | null
  /** Whether somebody got this key by signing in with a code. */
  isSession: boolean
  /** The latest expiry that keys of a session may have. Null: none; always for other keys. */
  makesUntil: Instant | null
}

/** A code with which somebody gets a session, once. Its text is not stored. */
export type SignInCode = {
  codeKey: Uuid
  environmentKey: Uuid
  /** The kind of the session's key. */
  kind: SessionKind
  maker: Actor
  createdAt: Instant
  /** Exclusive. */
  expiresAt: Instant
  usedAt: Instant | null
}

/** A new key with its secret. The secret is known only now. */
export type KeyWithSecret = ApiKey & { secret: string }

export type NewKey = {
  kind: KeyKind
  name: string
  /** Exclusive. Null or absent: never. */
  expiresAt?: Instant | null
}

/** How an environment verifies customer tokens. */
export type SigningConfig = {
  /** The sealed secret. */
  stored: string
  /** Whether publishable keys need a token. */
  isEnforced: boolean
  createdAt: Instant
}

export const UNKNOWN_DIMENSIONS = ['ignore', 'deny'] as const
/**
 * What happens to a dimension that names an unknown entity: it is ignored, or the request is
 * denied.
 */
export type UnknownDimensions = (typeof UNKNOWN_DIMENSIONS)[number]

/** Settings of an environment. */
export type Settings = {
  unknownDimensions: UnknownDimensions
  /**
   * Origins from which browsers may write, besides the server's own. Ascending, without duplicates.
   */
  allowedOrigins: string[]
}

/** What an operation requires, as its file in the API document says: `customers:write`. */
export type Permission = string

export const ACCOUNT_ROLES = ['OWNER', 'MEMBER'] as const
export type AccountRole = (typeof ACCOUNT_ROLES)[number]

export const ENVIRONMENT_ROLES = ['ADMIN', 'SUPPORT', 'VIEWER', 'NONE'] as const
export type EnvironmentRole = (typeof ENVIRONMENT_ROLES)[number]

/** A member, as one environment of the account sees them. */
export type Member = {
  userId: string
  accountRole: AccountRole
  /** The role in the environment. An owner is an administrator. */
  role: EnvironmentRole
  createdAt: Instant
}

/** A person of an account, identified by the subject of their token. */
export type AccountMember = {
  accountId: string
  userId: string
  role: AccountRole
  /** By environment id. An owner is an administrator everywhere, regardless of this. */
  environments: Readonly<Record<string, EnvironmentRole>>
  createdAt: Instant
}

/** Who calls, after authentication. */
export type Caller = {
  readonly actor: Actor
  readonly role: KeyKind | EnvironmentRole
  /** When the credential expires, exclusive. Null: never. */
  readonly expiresAt: Instant | null
  /** The environment of the request, or a 404 if a person named none of theirs. */
  readonly scope: Scope | ApiError
  /** The id of the customer that a token restricts the request to, or null. */
  readonly customerId: string | null
  /** Origins from which browsers may write, besides the server's own. */
  readonly allowedOrigins: readonly string[]
}

/** The credentials of a request. If there are both an API key and a token, the key counts. */
export type Credentials = {
  readonly apiKey: string | undefined
  readonly authorization: string | undefined
  readonly accountId: string | undefined
  readonly environmentId: string | undefined
  /** A customer token, which is sent together with an API key. */
  readonly customerKey: string | undefined
  /** Whether a person may leave out the environment. Then one of theirs is used. */
  readonly defaultsEnvironment: boolean
}
