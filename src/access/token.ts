import { createPublicKey } from 'node:crypto'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type ExportedJWKSCache,
  errors,
  type JWKSCacheInput,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwksCache,
  jwtVerify,
} from 'jose'
import type { Log } from '../app.ts'
import type { TokenConfig } from '../config.ts'
import { systemClock } from '../kernel/clock.ts'
import { unauthenticated } from '../kernel/errors.ts'

export type TokenVerifier = {
  /** The subject of a token, or 401. */
  verify(token: string): Promise<string>
  /** How often the key set could not be fetched since the start. */
  keySetFailures(): number
}

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
export function createTokenVerifier(config: TokenConfig | null, log: Log): TokenVerifier {
  let failures = 0
  if (config === null)
    return {
      verify: async () => {
        throw unauthenticated('this server takes no tokens: send an API key in X-API-KEY')
      },
      keySetFailures: () => failures,
    }
  const key = keyOf(config, (error) => {
    failures += 1
    log.warn({ reason: reasonOf(error) }, 'the key set of tokens cannot be fetched')
  })
  const warnings = warningsOf(config)
  const options: JWTVerifyOptions = {
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['sub', 'exp'],
    ...(config.issuer === null ? {} : { issuer: config.issuer }),
    ...(config.audience === null ? {} : { audience: config.audience }),
  }
  const verify = async (token: string) => {
    if (token.length > TOKEN_LIMIT) throw unauthenticated('the token is too long')
    const { payload } = await jwtVerify(token, key, options).catch(() => {
      // The reason would tell a forger how far they have come.
      throw unauthenticated('the token is not valid')
    })
    const { sub } = payload
    if (!isSubject(sub)) throw unauthenticated('the token names no subject that could be a member')
    for (const warning of warnings) log.warn({}, warning)
    return sub
  }
  return { verify, keySetFailures: () => failures }
}

/** What should not stay so. Said again, at most once a minute, while such tokens are taken. */
function warningsOf({ issuer, audience }: TokenConfig): string[] {
  return [
    ...(issuer === null ? ['tokens of any issuer are taken: set BURSAR_JWT_ISSUER'] : []),
    ...(audience === null ? ['tokens for any audience are taken: set BURSAR_JWT_AUDIENCE'] : []),
  ]
}

/** In the words of the system where it has some. An address may hold a secret, and is not told. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? reasonOf(cause) : `${error.name}: ${error.message}`
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
function keyOf(config: TokenConfig, onFailure: (error: unknown) => void): JWTVerifyGetKey {
  if (config.jwksUrl !== null) return keySetOf(new URL(config.jwksUrl), onFailure)
  const key = createPublicKey(config.publicKey ?? '')
  return async () => key
}

/** The key set that was fetched last outlives an outage of the issuer, as long as said above. */
function keySetOf(url: URL, onFailure: (error: unknown) => void): JWTVerifyGetKey {
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
      // The set is there, and the token names none of its keys.
      const isUnknownKey =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys
      if (!isUnknownKey) onFailure(error)
      const { jwks, uat = 0 } = last
      if (fetched.fresh || jwks === undefined || systemClock.now() >= uat + JWKS_OUTAGE_MS)
        throw error
      return createLocalJWKSet(jwks)(header, token)
    }
  }
}
