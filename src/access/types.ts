import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
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

export const KEY_KINDS = ['full-access', 'read-only', 'publishable'] as const
export type KeyKind = (typeof KEY_KINDS)[number]

/** An API key without its secret, which nobody can read again. */
export type ApiKey = {
  keyId: Uuid
  environmentKey: Uuid
  name: string
  kind: KeyKind
  /** The first characters of the secret, enough to tell keys apart. */
  prefix: string
  createdAt: Instant
  /** Exclusive. null: never. */
  expiresAt: Instant | null
  revokedAt: Instant | null
}

/** What an operation needs, as its contract file states it: `customers:write`. */
export type Permission = string

/** Who calls, once the credential has been checked. */
export type Caller = { readonly scope: Scope; readonly keyId: Uuid; readonly kind: KeyKind }
