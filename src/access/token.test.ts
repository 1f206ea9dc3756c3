import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { exportJWK, type JWTHeaderParameters, SignJWT } from 'jose'
import { within } from '../../test/support/deadline.ts'
import { addMember, type Roles } from '../../test/support/persons.ts'
import { openWorld } from '../../test/support/world.ts'
import { removeMember } from './member-commands.ts'
import { createTokenVerifier } from './token.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const okp = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })

const keys = [
  { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256' },
  { ...(await exportJWK(ec.publicKey)), kid: 'ec', alg: 'ES256' },
  { ...(await exportJWK(okp.publicKey)), kid: 'okp', alg: 'EdDSA' },
]
let fetches = 0
const jwks = createServer((_, response) => {
  fetches += 1
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ keys }))
})
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
const jwksUrl = `http://127.0.0.1:${await listen(jwks)}/keys`
after(() => jwks.close())

const ISSUER = 'https://id.example'
const world = await openWorld({
  BURSAR_JWT_JWKS_URL: jwksUrl,
  BURSAR_JWT_ISSUER: ISSUER,
  BURSAR_JWT_AUDIENCE: 'bursar',
})
const { app } = world.bursar

type Claims = { sub?: string; iss?: string; aud?: string; exp?: number; nbf?: number }
type SigningOptions = { key?: KeyObject; header?: JWTHeaderParameters }
const nowSeconds = () => Math.floor(Date.now() / 1000)

/** Returns a token that is valid for `ann`, unless `claims` or options change that. */
function token(claims: Claims = {}, { key = rsa.privateKey, header }: SigningOptions = {}) {
  const payload = { sub: 'ann', iss: ISSUER, aud: 'bursar', exp: nowSeconds() + 300, ...claims }
  return new SignJWT(payload).setProtectedHeader(header ?? { alg: 'RS256', kid: 'rsa' }).sign(key)
}

let people = 0
/** Returns a tenant, and a new person with a role in it. */
async function person(role: 'ADMIN' | 'SUPPORT' | 'VIEWER' | 'NONE' | 'OWNER') {
  people += 1
  const tenant = await world.tenant()
  const userId = `user-${process.pid}-${people}`
  const roles: Roles = role === 'OWNER' ? { role } : { environments: { [tenant.id]: role } }
  await addMember(app, tenant, { userId, ...roles })
  return { tenant, userId }
}

type Headers = Record<string, string>
const bearer = (jwt: string, headers: Headers = {}) => ({
  apiKey: null,
  headers: { authorization: `Bearer ${jwt}`, ...headers },
})
const list = 'v1.customers.list' as const

for (const [alg, kid, key] of [
  ['RS256', 'rsa', rsa.privateKey],
  ['ES256', 'ec', ec.privateKey],
  ['EdDSA', 'okp', okp.privateKey],
] as const)
  test(`a token signed with ${alg} opens the environment that the request names`, async () => {
    const { tenant, userId } = await person('VIEWER')
    const jwt = await token({ sub: userId }, { key, header: { alg, kid } })
    await tenant.ok(list, bearer(jwt, { 'x-environment-id': tenant.id }))
  })

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
const unsigned = (header: object, payload: object) => `${encoded(header)}.${encoded(payload)}`

const good = () => ({ sub: 'ann', iss: ISSUER, aud: 'bursar', exp: nowSeconds() + 300 })
const hmacWith = (secret: string) => {
  const signed = unsigned({ alg: 'HS256', kid: 'rsa' }, good())
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

const REFUSED: [why: string, make: () => string | Promise<string>][] = [
  ['expired', () => token({ exp: nowSeconds() - 60 })],
  ['not yet valid', () => token({ nbf: nowSeconds() + 60 })],
  ['of another issuer', () => token({ iss: 'https://evil.example' })],
  ['for another audience', () => token({ aud: 'other' })],
  ['without a subject', () => token({ sub: '' })],
  ['with a subject that no database can hold', () => token({ sub: 'ann\0' })],
  ['with a subject that is no text', () => token({ sub: 'ann\ud800' })],
  ['with a subject longer than any member', () => token({ sub: 'a'.repeat(256) })],
  ['signed by a stranger', () => token({}, { key: stranger.privateKey })],
  ['of an unknown key id', () => token({}, { header: { alg: 'RS256', kid: 'nobody' } })],
  [
    'of an algorithm that is not its key’s',
    () => token({}, { header: { alg: 'PS256', kid: 'rsa' } }),
  ],
  ['of alg none', () => `${unsigned({ alg: 'none' }, good())}.`],
  [
    'of HMAC with the public key',
    () => hmacWith(rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()),
  ],
  [
    'without an expiry',
    async () => {
      const { exp: _, ...claims } = good()
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'rsa' })
        .sign(rsa.privateKey)
    },
  ],
  ['oversized', async () => `${await token()}${'a'.repeat(9000)}`],
  ['garbage', () => 'not-a-token'],
  ['empty', () => ''],
]
for (const [why, make] of REFUSED)
  test(`a token that is ${why} is refused with 401`, async () => {
    const tenant = await world.tenant()
    await tenant.refused(list, bearer(await make(), { 'x-environment-id': tenant.id }), {
      status: 401,
      code: 'Unauthenticated',
    })
  })

