import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { contract } from '../../test/support/api-document.ts'
import { until, within } from '../../test/support/deadline.ts'
import { listening } from '../../test/support/listening.ts'
import { parsePrometheusText } from '../../test/support/prometheus-text.ts'
import { openWorld } from '../../test/support/world.ts'
import { createByteShare } from './byte-share.ts'

const MB = 1_048_576
const withBodies = contract.operations.filter(({ bodySchema }) => bodySchema !== null)
const world = await openWorld({
  BURSAR_MAX_BODIES_MB: '2',
  BURSAR_MAX_BODIES_PER_CALLER_MB: '1',
})
const { server, dial } = await listening(world)

type Operation = (typeof withBodies)[number]
const events = withBodies.find(({ id }) => id === 'v1.events.report') as Operation

const inUse = async () => {
  const { body } = await server.inject({ method: 'GET', url: '/metrics' })
  return parsePrometheusText(body).get('bursar_body_bytes')?.samples[0]?.value
}

/** Sends only the headers of a request. */
function begin(operation: Operation, key: string, headers: Record<string, string | number>) {
  const socket = dial()
  const path = operation.path.replaceAll(/\{\w+\}/g, 'x')
  const lines = Object.entries({ host: 'x', 'content-type': 'application/json', ...headers })
  socket.write(
    `${operation.method} ${path} HTTP/1.1\r\nx-api-key: ${key}\r\n${lines
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n`,
  )
  const answered = once(socket, 'data').then(([data]) => String(data))
  return { socket, answered: () => within(`an answer of ${operation.id}`, answered) }
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])

/** Begins a request whose body does not arrive. Returns a function that ends it. */
async function holding(key: string, bytes = MB) {
  const before = (await inUse()) ?? 0
  const { socket } = begin(events, key, { 'content-length': bytes })
  await until('the body is counted', async () => (await inUse()) === before + bytes)
  return async () => {
    socket.destroy()
    await until('the bytes are given back', async () => (await inUse()) === before)
  }
}

test('a body beyond the share of its credential is a 429 before it is read, for every operation', async () => {
  const tenant = await world.tenant()
  const readOnly = await tenant.newKey('read-only')
  const letGo = await holding(tenant.key)
  for (const operation of withBodies) {
    // Without a credential, bodies count for the address of the caller.
    if (operation.permission === null) continue
    const large = { 'content-length': 9000 }
    const refused = await begin(operation, tenant.key, large).answered()
    assert.equal(statusOf(refused), 429, operation.id)
    assert.match(refused, /^retry-after: 1\r$/im)
    assert.match(refused, /"code":"RateLimitExceeded"/)
    const unknown = await begin(operation, 'no-key-of-anybody-0', large).answered()
    assert.equal(statusOf(unknown), 401, operation.id)
    if (operation.permission.endsWith(':write'))
      assert.equal(statusOf(await begin(operation, readOnly, large).answered()), 403, operation.id)
  }
  await letGo()
  const { socket, answered } = begin(events, tenant.key, { 'content-length': 9000 })
  socket.write(`{"nonsense":1}${' '.repeat(9000 - 14)}`)
  assert.equal(statusOf(await answered()), 400)
})

test('a body beyond the bound on all bodies is a 503 before it is read, for every operation', async () => {
  const [one, two, three] = [await world.tenant(), await world.tenant(), await world.tenant()]
  const letGo = [await holding(one.key), await holding(two.key)]
  for (const operation of withBodies) {
    const refused = await begin(operation, three.key, { 'content-length': 9000 }).answered()
    assert.equal(statusOf(refused), 503, operation.id)
    assert.match(refused, /^retry-after: 1\r$/im)
  }
  const small = begin(events, three.key, { 'content-length': 14 })
  small.socket.write('{"nonsense":1}')
  assert.equal(statusOf(await small.answered()), 400, 'small ones are always taken')
  for (const each of letGo.toReversed()) await each()
})

test('a chunked body is counted as it arrives', async () => {
  const tenant = await world.tenant()
  const letGo = await holding(tenant.key)
  const { socket, answered } = begin(events, tenant.key, { 'transfer-encoding': 'chunked' })
  socket.write('a\r\n0123456789\r\n')
  assert.equal(statusOf(await answered()), 429)
  await letGo()
  const { socket: long, answered: refused } = begin(events, tenant.key, {
    'transfer-encoding': 'chunked',
  })
  const chunk = `100000\r\n${' '.repeat(MB)}\r\n`
  for (let index = 0; index < 3; index += 1) long.write(chunk)
  assert.equal(statusOf(await refused()), 429)
  await until('all is given back', async () => (await inUse()) === 0)
})

