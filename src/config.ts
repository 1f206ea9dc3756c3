import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { isAbsolute, join, resolve } from 'node:path'

/**
 * Which tokens of persons are accepted: those signed with a key of the key set, or with the public
 * key. One of the two is null.
 */
export type TokenConfig = {
  readonly jwksUrl: string | null
  /** A public key in PEM (SPKI). */
  readonly publicKey: string | null
  readonly issuer: string | null
  readonly audience: string | null
}

/** The maximum numbers of calls per minute. */
export type RateLimits = {
  /** Calls of one key, by the id of the operation. An operation without an entry has no limit. */
  readonly operations: Readonly<Record<string, number>>
  /** Calls of all keys together that change one customer; null: no limit. */
  readonly mutationsPerCustomer: number | null
}

/** The bounds of what one server handles at once. */
export type Bounds = {
  readonly maxConnections: number
  /** Does not apply to addresses of this machine and of trusted proxies. */
  readonly maxConnectionsPerAddress: number
  /** The maximum bytes of all request bodies in progress, and of those of one caller. */
  readonly bodyBytes: number
  readonly bodyBytesPerCaller: number
  /** The maximum bytes of all responses that are being sent, and of those to one caller. */
  readonly answerBytes: number
  readonly answerBytesPerCaller: number
}

/** Everything that environment variables configure. They are read once, at the start. */
export type Config = {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  /** null: the embedded PostgreSQL in the data directory. */
  readonly databaseUrl: string | null
  readonly databasePoolSize: number
  /** The maximum memory for the states of customers; 0: none are cached. */
  readonly stateCacheBytes: number
  /**
   * How old the state may be that a check is decided on, if its request does not say, in
   * milliseconds.
   */
  readonly maxStalenessMs: number
  /** How long a start waits for sessions that block a migration. */
  readonly migrationWaitSeconds: number
  readonly apiKey: string | null
  /** Whether the start prints a link that signs in, even if no person watches its output. */
  readonly printSignIn: boolean
  /** The text of the sealing key. null: that of the key file in the data directory. */
  readonly secretKey: string | null
  /** null: only API keys are accepted. */
  readonly tokens: TokenConfig | null
  /** Addresses of proxies whose `X-Forwarded-For` is trusted. null: none. */
  readonly trustProxy: readonly string[] | null
  /** `stigg`: the published limits of Stigg's cloud. null: no limits. */
  readonly rateLimits: 'stigg' | RateLimits | null
  readonly bounds: Bounds
  /** Whether the route `/metrics` exists. */
  readonly metrics: boolean
  readonly testClock: boolean
  /** The maximum difference between this machine's clock and the database's, in milliseconds. */
  readonly maxClockSkewMs: number
  readonly logLevel: LogLevel
  /** The maximum per entity type. null: no bound, as in the API document. */
  readonly maxAttributionKeys: number | null
  /** The maximum number of levels in a customer's tree of entities. A root is level 1. */
  readonly maxEntityDepth: number
  /** For how many days events and audit entries are kept. */
  readonly eventRetentionDays: number
  /**
   * For how many days totals and counters are kept after the end of their window, and reservations
   * after their end, but these at least 36 days.
   */
  readonly windowRetentionDays: number
  /** For how many days denials are kept, with their explanations. */
  readonly decisionRetentionDays: number
  /** The maximum number of denials of an environment; 0: none are kept. */
  readonly decisionRows: number
  /** Whether customers can be linked only to integrations that `bursar integration add` created. */
  readonly strictIntegrations: boolean
}

/** The largest body in bytes, unless the API document states another limit for an operation. */
export const BODY_LIMIT = 1_048_576

/** No tree has more levels, whatever is configured. It bounds recursive reads of the tree. */
export const ENTITY_DEPTH_LIMIT = 20

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const MEGABYTE = 1_048_576
const STATE_CACHE = { min: 0, max: 65_536 }
/** The range of the age that a caller may accept for the state of a check, in milliseconds. */
export const MAX_STALENESS = { min: 0, max: 60_000 }

/** A variable with an invalid value. The message names it and says which values are valid. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type Environment = Readonly<Record<string, string | undefined>>

const DEFAULT_PORT = 4242
/**
 * With a smaller maximum, the delay of a reply from the database could count as a difference. With
 * a larger one, the two clocks could differ by more than a day.
 */
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
    stateCacheBytes: Math.round(
      (decimal(env, 'BURSAR_STATE_CACHE_MB', STATE_CACHE) ?? 128) * MEGABYTE,
    ),
    maxStalenessMs: integer(env, 'BURSAR_MAX_STALENESS_MS', MAX_STALENESS) ?? 0,
    migrationWaitSeconds:
      integer(env, 'BURSAR_MIGRATION_WAIT_SECONDS', { min: 1, max: 86_400 }) ?? 300,
    apiKey: apiKey(env),
    printSignIn: flag(env, 'BURSAR_PRINT_SIGN_IN'),
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
    decisionRetentionDays:
      integer(env, 'BURSAR_DECISION_RETENTION_DAYS', { min: 1, max: 36_500 }) ?? 30,
    decisionRows: integer(env, 'BURSAR_DECISION_ROWS', { min: 0, max: 10_000_000 }) ?? 100_000,
    strictIntegrations: flag(env, 'BURSAR_STRICT_INTEGRATIONS'),
  }
}

/** An empty variable counts as unset, because shells and compose files often set empty ones. */
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

/** Returns a function that reads a number in a range, both ends included. */
const numberIn =
  (form: RegExp, noun: string) =>
  (env: Environment, name: string, { min, max }: { min: number; max: number }): number | null => {
    const text = value(env, name)
    if (text === null) return null
    const number = form.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new ConfigError(`${name} must be ${noun} from ${min} to ${max}`)
  }

const integer = numberIn(/^\d{1,9}$/, 'a whole number')
/** With up to six decimals. */
const decimal = numberIn(/^\d{1,9}(\.\d{1,6})?$/, 'a number')

/** Returns a bound in bytes. The variable contains megabytes. */
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
  // A key with other characters could not be sent in a header.
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new ConfigError('BURSAR_API_KEY must consist of visible ASCII characters')
  return text
}

/** The length of 128 bits in base64url. */
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

/**
 * An identity provider signs tokens for all its applications. Without an audience, Bursar would
 * accept the tokens of all of them.
 */
function requireAudience(audience: string | null, anyAudience: boolean): void {
  if (audience === null && !anyAudience)
    throw new ConfigError(
      'BURSAR_JWT_AUDIENCE must name the audience of tokens; BURSAR_JWT_ANY_AUDIENCE=1 accepts ' +
        'tokens for any other application, too',
    )
  if (audience !== null && anyAudience)
    throw new ConfigError('set BURSAR_JWT_AUDIENCE or BURSAR_JWT_ANY_AUDIENCE, not both')
}

/** The algorithms RS256, ES256 and EdDSA are verified with RSA, P-256 and Ed25519 keys. */
function requirePublicKey(pem: string): void {
  const types = ['rsa', 'ec', 'ed25519']
  const text = 'BURSAR_JWT_PUBLIC_KEY must be a public key in PEM: RSA, P-256 or Ed25519'
  let type: string | undefined
  try {
    // `createPublicKey` also accepts a private key, but configuring one is a mistake.
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

/** Returns whether a text is an address, or a network that does not contain all addresses. */
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
