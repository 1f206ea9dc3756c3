import { createPublicKey } from 'node:crypto'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type ExportedJWKSCache,
  type JWKSCacheInput,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwksCache,
  jwtVerify,
} from 'jose'
import type { TokenConfig } from '../config.ts'
import { systemClock } from '../kernel/clock.ts'
import { unauthenticated } from '../kernel/errors.ts'

/** The subject of a token, or 401. */
export type VerifyToken = (token: string) => Promise<string>

/** Signatures that only the holder of a private key can make. Never `none`, never HMAC. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA']
/** No identity provider's token is longer; checking one that is would only cost time. */
const TOKEN_LIMIT = 8192
const SUBJECT_LIMIT = 255
/** Milliseconds in which the key set must have arrived; after that an unknown key is refused. */
const JWKS_TIMEOUT_MS = 2000
/** Milliseconds between fetches of the key set that unknown key ids cause. */
const JWKS_COOLDOWN_MS = 10_000
const JWKS_MAX_AGE_MS = 600_000
/**
 * Milliseconds for which a key set that cannot be fetched anew still counts: an outage of the
 * issuer must not lock everybody out, and a key that it has withdrawn must not live on for long.
 */
const JWKS_OUTAGE_MS = 24 * 3_600_000
/** Seconds by which the clocks of an issuer and ours may differ. */
const CLOCK_TOLERANCE_S = 5

/**
 * Verifies tokens of people. Expiry follows the machine's clock, whatever the injected one says: a
 * token's times are the issuer's.
 */
export function createTokenVerifier(config: TokenConfig | null): VerifyToken {
  if (config === null)
    return async () => {
      throw unauthenticated('this server takes no tokens: send an API key in X-API-KEY')
    }
  const key = keyOf(config)
  const options: JWTVerifyOptions = {
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['sub', 'exp'],
    ...(config.issuer === null ? {} : { issuer: config.issuer }),
    ...(config.audience === null ? {} : { audience: config.audience }),
  }
  return async (token) => {
    if (token.length > TOKEN_LIMIT) throw unauthenticated('the token is too long')
    const { payload } = await jwtVerify(token, key, options).catch(() => {
      // The reason would tell a forger how far they have come.
      throw unauthenticated('the token is not valid')
    })
    const { sub } = payload
    if (!isSubject(sub)) throw unauthenticated('the token names no subject that could be a member')
    return sub
  }
}

/** What the database can hold: NUL it refuses, and lone surrogates would all become one text. */
const isSubject = (sub: unknown): sub is string =>
  typeof sub === 'string' &&
  sub !== '' &&
  sub.length <= SUBJECT_LIMIT &&
  sub.isWellFormed() &&
  !sub.includes('\0')

/**
 * The key set of a URL, fetched when first needed and kept; or one key. A token's own header never
 * chooses where a key comes from.
 */
function keyOf(config: TokenConfig): JWTVerifyGetKey {
  if (config.jwksUrl !== null) return keySetOf(new URL(config.jwksUrl))
  const key = createPublicKey(config.publicKey ?? '')
  return async () => key
}

/** The key set that was fetched last outlives an outage of the issuer, as long as said above. */
function keySetOf(url: URL): JWTVerifyGetKey {
  // Filled by the library with what it has fetched, and when.
  const last: Partial<ExportedJWKSCache> = {}
  const fetched = createRemoteJWKSet(url, {
    timeoutDuration: JWKS_TIMEOUT_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    cacheMaxAge: JWKS_MAX_AGE_MS,
    [jwksCache]: last as JWKSCacheInput,
  })
  return async (header, token) => {
    try {
      return await fetched(header, token)
    } catch (error) {
      const { jwks, uat = 0 } = last
      if (fetched.fresh || jwks === undefined || systemClock.now() >= uat + JWKS_OUTAGE_MS)
        throw error
      return createLocalJWKSet(jwks)(header, token)
    }
  }
}
