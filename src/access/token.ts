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
import { required } from '../kernel/assert.ts'
import { type Instant, systemClock } from '../kernel/clock.ts'
import { unauthenticated } from '../kernel/errors.ts'

/** What a valid token says. */
export type Claims = {
  /** Its subject. */
  userId: string
  /** When it expires, exclusive, by the machine's clock. */
  expiresAt: Instant
}

export type TokenVerifier = {
  /** Returns what a token says. 401 for an invalid token. */
  verify(token: string): Promise<Claims>
  /** How often the key set could not be fetched since the start. */
  keySetFailures(): number
}

/** Only asymmetric signatures. Never `none`, never HMAC. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA']
/** No identity provider's token is longer. Longer ones are not worth verifying. */
const TOKEN_LIMIT = 8192
const SUBJECT_LIMIT = 255
/**
 * The time-out of fetching the key set, in milliseconds. A token with an unknown key is then
 * refused.
 */
const JWKS_TIMEOUT_MS = 2000
/** The minimum time between fetches of the key set because of unknown key ids, in milliseconds. */
const JWKS_COOLDOWN_MS = 10_000
const JWKS_MAX_AGE_MS = 600_000
/**
 * How long a key set stays valid that cannot be fetched again, in milliseconds. An outage of the
 * issuer must not lock everybody out, and a withdrawn key must not stay valid for long.
 */
const JWKS_OUTAGE_MS = 24 * 3_600_000
/** The accepted difference between the clocks of the issuer and this server, in seconds. */
const CLOCK_TOLERANCE_S = 5

/**
 * Verifies tokens of people. Expiry is compared with the machine's clock and not with the injected
 * one, because the issuer sets it.
 */
export function createTokenVerifier(config: TokenConfig | null, log: Log): TokenVerifier {
  let failures = 0
  if (config === null)
    return {
      verify: async () => {
        throw unauthenticated('this server does not accept tokens; send an API key in X-API-KEY')
      },
      keySetFailures: () => failures,
    }
  const key = keyOf(config, (error) => {
    failures += 1
    log.warn({ reason: reasonOf(error) }, 'the key set for tokens could not be fetched')
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
      // The reason would help a forger.
      throw unauthenticated('the token is not valid')
    })
    const { sub, exp } = payload
    if (!isSubject(sub)) throw unauthenticated('the subject of the token is missing or invalid')
    for (const warning of warnings) log.warn({}, warning)
    return { userId: sub, expiresAt: required(exp, 'a claim that is required') * 1000 }
  }
  return { verify, keySetFailures: () => failures }
}

/**
 * Warnings about an insecure configuration, logged while such tokens are accepted. The gap between
 * two lines of the log doubles from one second to a minute.
 */
function warningsOf({ issuer, audience }: TokenConfig): string[] {
  return [
    ...(issuer === null ? ['tokens of any issuer are accepted; set BURSAR_JWT_ISSUER'] : []),
    ...(audience === null ? ['tokens for any audience are accepted; set BURSAR_JWT_AUDIENCE'] : []),
  ]
}

/**
 * Returns the error code of the system if there is one. A URL may contain a secret and is not
 * logged.
 */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? reasonOf(cause) : `${error.name}: ${error.message}`
}

/**
 * Returns whether the database can store the subject: NUL is not allowed, and all lone surrogates
 * would be stored as the same text.
 */
const isSubject = (sub: unknown): sub is string =>
  typeof sub === 'string' &&
  sub !== '' &&
  sub.length <= SUBJECT_LIMIT &&
  sub.isWellFormed() &&
  !sub.includes('\0')

/**
 * Returns the key set of a URL, which is fetched at the first use and cached, or a single key. The
 * header of a token never decides where keys come from.
 */
function keyOf(config: TokenConfig, onFailure: (error: unknown) => void): JWTVerifyGetKey {
  if (config.jwksUrl !== null) return keySetOf(new URL(config.jwksUrl), onFailure)
  const key = createPublicKey(config.publicKey ?? '')
  return async () => key
}

/** The last fetched key set outlives an outage of the issuer for `JWKS_OUTAGE_MS`. */
function keySetOf(url: URL, onFailure: (error: unknown) => void): JWTVerifyGetKey {
  // The library stores here what it fetched and when.
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
      // The key set is available, but does not contain the key of the token.
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
