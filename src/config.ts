import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { isAbsolute, join, resolve } from 'node:path'

/** Whose tokens are taken: those of one key set, or of one key. */
export type TokenConfig = {
  readonly jwksUrl: string | null
  /** A public key in PEM (SPKI). */
  readonly publicKey: string | null
  readonly issuer: string | null
  readonly audience: string | null
}

/** Most calls per minute. */
export type RateLimits = {
  /** Of one key, by the id of the operation; unlimited where nothing stands. */
  readonly operations: Readonly<Record<string, number>>
  /** Of all keys that change one customer. */
  readonly mutationsPerCustomer: number | null
}

/** The bounds of what one server handles at once. */
export type Bounds = {
  readonly maxConnections: number
  /** This machine and trusted proxies may have any number of connections. */
  readonly maxConnectionsPerAddress: number
  /** The bytes of all request bodies in progress, and of those of one caller. */
  readonly bodyBytes: number
  readonly bodyBytesPerCaller: number
  /** The bytes of all responses that are being sent, and of those to one caller. */
  readonly answerBytes: number
  readonly answerBytesPerCaller: number
}

/** Everything that the environment decides. Read once, at start. */
export type Config = {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  /** null: the embedded PostgreSQL in the data directory. */
  readonly databaseUrl: string | null
  readonly databasePoolSize: number
  /** What is kept in memory of customers at most; 0: nothing. */
  readonly stateCacheBytes: number
  /** How old the state of a check may be if the caller does not say, in milliseconds. */
  readonly maxStalenessMs: number
  /** How long a start waits for others that hold the schema. */
  readonly migrationWaitSeconds: number
  readonly apiKey: string | null
  /** What stored secrets are sealed with. null: the key file of the data directory. */
  readonly secretKey: string | null
  /** Whose tokens people may call with. null: API keys only. */
  readonly tokens: TokenConfig | null
  /** Addresses whose `X-Forwarded-For` is believed. null: nobody's. */
  readonly trustProxy: readonly string[] | null
  /** `stigg`: those of Stigg's cloud. null: none. */
  readonly rateLimits: 'stigg' | RateLimits | null
  readonly bounds: Bounds
  /** Whether `/metrics` is there. */
  readonly metrics: boolean
  readonly testClock: boolean
  /** By how much this machine's clock and the database's may differ, in milliseconds. */
  readonly maxClockSkewMs: number
  readonly logLevel: LogLevel
  /** null: no bound, as in the API document. */
  readonly maxAttributionKeys: number | null
  /** Levels of a customer's tree of entities, a root's being 1. */
  readonly maxEntityDepth: number
  /** How long events, and who made them, can be looked up. */
  readonly eventRetentionDays: number
  /** How long what is kept of windows that have closed, and of what was held, stays. */
  readonly windowRetentionDays: number
  /** Links only to integrations that `bursar integration add` made. */
  readonly strictIntegrations: boolean
}

/** No tree has more levels, whatever is configured: how far is climbed at most. */
export const ENTITY_DEPTH_LIMIT = 20

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const MEGABYTE = 1_048_576
const STATE_CACHE = { min: 0, max: 65_536 }
/** How old a caller may accept the state of a check to be, in milliseconds. */
export const MAX_STALENESS = { min: 0, max: 60_000 }

/** A variable that cannot be used. The message names it and says what it takes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type Environment = Readonly<Record<string, string | undefined>>

const DEFAULT_PORT = 4242
/** Below, the way to a database would pass for a difference; above, a day would be another one. */
const CLOCK_SKEW = { min: 100, max: 86_400_000 }
const MIN_KEY_LENGTH = 16
const MAX_KEY_LENGTH = 512

export function readConfig(env: Environment, cwd: string): Config {
  const testClock = flag(env, 'BURSAR_TEST_CLOCK')
  if (testClock && env.NODE_ENV === 'production')
    throw new ConfigError('BURSAR_TEST_CLOCK is refused with NODE_ENV=production')
  return {
    host: value(env, 'BURSAR_HOST') ?? '127.0.0.1',
    port: integer(env, 'BURSAR_PORT', { min: 0, max: 65_535 }) ?? DEFAULT_PORT,
    dataDir: directory(value(env, 'BURSAR_DATA_DIR') ?? '.bursar', cwd),
    databaseUrl: databaseUrl(env),
    databasePoolSize: integer(env, 'BURSAR_DATABASE_POOL', { min: 2, max: 500 }) ?? 10,
    stateCacheBytes: (integer(env, 'BURSAR_STATE_CACHE_MB', STATE_CACHE) ?? 128) * MEGABYTE,
    maxStalenessMs: integer(env, 'BURSAR_MAX_STALENESS_MS', MAX_STALENESS) ?? 0,
    migrationWaitSeconds:
      integer(env, 'BURSAR_MIGRATION_WAIT_SECONDS', { min: 1, max: 86_400 }) ?? 300,
    apiKey: apiKey(env),
    secretKey: secretKey(env),
    tokens: tokens(env),
    trustProxy: trustProxy(env),
    rateLimits: rateLimits(env, cwd),
    bounds: bounds(env),
    metrics: value(env, 'BURSAR_METRICS') === null || flag(env, 'BURSAR_METRICS'),
    testClock,
    maxClockSkewMs: integer(env, 'BURSAR_MAX_CLOCK_SKEW_MS', CLOCK_SKEW) ?? 10_000,
    logLevel: logLevel(env),
    maxAttributionKeys: integer(env, 'BURSAR_MAX_ATTRIBUTION_KEYS', { min: 0, max: 10_000 }),
    maxEntityDepth:
      integer(env, 'BURSAR_MAX_ENTITY_DEPTH', { min: 1, max: ENTITY_DEPTH_LIMIT }) ?? 4,
    eventRetentionDays: integer(env, 'BURSAR_EVENT_RETENTION_DAYS', { min: 1, max: 36_500 }) ?? 90,
    windowRetentionDays:
      integer(env, 'BURSAR_WINDOW_RETENTION_DAYS', { min: 1, max: 36_500 }) ?? 35,
    strictIntegrations: flag(env, 'BURSAR_STRICT_INTEGRATIONS'),
  }
}