test('a scheme other than Bearer is a 401, and an API key takes precedence over a token', async () => {
  const tenant = await world.tenant()
  const headers = { authorization: 'Basic YTpi' }
  await tenant.refused(list, { apiKey: null, headers }, { status: 401, code: 'Unauthenticated' })
  await tenant.ok(list, { headers: { authorization: 'Bearer garbage' } })
})

test('a missing, unknown or foreign environment is a 404 EnvironmentMissing', async () => {
  const { tenant, userId } = await person('OWNER')
  const jwt = await token({ sub: userId })
  const missing = { status: 404, code: 'EnvironmentMissing' }
  await tenant.refused(list, bearer(jwt), missing)
  await tenant.refused(list, bearer(jwt, { 'x-environment-id': 'nowhere' }), missing)
  const far = `far-${tenant.id}`
  const { createEnvironment } = await import('./index.ts')
  await createEnvironment(app, { id: far, accountId: `account-${tenant.id}` })
  await tenant.refused(list, bearer(jwt, { 'x-environment-id': far }), missing)
})

test('an unknown account is a 404 AccountNotFoundError, and a person without an account gets a 403', async () => {
  const { tenant, userId } = await person('VIEWER')
  const jwt = await token({ sub: userId })
  const environment = { 'x-environment-id': tenant.id }
  await tenant.ok(list, bearer(jwt, { ...environment, 'x-account-id': tenant.id }))
  await tenant.refused(list, bearer(jwt, { ...environment, 'x-account-id': 'nobody' }), {
    status: 404,
    code: 'AccountNotFoundError',
  })
  await tenant.refused(list, bearer(await token({ sub: 'nobody' }), environment), {
    status: 403,
    code: 'IdentityForbidden',
  })
})

test('the request is validated before the environment is looked up', async () => {
  const { tenant, userId } = await person('OWNER')
  const jwt = await token({ sub: userId })
  await tenant.refused(
    'v1.customers.provision',
    { ...bearer(jwt), body: {} },
    {
      status: 400,
      code: 'BadUserInput',
    },
  )
})

test('a role determines what a person may do, and ends with the membership', async () => {
  const { tenant, userId } = await person('VIEWER')
  const jwt = await token({ sub: userId })
  const as = bearer(jwt, { 'x-environment-id': tenant.id })
  const provision = { ...as, body: { id: 'acme' } }
  const forbidden = { status: 403, code: 'IdentityForbidden' }
  await tenant.ok(list, as)
  await tenant.refused('v1.customers.provision', provision, forbidden)
  await addMember(app, tenant, { userId, environments: { [tenant.id]: 'SUPPORT' } })
  await tenant.ok('v1.customers.provision', provision)
  await removeMember(app, { accountId: tenant.id, userId })
  await tenant.refused(list, as, forbidden)
})

test('the key set is fetched once for many tokens, even if their key ids are unknown', async () => {
  const { tenant, userId } = await person('VIEWER')
  const before = fetches
  const as = bearer(await token({ sub: userId }), { 'x-environment-id': tenant.id })
  for (let repeat = 0; repeat < 5; repeat += 1) await tenant.ok(list, as)
  for (let repeat = 0; repeat < 5; repeat += 1) {
    const odd = await token({}, { header: { alg: 'RS256', kid: `odd-${repeat}` } })
    await tenant.refused(list, bearer(odd), { status: 401, code: 'Unauthenticated' })
  }
  assert.ok(fetches - before <= 1, `${fetches - before} fetches`)
})

