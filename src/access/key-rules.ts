import type { Instant } from '../kernel/clock.ts'
import { instantToWire } from '../kernel/clock.ts'
import { badInput, forbidden } from '../kernel/errors.ts'
import { inPath } from '../kernel/field.ts'
import { covers } from './permit.ts'
import type { ApiKey, Caller, KeyKind } from './types.ts'

const HOUR_MS = 3_600_000

/** How long the old secret of a rotated key may work, in milliseconds. */
export const GRACES = {
  now: 0,
  '1h': HOUR_MS,
  '24h': 24 * HOUR_MS,
  '3d': 72 * HOUR_MS,
  '7d': 168 * HOUR_MS,
} as const
export type Grace = keyof typeof GRACES

/** Returns whether a key is valid at `now`. */
export const isLive = (key: ApiKey, now: Instant): boolean =>
  key.revokedAt === null && (key.expiresAt === null || now < key.expiresAt)

/** What a caller may pass on to others. */
export type Authority = {
  role: Caller['role']
  /** Whether the caller is an owner of the account, or runs commands on the server's machine. */
  isOwner: boolean
  /** The latest expiry that keys of the caller may have. Null: they need not expire. */
  makesUntil: Instant | null
}

/**
 * Returns the latest expiry of the keys that this key makes. Null: they need not expire.
 * For a session, it is that of the maker of its code.
 */
export const makesUntilOf = (key: ApiKey): Instant | null =>
  key.isSession ? key.makesUntil : key.expiresAt

/**
 * 403 if a key would get more than its maker has: a permission that the maker lacks, or a longer
 * life.
 */
export function refuseBeyond(
  { role, makesUntil }: Authority,
  given: { kind: KeyKind; expiresAt: Instant | null },
): void {
  if (!covers(role, given.kind))
    throw forbidden(
      `kind: ${role} may not create a key of the kind ${given.kind}, which permits more`,
    )
  if (makesUntil === null || (given.expiresAt !== null && given.expiresAt <= makesUntil)) return
  throw forbidden(
    `expiresAt: keys that you create may live until ${instantToWire(makesUntil)} at most`,
  )
}

/**
 * 400 `IntegrityViolation` if no other full-access key would stay in the environment of `key`. If
 * `key` never expires, the one that stays must never expire either. `longest` is the other
 * full-access key that works longest. Sessions may always be revoked. They do not count as other
 * keys, because they end soon.
 */
export function refuseLast(key: ApiKey, longest: ApiKey | null): void {
  if (key.kind !== 'full-access' || key.isSession) return
  if (longest !== null && (longest.expiresAt === null || key.expiresAt !== null)) return
  throw badInput(
    inPath('keyId'),
    `key ${key.keyId} is the last full-access key of the environment; create another one first`,
    'IntegrityViolation',
  )
}