/** An empty variable counts as unset, as shells and compose files make it easy to write one. */
const value = (env: Environment, name: string): string | null => {
  const text = env[name]
  return text === undefined || text === '' ? null : text
}

const directory = (path: string, cwd: string): string =>
  isAbsolute(path) ? resolve(path) : join(cwd, path)

function flag(env: Environment, name: string): boolean {
  const text = value(env, name)
  if (text === null || text === '0' || text === 'false') return false
  if (text === '1' || text === 'true') return true
  throw new ConfigError(`${name} must be 1 or 0, not "${text}"`)
}

function integer(
  env: Environment,
  name: string,
  range: { min: number; max: number },
): number | null {
  const text = value(env, name)
  if (text === null) return null
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (number >= range.min && number <= range.max) return number
  throw new ConfigError(`${name} must be a whole number from ${range.min} to ${range.max}`)
}

/** A bound in bytes, written in megabytes. */
const megabytes = (env: Environment, name: string, otherwise: number): number =>
  (integer(env, name, { min: 1, max: 100_000 }) ?? otherwise) * 1_048_576

function bounds(env: Environment): Bounds {
  return {
    maxConnections: integer(env, 'BURSAR_MAX_CONNECTIONS', { min: 10, max: 1_000_000 }) ?? 5000,
    maxConnectionsPerAddress:
      integer(env, 'BURSAR_MAX_CONNECTIONS_PER_ADDRESS', { min: 1, max: 1_000_000 }) ?? 1000,
    bodyBytes: megabytes(env, 'BURSAR_MAX_BODIES_MB', 64),
    bodyBytesPerCaller: megabytes(env, 'BURSAR_MAX_BODIES_PER_CALLER_MB', 32),
    answerBytes: megabytes(env, 'BURSAR_MAX_ANSWERS_MB', 64),
    answerBytesPerCaller: megabytes(env, 'BURSAR_MAX_ANSWERS_PER_CALLER_MB', 32),
  }
}