test('a token is a 401 while the key set cannot be fetched, and API keys still work', async (t) => {
  const silent = createServer(() => {})
  t.after(() => silent.closeAllConnections())
  t.after(() => silent.close())
  for (const port of [9, await listen(silent)]) {
    const other = await openWorld({
      BURSAR_JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`,
      BURSAR_JWT_ANY_AUDIENCE: '1',
    })
    const tenant = await other.tenant()
    const call = tenant.call(list, bearer(await token()))
    assert.equal((await within('an answer without keys', call)).status, 401)
    await tenant.ok(list)
    const { body } = await other.bursar.server.inject('/metrics')
    assert.match(body, /^bursar_token_key_set_failures_total 1$/m)
  }
})

/**
 * Opens a server with its own key set. `statusOf` calls it with a token that is signed by `kid`.
 */
async function withKeySet(set: { keys: object[] }) {
  const server = createServer((_, response) => response.end(JSON.stringify(set)))
  const port = await listen(server)
  const other = await openWorld({
    BURSAR_JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`,
    BURSAR_JWT_ANY_AUDIENCE: '1',
  })
  const tenant = await other.tenant()
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  after(stop)
  /** 403 if the token is valid, because its subject is not a member of any account. */
  const statusOf = async (kid: string, key = rsa.privateKey) => {
    const jwt = await token({ sub: 'nobody' }, { key, header: { alg: 'RS256', kid } })
    return (await tenant.call(list, bearer(jwt, { 'x-environment-id': tenant.id }))).status
  }
  return { statusOf, stop }
}

test('a new key counts after the pause between two fetches, and a withdrawn key ends with the key set', async (t) => {
  const set = { keys: [...keys] }
  const { statusOf } = await withKeySet(set)
  assert.equal(await statusOf('rsa'), 403)
  const begun = Date.now()
  set.keys = [
    { ...(await exportJWK(stranger.publicKey)), kid: 'next', alg: 'RS256' },
  ] as typeof keys
  t.mock.timers.enable({ apis: ['Date'], now: begun })
  assert.deepEqual([await statusOf('next', stranger.privateKey), await statusOf('rsa')], [401, 403])
  t.mock.timers.setTime(begun + 11_000)
  assert.deepEqual([await statusOf('next', stranger.privateKey), await statusOf('rsa')], [403, 401])
  set.keys = [...keys]
  t.mock.timers.setTime(begun + 11_000 + 600_001)
  assert.deepEqual([await statusOf('next', stranger.privateKey), await statusOf('rsa')], [401, 403])
})

test('a fetched key set stays valid for a day while its server is down', async (t) => {
  const { statusOf, stop } = await withKeySet({ keys })
  assert.equal(await statusOf('rsa'), 403)
  stop()
  const fetchedBefore = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: fetchedBefore + 3_600_000 })
  assert.deepEqual([await statusOf('rsa'), await statusOf('nobody')], [403, 401])
  t.mock.timers.setTime(fetchedBefore + 24 * 3_600_000)
  assert.equal(await statusOf('rsa'), 401)
})

test('a single public key works without a key set', async () => {
  const pem = ec.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const other = await openWorld({ BURSAR_JWT_PUBLIC_KEY: pem, BURSAR_JWT_ANY_AUDIENCE: '1' })
  const tenant = await other.tenant()
  const userId = `solo-${tenant.id}`
  await addMember(other.bursar.app, tenant, { userId, role: 'OWNER' })
  const signing = { key: ec.privateKey, header: { alg: 'ES256' } }
  const headers = { 'x-environment-id': tenant.id }
  await tenant.ok(list, bearer(await token({ sub: userId }, signing), headers))
  await tenant.refused(list, bearer(await token({ sub: userId }), headers), {
    status: 401,
    code: 'Unauthenticated',
  })
})

test('accepting tokens of any issuer or for any audience logs a warning', async () => {
  const warned: string[] = []
  const ignored = () => {}
  const log = {
    info: ignored,
    error: ignored,
    warn: (_: object, text: string) => warned.push(text),
  }
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const config = { jwksUrl: null, publicKey: pem, issuer: null, audience: null }
  const jwt = await token()
  await createTokenVerifier(config, log).verify(jwt)
  assert.deepEqual(warned, [
    'tokens of any issuer are accepted; set BURSAR_JWT_ISSUER',
    'tokens for any audience are accepted; set BURSAR_JWT_AUDIENCE',
  ])
  warned.length = 0
  await createTokenVerifier({ ...config, issuer: ISSUER, audience: 'bursar' }, log).verify(jwt)
  assert.deepEqual(warned, [])
})

test('a failed fetch of the key set is logged without its URL, and an unknown key id is not logged', async () => {
  const warned: { fields: object; text: string }[] = []
  const ignored = () => {}
  const warn = (fields: object, text: string) => warned.push({ fields, text })
  const log = { info: ignored, error: ignored, warn }
  const config = { publicKey: null, issuer: ISSUER, audience: 'bursar' }
  const gone = createTokenVerifier({ ...config, jwksUrl: 'http://127.0.0.1:9/?secret=hush' }, log)
  await assert.rejects(gone.verify(await token()), { status: 401 })
  assert.equal(gone.keySetFailures(), 1)
  assert.equal(warned[0]?.text, 'the key set for tokens could not be fetched')
  assert.match(JSON.stringify(warned), /ECONNREFUSED|bad port/)
  assert.doesNotMatch(JSON.stringify(warned), /hush/)
  const there = createTokenVerifier({ ...config, jwksUrl }, log)
  const unknown = await token({}, { header: { alg: 'RS256', kid: 'unheard-of' } })
  await assert.rejects(there.verify(unknown), { status: 401 })
  assert.deepEqual([there.keySetFailures(), warned.length], [0, 1])
})
