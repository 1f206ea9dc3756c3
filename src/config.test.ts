import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, readConfig } from './config.ts'

test('without any variable the server is local, embedded and safe by default', () => {
  assert.deepEqual(readConfig({}, '/srv/app'), {
    host: '127.0.0.1',
    port: 4242,
    dataDir: '/srv/app/.bursar',
    databaseUrl: null,
    databasePoolSize: 10,
    stateCacheBytes: 134_217_728,
    maxStalenessMs: 0,
    migrationWaitSeconds: 300,
    apiKey: null,
    secretKey: null,
    tokens: null,
    trustProxy: null,
    rateLimits: null,
    bounds: {
      maxConnections: 5000,
      maxConnectionsPerAddress: 1000,
      bodyBytes: 64 * 1_048_576,
      bodyBytesPerCaller: 32 * 1_048_576,
      answerBytes: 64 * 1_048_576,
      answerBytesPerCaller: 32 * 1_048_576,
    },
    printSignIn: false,
    metrics: true,
    testClock: false,
    maxClockSkewMs: 10_000,
    logLevel: 'info',
    maxAttributionKeys: null,
    maxEntityDepth: 4,
    eventRetentionDays: 90,
    decisionRetentionDays: 30,
    decisionRows: 100_000,
    windowRetentionDays: 35,
    strictIntegrations: false,
  })
})

test('an empty variable counts as unset', () => {
  const names = ['BURSAR_HOST', 'BURSAR_PORT', 'DATABASE_URL', 'BURSAR_API_KEY', 'BURSAR_LOG_LEVEL']
  const empty = Object.fromEntries(names.map((name) => [name, '']))
  assert.deepEqual(readConfig(empty, '/'), readConfig({}, '/'))
})