function databaseUrl(env: Environment): string | null {
  const text = value(env, 'DATABASE_URL')
  if (text === null || /^postgres(ql)?:\/\//.test(text)) return text
  throw new ConfigError('DATABASE_URL must begin with postgres:// or postgresql://')
}

function apiKey(env: Environment): string | null {
  const text = value(env, 'BURSAR_API_KEY')
  if (text === null) return null
  if (text.length < MIN_KEY_LENGTH || text.length > MAX_KEY_LENGTH)
    throw new ConfigError(
      `BURSAR_API_KEY must have ${MIN_KEY_LENGTH} to ${MAX_KEY_LENGTH} characters`,
    )
  // A header value can carry nothing else, so that such a key could never be sent.
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new ConfigError('BURSAR_API_KEY must consist of visible ASCII characters')
  return text
}

/** As long as 128 bits in base64url at least. */
const MIN_SECRET_LENGTH = 22

function secretKey(env: Environment): string | null {
  const text = value(env, 'BURSAR_SECRET_KEY')
  if (text === null || (text.length >= MIN_SECRET_LENGTH && text.length <= MAX_KEY_LENGTH))
    return text
  throw new ConfigError(
    `BURSAR_SECRET_KEY must have ${MIN_SECRET_LENGTH} to ${MAX_KEY_LENGTH} characters`,
  )
}

function tokens(env: Environment): TokenConfig | null {
  const jwksUrl = value(env, 'BURSAR_JWT_JWKS_URL')
  const publicKey = value(env, 'BURSAR_JWT_PUBLIC_KEY')
  const issuer = value(env, 'BURSAR_JWT_ISSUER')
  const audience = value(env, 'BURSAR_JWT_AUDIENCE')
  const anyAudience = flag(env, 'BURSAR_JWT_ANY_AUDIENCE')
  if (jwksUrl === null && publicKey === null) {
    if (issuer !== null || audience !== null || anyAudience)
      throw new ConfigError(
        'BURSAR_JWT_JWKS_URL or BURSAR_JWT_PUBLIC_KEY must be set to verify tokens',
      )
    return null
  }
  if (jwksUrl !== null && publicKey !== null)
    throw new ConfigError('set BURSAR_JWT_JWKS_URL or BURSAR_JWT_PUBLIC_KEY, not both')
  if (jwksUrl !== null && !/^https?:\/\//.test(jwksUrl))
    throw new ConfigError('BURSAR_JWT_JWKS_URL must begin with https:// or http://')
  if (jwksUrl !== null && !URL.canParse(jwksUrl))
    throw new ConfigError('BURSAR_JWT_JWKS_URL is not a URL')
  if (publicKey !== null) requirePublicKey(publicKey)
  requireAudience(audience, anyAudience)
  return { jwksUrl, publicKey, issuer, audience }
}

/** A provider signs for all its applications: without an audience, each of their tokens counts. */
function requireAudience(audience: string | null, anyAudience: boolean): void {
  if (audience === null && !anyAudience)
    throw new ConfigError(
      'BURSAR_JWT_AUDIENCE must name the audience of tokens; BURSAR_JWT_ANY_AUDIENCE=1 accepts ' +
        'tokens for any other application, too',
    )
  if (audience !== null && anyAudience)
    throw new ConfigError('set BURSAR_JWT_AUDIENCE or BURSAR_JWT_ANY_AUDIENCE, not both')
}

/** RSA, P-256 and Ed25519 are what RS256, ES256 and EdDSA are verified with. */
function requirePublicKey(pem: string): void {
  const types = ['rsa', 'ec', 'ed25519']
  const text = 'BURSAR_JWT_PUBLIC_KEY must be a public key in PEM: RSA, P-256 or Ed25519'
  let type: string | undefined
  try {
    // A private key in this place would be read as well, and would be a mistake worth stopping at.
    if (!/PRIVATE KEY/.test(pem)) type = createPublicKey(pem).asymmetricKeyType
  } catch {
    throw new ConfigError(text)
  }
  if (type === undefined || !types.includes(type)) throw new ConfigError(text)
}

const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal']

function trustProxy(env: Environment): string[] | null {
  const text = value(env, 'BURSAR_TRUST_PROXY')
  if (text === null) return null
  const proxies = text.split(',').map((item) => item.trim())
  const wrong = proxies.find((item) => !PROXY_NAMES.includes(item) && !isNetwork(item))
  if (wrong === undefined) return proxies
  throw new ConfigError(
    `BURSAR_TRUST_PROXY must be addresses or networks of your proxies, such as 10.0.0.0/8, not "${wrong}"`,
  )
}

/** An address, or a network that is not everybody. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  if (bits === undefined) return true
  return /^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (family === 4 ? 32 : 128)
}

const MAX_CALLS = 1_000_000_000

function rateLimits(env: Environment, cwd: string): 'stigg' | RateLimits | null {
  const text = value(env, 'BURSAR_RATE_LIMITS')
  if (text === null || text === 'stigg') return text
  const { operations = {}, mutationsPerCustomer = null, ...unknown } = limitsObject(text, cwd)
  if (Object.keys(unknown).length > 0)
    throw new ConfigError(`BURSAR_RATE_LIMITS has no field "${Object.keys(unknown)[0]}"`)
  if (typeof operations !== 'object' || operations === null || Array.isArray(operations))
    throw new ConfigError(
      'BURSAR_RATE_LIMITS: operations must map operation ids to calls per minute',
    )
  const figures = Object.entries({ ...operations, mutationsPerCustomer })
  for (const [name, figure] of figures)
    if (!isFigure(figure) && !(name === 'mutationsPerCustomer' && figure === null))
      throw new ConfigError(
        `BURSAR_RATE_LIMITS: ${name} must be a whole number of calls, at least 1`,
      )
  return { operations, mutationsPerCustomer } as RateLimits
}

const isFigure = (figure: unknown): boolean =>
  Number.isInteger(figure) && Number(figure) >= 1 && Number(figure) <= MAX_CALLS

function limitsObject(text: string, cwd: string): Record<string, unknown> {
  const path = /^file:(.+)$/.exec(text)?.[1]
  try {
    const json = path === undefined ? text : readFileSync(directory(path, cwd), 'utf8')
    const limits: unknown = JSON.parse(json)
    if (typeof limits === 'object' && limits !== null && !Array.isArray(limits))
      return limits as Record<string, unknown>
  } catch (error) {
    if (path !== undefined)
      throw new ConfigError(
        `BURSAR_RATE_LIMITS: ${path} cannot be read: ${(error as Error).message}`,
      )
  }
  throw new ConfigError(
    'BURSAR_RATE_LIMITS must be stigg, file:<path> or {"operations": {"<operationId>": 600}, "mutationsPerCustomer": 30}',
  )
}

function logLevel(env: Environment): LogLevel {
  const text = value(env, 'BURSAR_LOG_LEVEL') ?? 'info'
  const level = LOG_LEVELS.find((candidate) => candidate === text)
  if (level !== undefined) return level
  throw new ConfigError(`BURSAR_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`)
}
