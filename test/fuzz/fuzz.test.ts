import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { OperationId } from '../../src/api.gen.ts'
import { sql } from '../../src/db/index.ts'
import { calls, operationIds } from '../api/calls.ts'
import { furnishIn } from '../api/furnish.ts'
import { portrait } from '../api/portrait.ts'
import { type Request, requestOf } from '../support/contract-client.ts'
import { within } from '../support/deadline.ts'
import { type Random, randomFrom, seedOf } from '../support/random.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import {
  asBytes,
  damaged,
  hostileHeader,
  hostilePath,
  hostileText,
  mutated,
  type Value,
} from './hostile.ts'

/** The number of requests. Few by default, because CI has little time. */
const REQUESTS = Number(process.env.BURSAR_TEST_FUZZ ?? 1000)
/** Requests per environment. Then there is a new one, because archives and unlinks use one up. */
const PER_TENANT = 500
/** Growth of the heap that is no leak, in bytes. A leak in each request would be far larger. */
const HEAP_NOISE = 30_000_000

const world = await openWorld()
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapUsed(): number {
  collect()
  return process.memoryUsage().heapUsed
}

/** Returns a request that may differ from a valid one in path, query, headers and body. */
function hostileRequest(random: Random, id: OperationId): Request {
  const request = { ...calls[id]('fuzz') }
  const twist = (chance: number) => random.below(100) < chance
  if (request.params !== undefined && twist(20)) {
    const names = Object.keys(request.params)
    const name = names[random.below(names.length)] ?? 'id'
    request.params = { ...request.params, [name]: hostileText(random) }
  }
  if (twist(15)) request.query = { limit: hostileText(random), [hostileText(random)]: 'x' }
  if (twist(10)) request.query = `${hostileText(random)}=%&a[b]=1&a=%ff`
  if (twist(10)) request.headers = hostileHeader(random)
  const type = twist(10) ? hostileText(random).replaceAll(/[^\x20-\x7e]/g, '') : 'application/json'
  const headers = { 'content-type': type, ...request.headers }
  if (twist(5)) return { ...request, headers, apiKey: hostileText(random) }
  if (twist(40) || request.body === undefined) return request
  let body = request.body as Value
  for (let times = 1 + random.below(3); times > 0; times -= 1) body = mutated(random, body)
  return { ...request, headers, body: asBytes(random, body) }
}

/** In a minute of its own: a server keeps only so many denials of one minute. */
const nextTenant = (): Promise<Tenant> => {
  world.clock.moveTo(world.clock.now() + 60_000)
  return furnishIn(world, 'fuzz')
}

const changes = async (tenant: Tenant): Promise<string> => {
  const [found] = await world.bursar.app.db.read.many(
    (raw) => raw.n ?? '',
    sql`select count(*) as n from outbox
      where environment_key = ${tenant.scope.environmentKey}::uuid`,
  )
  return found ?? ''
}

test(`${REQUESTS} hostile requests cause no 5xx, no write by a refusal, and no growth of memory`, async (t) => {
  const random = randomFrom(seedOf(t), 0)
  const statuses = new Map<number, number>()
  let heapBefore = 0
  let tenant: Tenant | undefined
  for (let index = 0; index < REQUESTS; index += 1) {
    if (tenant === undefined || index % PER_TENANT === 0) {
      tenant = await nextTenant()
    }
    if (index === Math.floor(REQUESTS / 2)) heapBefore = heapUsed()
    const id = operationIds[random.below(operationIds.length)] ?? 'v1.customers.list'
    const before = await changes(tenant)
    // `call` fails if the API document does not have the status or the form of the body.
    const answer = await tenant.call(id, hostileRequest(random, id))
    assert.ok(answer.status < 500, `request ${index}: ${id} answered ${answer.text.slice(0, 500)}`)
    if (answer.refusal !== null)
      assert.equal(await changes(tenant), before, `request ${index}: a refusal of ${id} wrote`)
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
  }
  t.diagnostic([...statuses].map(([status, count]) => `${status}: ${count}`).join(', '))
  assert.ok((statuses.get(200) ?? 0) > 0 && (statuses.get(400) ?? 0) > 0, 'it hits both sides')
  const growth = heapUsed() - heapBefore
  assert.ok(growth < HEAP_NOISE, `the heap grew by ${growth} bytes in the second half`)
})