test('a body with a content-length beyond the limit is a 413, whatever other requests hold', async () => {
  const tenant = await world.tenant()
  const letGo = await holding(tenant.key)
  for (const operation of withBodies) {
    const length = (operation.maxBytes ?? MB) + 1
    const refused = await begin(operation, tenant.key, { 'content-length': length }).answered()
    assert.equal(statusOf(refused), 413, operation.id)
  }
  await letGo()
})

const post = (
  operation: Operation,
  key: string,
  { body, encoding }: { body: Buffer; encoding?: string },
) =>
  server.inject({
    method: operation.method,
    url: operation.path.replaceAll(/\{\w+\}/g, 'x'),
    headers: {
      'x-api-key': key,
      'content-type': 'application/json',
      ...(encoding && { 'content-encoding': encoding }),
    },
    payload: body,
  })

test('a gzip body is treated like its content, by every operation', async () => {
  const tenant = await world.tenant()
  for (const operation of withBodies)
    for (const text of [
      '{"nonsense":1}',
      '{"a":',
      '[]',
      '',
      `{"nonsense":"${'x'.repeat(50_000)}"}`,
    ]) {
      const plain = await post(operation, tenant.key, { body: Buffer.from(text) })
      const body = gzipSync(text)
      for (const encoding of ['gzip', 'X-GZIP']) {
        const inflated = await post(operation, tenant.key, { body, encoding })
        assert.equal(inflated.statusCode, plain.statusCode, `${operation.id} ${text.slice(0, 20)}`)
        assert.equal(inflated.body, plain.body)
      }
    }
  const body = gzipSync('{"id":"zipped","name":"Zipped"}')
  const provision = withBodies.find(({ id }) => id === 'v1.customers.provision') as Operation
  assert.equal((await post(provision, tenant.key, { body, encoding: 'gzip' })).statusCode, 201)
})

test('a body that inflates beyond the limit of the operation is refused', async () => {
  const tenant = await world.tenant()
  const bomb = gzipSync(Buffer.alloc(4 * MB, 0x20), { level: 9 })
  for (const operation of withBodies.filter(({ maxBytes }) => maxBytes === null)) {
    const { statusCode } = await post(operation, tenant.key, { body: bomb, encoding: 'gzip' })
    assert.equal(statusCode, 413, operation.id)
  }
  // Raw events may be larger than the credential's bound, which counts decompressed bytes, too.
  assert.equal((await post(events, tenant.key, { body: bomb, encoding: 'gzip' })).statusCode, 429)
  await until('all is given back', async () => (await inUse()) === 0)
})

test('a damaged or truncated gzip body is a 400, and another encoding is a 415', async () => {
  const tenant = await world.tenant()
  const whole = gzipSync('{"nonsense":1}')
  for (const body of [Buffer.from('{"nonsense":1}'), whole.subarray(0, whole.length - 5)]) {
    const { statusCode, body: text } = await post(events, tenant.key, { body, encoding: 'gzip' })
    assert.equal(statusCode, 400)
    assert.match(text, /body: not valid gzip/)
  }
  for (const encoding of ['br', 'deflate', 'zstd', 'gzip, gzip', 'nonsense']) {
    const refused = await post(events, tenant.key, { body: whole, encoding })
    assert.equal(refused.statusCode, 415, encoding)
    assert.equal(refused.headers['accept-encoding'], 'gzip, identity')
  }
})

test('a body to an unknown path is a 404 before it is read', async () => {
  const path = { ...events, path: '/api/v1/nothing' }
  const { answered } = begin(path, 'no-key', { 'content-length': 1000 })
  assert.equal(statusOf(await answered()), 404)
})

test('an owner without bytes may exceed its own bound, but not the bound on all', () => {
  const share = createByteShare({ all: 100, perOwner: 10 })
  assert.equal(share.take('one', 50), null)
  assert.equal(share.take('one', 1), 'owner')
  assert.equal(share.take('two', 51), 'all')
  assert.equal(share.take('two', 8), null)
  share.give('one', 50)
  assert.equal(share.take('one', 92), null)
  assert.equal(share.inUse(), 100)
})
