import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationId } from '../../src/api.gen.ts'
import { contract } from '../support/api-document.ts'
import { ACCEPTS_PERSONS, addMember, type Credential, personOf } from '../support/persons.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import { calls } from './calls.ts'
import { furnishIn } from './furnish.ts'
import { portrait } from './portrait.ts'

/** A page of another site makes a browser send a write, to which a proxy adds an API key. */

const world = await openWorld(ACCEPTS_PERSONS)
/** The origin that `furnish` adds to `allowedOrigins`. */
const LISTED = 'https://furnished.example.com'
const REFUSED = { status: 403, code: 'AccessDeniedError' }

const furnished = () => furnishIn(world, 'mark')
/** For calls that are refused: to furnish an environment takes two dozen of them. */
const unwritten = await furnished()
const userId = `owner of ${unwritten.id}`
await addMember(world.bursar.app, unwritten, { userId, role: 'OWNER' })
const publishable = await unwritten.newKey('publishable')
/** What `unwritten` must show after every test. */
const look = await portrait(unwritten)

const caller =
  (tenant: Tenant, id: OperationId, twin: boolean) =>
  async (headers: Record<string, string>, credential: Credential = {}) => {
    const all = { host: 'bursar.example.com', ...credential.headers, ...headers }
    const request = { ...calls[id]('mark'), twin, ...credential, headers: all }
    const { status, refusal } = await tenant.call(id, request)
    return { status, code: refusal?.code ?? null }
  }

for (const operation of contract.operations.filter(({ method }) => method !== 'GET')) {
  const id = operation.primaryId as OperationId
  const twin = operation.id !== id
  const done = { status: operation.successStatus, code: null }

  test(`${operation.id}: a page of another site cannot write, whatever credential it sends`, async () => {
    const call = caller(unwritten, id, twin)
    const owner = await personOf(userId, { 'x-environment-id': unwritten.id })
    const good = [{}, owner, { apiKey: publishable }]
    const none = [{ apiKey: null }, { apiKey: 'server-nobody' }]
    for (const credential of [...good, ...none])
      for (const origin of [{}, { origin: LISTED }, { origin: 'https://bursar.example.com' }])
        assert.deepEqual(
          await call({ 'sec-fetch-site': 'cross-site', ...origin }, credential),
          REFUSED,
        )
    for (const origin of [
      'https://evil.example.com',
      'https://bursar.example.com.evil.example',
      'https://bursar.example.com:8443',
      'https://furnished.example.com.evil.example',
      'http://furnished.example.com',
      'null',
      '',
      'https://bursar.example.com, https://evil.example.com',
    ])
      for (const credential of good) assert.deepEqual(await call({ origin }, credential), REFUSED)
    assert.equal(await portrait(unwritten), look)
  })

  test(`${operation.id}: pages of this server, pages of allowed origins, and programs can write`, async () => {
    for (const headers of [
      {},
      { origin: 'https://bursar.example.com' },
      { origin: 'http://bursar.example.com', 'sec-fetch-site': 'same-origin' },
      { origin: LISTED, 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
    ] as Record<string, string>[])
      assert.deepEqual(await caller(await furnished(), id, twin)(headers), done)
  })
}

test('a page of another site may send reads, because browsers do not show it the response', async () => {
  const tenant = await furnished()
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example.com' }
  await tenant.ok('v1.customers.list', { headers })
})

test('allowing and removing an origin takes effect for cached keys', async () => {
  const tenant = await furnished()
  const origin = 'https://later.example.com'
  const write = () =>
    tenant.call('v1.customers.update', {
      params: { id: 'acme' },
      body: { name: 'x' },
      headers: { origin },
    })
  const update = (allowedOrigins: string[]) =>
    tenant.ok('v1.environment.settings.update', { body: { allowedOrigins } })
  assert.equal((await write()).status, 403)
  for (const [origins, status] of [
    [[origin], 200],
    [[], 403],
  ] as const) {
    await update([...origins])
    // Servers get the change by a notification.
    while ((await write()).status !== status) await new Promise(setImmediate)
  }
})

test('every response below /api/ forbids caching, even errors of unknown paths', async () => {
  for (const url of [
    '/api/v1/nothing',
    '/api/v1/plans',
    '/api/v1/customers/%zz',
    '/api/v1/customers',
  ])
    for (const method of ['GET', 'DELETE', 'OPTIONS'] as const) {
      const { headers, statusCode } = await world.bursar.server.inject({ method, url })
      assert.ok(statusCode >= 400)
      assert.equal(headers['cache-control'], 'private, no-store', `${method} ${url}`)
      assert.match(String(headers.vary), /x-api-key.*origin/)
    }
})

test('pages of this server cannot be framed', async () => {
  for (const url of ['/', '/docs']) {
    const { headers } = await world.bursar.server.inject({ method: 'GET', url })
    assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/)
    assert.equal(headers['x-frame-options'], 'DENY')
  }
})