/** Asserts that a response is no 5xx and, if it is a refusal, has our error body. */
function assertSound(where: string, status: number, body: string): void {
  assert.ok(status >= 200 && status < 500, `${where}: ${status} ${body.slice(0, 500)}`)
  if (status >= 400)
    assert.deepEqual(Object.keys(JSON.parse(body)), ['message', 'code', 'field'], where)
}

test('hostile paths get a status below 500 and change nothing in another environment', async (t) => {
  const random = randomFrom(seedOf(t), 1)
  const [tenant, other] = [await nextTenant(), await nextTenant()]
  const before = await portrait(other)
  for (let index = 0; index < REQUESTS / 4; index += 1) {
    const id = operationIds[random.below(operationIds.length)] ?? 'v1.customers.list'
    const request = { apiKey: tenant.key, ...calls[id]('fuzz') }
    const injected = requestOf(id, request)
    const [path = '', query] = String(injected.url).split('?')
    const url = [hostilePath(random, path), ...(query === undefined ? [] : [query])].join('?')
    const { statusCode, body } = await world.bursar.server.inject({ ...injected, url })
    assertSound(`${index}: ${injected.method} ${url.slice(0, 200)}`, statusCode, body)
  }
  assert.equal(await portrait(other), before)
})

/** How long a connection waits before it ends its own side, in milliseconds. */
const PATIENCE_MS = 100
const CONNECTIONS = 25

/**
 * Sends bytes on a new connection. Returns everything that is received on it until its end. Only if
 * `isWhole`, the bytes are a whole request, which the server will answer.
 */
async function exchange(port: number, bytes: Buffer, isWhole: boolean): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  const parts: Buffer[] = []
  socket.on('data', (part) => parts.push(part)).on('error', () => {})
  const closed = once(socket, 'close')
  socket.write(bytes)
  // A server that expects a longer body waits for the rest.
  if (!isWhole) {
    await Promise.race([closed, delay(PATIENCE_MS)])
    socket.end()
  }
  await within('the end of the connection', closed)
  return Buffer.concat(parts).toString('latin1')
}

test('malformed HTTP gets a status below 500, and the server continues', async (t) => {
  const random = randomFrom(seedOf(t), 2)
  const tenant = await world.tenant()
  const url = new URL(await world.bursar.server.listen({ host: '127.0.0.1', port: 0 }))
  const port = Number(url.port)
  const body = '{"id":"acme","metadata":{"a":"b"}}'
  const request = Buffer.from(
    'POST /api/v1/customers HTTP/1.1\r\nhost: x\r\nconnection: close\r\n' +
      `x-api-key: ${tenant.key}\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  )
  assert.match(await exchange(port, request, true), /^HTTP\/1\.1 201 /)
  const statuses = new Map<string, number>()
  for (let sent = 0; sent < REQUESTS / 4; sent += CONNECTIONS) {
    const batch = Array.from({ length: CONNECTIONS }, () => damaged(random, request))
    for (const answer of await Promise.all(batch.map((bytes) => exchange(port, bytes, false)))) {
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 'none'
      assert.ok(answer === '' || Number(status) < 500, `${sent}: ${answer}`)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  t.diagnostic([...statuses].map(([status, count]) => `${status}: ${count}`).join(', '))
  assert.ok((statuses.get('400') ?? 0) > 0, 'it breaks requests')
  assert.match(await exchange(port, request, true), /^HTTP\/1\.1 409 /)
})
