import type { Instant } from '../kernel/clock.ts'
import type { ApiError } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Actor } from '../kernel/origin.ts'
import type { Scope } from '../kernel/scope.ts'

export const ENVIRONMENT_TYPES = ['DEVELOPMENT', 'SANDBOX', 'PRODUCTION'] as const
export type EnvironmentType = (typeof ENVIRONMENT_TYPES)[number]

/** A tenant: nothing crosses from one environment to another. */
export type Environment = {
  environmentKey: Uuid
  accountId: string
  id: string
  displayName: string
  type: EnvironmentType
}

/** What a key may do: everything, a preset of it, or what a browser may. See `permit.ts`. */
export const KEY_KINDS = [
  'full-access',
  'read-only',
  'customers-write',
  'subscriptions-write',
  'coupons-write',
  'api-keys-write',
  'event-queue-read',
  'publishable',
] as const
export type KeyKind = (typeof KEY_KINDS)[number]

/** An API key without its secret, which nobody can read again. */
export type ApiKey = {
  keyId: Uuid
  environmentKey: Uuid
  name: string
  kind: KeyKind
  /** `configured`: the variable or the key file named it; `created`: made on request. */
  origin: 'configured' | 'created'
  /** The first characters of the secret, enough to tell keys apart. */
  prefix: string
  createdAt: Instant
  /** Exclusive. null: never. */
  expiresAt: Instant | null
  revokedAt: Instant | null
}

/** How an environment knows that a token was made by its vendor for a customer. */
export type SigningConfig = {
  /** Its secret as it is stored: sealed. */
  stored: string
  /** Whether a publishable key needs a token. */
  isEnforced: boolean
  createdAt: Instant
}

export const UNKNOWN_DIMENSIONS = ['ignore', 'deny'] as const
/** Of a dimension whose value names no entity: it counts for none, or makes a denial. */
export type UnknownDimensions = (typeof UNKNOWN_DIMENSIONS)[number]

/** What an environment chooses for itself. */
export type Settings = {
  unknownDimensions: UnknownDimensions
  /** The origins from which browsers may write, besides the server's own: ascending, each once. */
  allowedOrigins: string[]
}

/** What an operation needs, as its contract file states it: `customers:write`. */
export type Permission = string

export const ACCOUNT_ROLES = ['OWNER', 'MEMBER'] as const
export type AccountRole = (typeof ACCOUNT_ROLES)[number]

export const ENVIRONMENT_ROLES = ['ADMIN', 'SUPPORT', 'VIEWER', 'NONE'] as const
export type EnvironmentRole = (typeof ENVIRONMENT_ROLES)[number]

/** A person of an account, known by the subject of their token. */
export type Member = {
  accountId: string
  userId: string
  role: AccountRole
  /** By the id of the environment; an owner administers all, whatever stands here. */
  environments: Readonly<Record<string, EnvironmentRole>>
  createdAt: Instant
}

/** Who calls, once the credential has been checked. */
export type Caller = {
  readonly actor: Actor
  readonly role: KeyKind | EnvironmentRole
  /** The environment called, or the refusal (404) when a person named none that is theirs. */
  readonly scope: Scope | ApiError
  /** The customer that a token binds the request to, by its id; null: to none. */
  readonly customerId: string | null
  /** From where browsers may write, besides from this server. */
  readonly allowedOrigins: readonly string[]
}

/** What a request says of who sends it. Of both credentials the API key wins. */
export type Credentials = {
  readonly apiKey: string | undefined
  readonly authorization: string | undefined
  readonly accountId: string | undefined
  readonly environmentId: string | undefined
  /** A customer token, which goes with an API key. */
  readonly customerKey: string | undefined
}