const WRONG: [env: Record<string, string>, message: RegExp][] = [
  [{ BURSAR_PORT: '70000' }, /BURSAR_PORT/],
  [{ BURSAR_PORT: '42x' }, /BURSAR_PORT/],
  [{ BURSAR_PORT: '-1' }, /BURSAR_PORT/],
  [{ BURSAR_API_KEY: 'short' }, /BURSAR_API_KEY must have 16/],
  [{ BURSAR_API_KEY: 'spaces are not sendable' }, /visible ASCII/],
  [{ BURSAR_API_KEY: 'é'.repeat(20) }, /visible ASCII/],
  [{ DATABASE_URL: 'mysql://x' }, /DATABASE_URL/],
  [{ BURSAR_JWT_ISSUER: 'x' }, /BURSAR_JWT_JWKS_URL or BURSAR_JWT_PUBLIC_KEY/],
  [{ BURSAR_JWT_JWKS_URL: 'ftp://x' }, /BURSAR_JWT_JWKS_URL/],
  [{ BURSAR_JWT_PUBLIC_KEY: 'not a key' }, /PEM/],
  [{ BURSAR_JWT_JWKS_URL: 'https://x', BURSAR_JWT_PUBLIC_KEY: 'y' }, /not both/],
  [{ BURSAR_JWT_JWKS_URL: 'https://x' }, /BURSAR_JWT_AUDIENCE .*BURSAR_JWT_ANY_AUDIENCE=1/],
  [
    { BURSAR_JWT_JWKS_URL: 'https://x', BURSAR_JWT_AUDIENCE: 'y', BURSAR_JWT_ANY_AUDIENCE: '1' },
    /BURSAR_JWT_AUDIENCE or BURSAR_JWT_ANY_AUDIENCE, not both/,
  ],
  [{ BURSAR_JWT_ANY_AUDIENCE: '1' }, /BURSAR_JWT_JWKS_URL or BURSAR_JWT_PUBLIC_KEY/],
  [{ BURSAR_MIGRATION_WAIT_SECONDS: '0' }, /BURSAR_MIGRATION_WAIT_SECONDS/],
  [{ BURSAR_TRUST_PROXY: '1' }, /BURSAR_TRUST_PROXY must be addresses/],
  [{ BURSAR_TRUST_PROXY: '10.0.0.0/33' }, /not "10.0.0.0\/33"/],
  [{ BURSAR_TRUST_PROXY: '0.0.0.0/0' }, /BURSAR_TRUST_PROXY/],
  [{ BURSAR_TRUST_PROXY: '10.0.0.1,true' }, /not "true"/],
  [{ BURSAR_RATE_LIMITS: 'on' }, /BURSAR_RATE_LIMITS must be stigg/],
  [{ BURSAR_RATE_LIMITS: '[]' }, /BURSAR_RATE_LIMITS must be stigg/],
  [{ BURSAR_RATE_LIMITS: '{"perKey": 5}' }, /has no field "perKey"/],
  [{ BURSAR_RATE_LIMITS: '{"operations": {"a": 0}}' }, /: a must be a whole number/],
  [{ BURSAR_RATE_LIMITS: '{"operations": [5]}' }, /operations must map operation ids/],
  [{ BURSAR_RATE_LIMITS: '{"mutationsPerCustomer": 1.5}' }, /mutationsPerCustomer must be/],
  [{ BURSAR_RATE_LIMITS: 'file:nowhere.json' }, /nowhere.json cannot be read/],
  [{ BURSAR_TEST_CLOCK: 'yes' }, /BURSAR_TEST_CLOCK/],
  [{ BURSAR_TEST_CLOCK: '1', NODE_ENV: 'production' }, /NODE_ENV=production/],
  [{ BURSAR_STATE_CACHE_MB: '1.5.1' }, /BURSAR_STATE_CACHE_MB .* 0 to 65536/],
  [{ BURSAR_STATE_CACHE_MB: '65536.1' }, /BURSAR_STATE_CACHE_MB .* 0 to 65536/],
  [{ BURSAR_LOG_LEVEL: 'loud' }, /BURSAR_LOG_LEVEL/],
  [{ BURSAR_MAX_CONNECTIONS: '9' }, /BURSAR_MAX_CONNECTIONS .* 10 to 1000000/],
  [{ BURSAR_MAX_CONNECTIONS_PER_ADDRESS: '0' }, /BURSAR_MAX_CONNECTIONS_PER_ADDRESS/],
  [{ BURSAR_MAX_BODIES_MB: '0' }, /BURSAR_MAX_BODIES_MB/],
  [{ BURSAR_MAX_ANSWERS_MB: '0' }, /BURSAR_MAX_ANSWERS_MB/],
  [{ BURSAR_MAX_ANSWERS_PER_CALLER_MB: '-1' }, /BURSAR_MAX_ANSWERS_PER_CALLER_MB/],
  [{ BURSAR_MAX_BODIES_PER_CALLER_MB: '1.5' }, /BURSAR_MAX_BODIES_PER_CALLER_MB/],
  [{ BURSAR_MAX_ATTRIBUTION_KEYS: '2.5' }, /BURSAR_MAX_ATTRIBUTION_KEYS/],
  [{ BURSAR_MAX_STALENESS_MS: '60001' }, /BURSAR_MAX_STALENESS_MS .* 0 to 60000/],
  [{ BURSAR_MAX_ENTITY_DEPTH: '0' }, /BURSAR_MAX_ENTITY_DEPTH .* 1 to 20/],
  [{ BURSAR_MAX_ENTITY_DEPTH: '21' }, /BURSAR_MAX_ENTITY_DEPTH .* 1 to 20/],
  [{ BURSAR_EVENT_RETENTION_DAYS: '0' }, /BURSAR_EVENT_RETENTION_DAYS/],
  [{ BURSAR_WINDOW_RETENTION_DAYS: '0' }, /BURSAR_WINDOW_RETENTION_DAYS/],
  [{ BURSAR_DATABASE_POOL: '1' }, /BURSAR_DATABASE_POOL/],
]
for (const [env, message] of WRONG)
  test(`${JSON.stringify(env)} is refused with a message that names the variable`, () => {
    assert.throws(
      () => readConfig(env, '/'),
      (error) => error instanceof ConfigError && message.test(error.message),
    )
  })

test('the message about a refused key does not contain the key', () => {
  assert.throws(
    () => readConfig({ BURSAR_API_KEY: 'hunter2' }, '/'),
    (error: Error) => !error.message.includes('hunter2'),
  )
})
