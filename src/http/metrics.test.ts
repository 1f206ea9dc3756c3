import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import pino from 'pino'
import { contract } from '../../test/support/api-document.ts'
import { until, within } from '../../test/support/deadline.ts'
import { type Family, parsePrometheusText } from '../../test/support/prometheus-text.ts'
import { openWorld, type World } from '../../test/support/world.ts'
import type { App } from '../app.ts'
import { readConfig } from '../config.ts'
import { frozenClock } from '../kernel/clock.ts'
import { mountMetrics } from './metrics.ts'
import { createServer } from './server.ts'

const NO_COUNTS = {
  customers: 0,
  bytes: 0,
  evictions: 0,
  checks: { hits: 0, misses: 0 },
  batches: { hits: 0, misses: 0 },
  commits: { atOnce: 0, locked: 0, stale: 0 },
  versionReads: 0,
  versionQueries: 0,
}

async function scrape({ bursar }: World): Promise<Map<string, Family>> {
  const response = await bursar.server.inject({ method: 'GET', url: '/metrics' })
  assert.equal(response.statusCode, 200)
  assert.equal(response.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  return parsePrometheusText(response.body)
}

/** Returns the number of requests by `operation status`. */
const requestsIn = (families: Map<string, Family>): Record<string, number> =>
  Object.fromEntries(
    (families.get('bursar_requests_total')?.samples ?? []).map(({ labels, value }) => [
      `${labels.operation} ${labels.status}`,
      value,
    ]),
  )

const valueIn = (families: Map<string, Family>, name: string): number | undefined =>
  families.get(name)?.samples[0]?.value

test('requests and their durations are counted by operation and status', async () => {
  const world = await openWorld()
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' } })
  for (let times = 0; times < 3; times += 1) await tenant.ok('v1.customers.list')
  await tenant.call('v1.customers.list', { query: 'limit=zero' })
  await tenant.call('v1.customers.list', { apiKey: null })
  await tenant.ok('v1Beta.entityTypes.list', { twin: true })
  await world.bursar.server.inject({ method: 'HEAD', url: '/api/v1/customers' })
  await world.bursar.server.inject({ method: 'DELETE', url: '/api/v1/customers' })
  await world.bursar.server.inject({ method: 'GET', url: '/nowhere' })
  const families = await scrape(world)
  assert.deepEqual(requestsIn(families), {
    'v1.customers.provision 201': 1,
    'v1.customers.list 200': 3,
    'v1.customers.list 400': 1,
    'v1.customers.list 401': 2,
    'v1.entityTypes.list 200': 1,
    'other 405': 1,
    'other 404': 1,
  })
  const durations = families.get('bursar_request_duration_seconds')?.samples ?? []
  const count = durations.find(
    ({ name, labels }) => name.endsWith('_count') && labels.operation === 'v1.customers.list',
  )
  assert.equal(count?.value, 6)
})

test('a scrape contains the process, the pool, the database and due work', async () => {
  const world = await openWorld()
  await world.tenant()
  const families = await scrape(world)
  for (const name of [
    'bursar_info',
    'bursar_event_loop_seconds_total',
    'bursar_database_connections',
    'bursar_outbox_size_bytes',
    'bursar_due_work',
    'nodejs_eventloop_lag_seconds',
    'process_resident_memory_bytes',
  ])
    assert.notEqual(families.get(name)?.samples.length ?? 0, 0, name)
  assert.equal(valueIn(families, 'bursar_requests_in_flight'), 1, 'the scrape itself')
  assert.equal(valueIn(families, 'bursar_database_waiting'), 0)
  assert.ok(Number(valueIn(families, 'bursar_database_size_bytes')) > 1_000_000)
})

test('a scrape counts each look-up of a key as a hit or a miss', async () => {
  const world = await openWorld()
  const tenant = await world.tenant()
  for (let call = 0; call < 3; call += 1) await tenant.ok('v1.customers.list')
  const families = await scrape(world)
  const lookups = families.get('bursar_key_cache_lookups_total')?.samples ?? []
  const [hits = 0, misses = 0] = lookups.map(({ value }) => value)
  assert.deepEqual(
    lookups.map(({ labels }) => labels.result),
    ['hit', 'miss'],
  )
  // Other test files change keys of this database, which clears the cache.
  assert.ok(misses >= 1)
  assert.equal(hits + misses, 3)
  assert.ok(Number(valueIn(families, 'bursar_key_cache_entries')) <= 1)
})

test('no request can create a label: every operation label is in the API document', async () => {
  const world = await openWorld()
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
  const known = contract.operations.map(({ path }) => path)
  const path = fc.oneof(
    fc.webPath(),
    fc
      .tuple(fc.constantFrom(...known), fc.webSegment())
      .map(([template, segment]) => template.replaceAll(/\{\w+\}/g, segment)),
  )
  await fc.assert(
    fc.asyncProperty(method, path, async (verb, url) => {
      const given = { method: verb as 'GET', url: url.startsWith('/') ? url : `/${url}` }
      await world.bursar.server.inject(given)
    }),
  )
  const allowed = new Set([...contract.operations.map(({ id }) => id), 'other'])
  for (const { samples } of (await scrape(world)).values())
    for (const { labels } of samples) {
      assert.ok(labels.operation === undefined || allowed.has(labels.operation))
      assert.match(labels.status ?? '200', /^[1-5]\d\d$/)
    }
})

test('a request whose caller disconnects is counted and no longer in flight', async () => {
  const world = await openWorld()
  const url = new URL(await world.bursar.server.listen({ host: '127.0.0.1', port: 0 }))
  const tenant = await world.tenant()
  const socket = connect(Number(url.port), url.hostname)
  await once(socket, 'connect')
  const head = `POST /api/v1/customers HTTP/1.1\r\nhost: x\r\nx-api-key: ${tenant.key}\r\n`
  socket.write(`${head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{`)
  await until('the request is in flight', async () => {
    return valueIn(await scrape(world), 'bursar_requests_in_flight') === 2
  })
  socket.destroy()
  await until('nothing is in flight', async () => {
    return valueIn(await scrape(world), 'bursar_requests_in_flight') === 1
  })
  const [aborted] = Object.entries(requestsIn(await scrape(world))).filter(
    ([name]) => !name.startsWith('other'),
  )
  assert.deepEqual(aborted, ['v1.customers.provision aborted', 1])
})

test('two servers in one process count separately', async () => {
  const [one, two] = [await openWorld(), await openWorld()]
  await one.bursar.server.inject({ method: 'GET', url: '/api/v1/customers' })
  assert.equal(requestsIn(await scrape(one))['v1.customers.list 401'], 1)
  assert.equal(requestsIn(await scrape(two))['v1.customers.list 401'], undefined)
})

test('with BURSAR_METRICS=0 the path is a 404', async () => {
  const { bursar } = await openWorld({ BURSAR_METRICS: '0' })
  const response = await bursar.server.inject({ method: 'GET', url: '/metrics' })
  assert.equal(response.statusCode, 404)
})

/** A server over a database whose results the test determines. */
function serverOver(one: () => Promise<unknown>) {
  const app = {
    clock: frozenClock(0),
    db: {
      counts: () => ({ total: 3, idle: 1, waiting: 4, heavy: { running: 2, waiting: 5 } }),
      read: { one },
    },
  } as unknown as App
  const log = pino({ level: 'silent' })
  const { server, connections, bodies, unbelieved } = createServer(
    log,
    readConfig({}, process.cwd()),
  )
  mountMetrics(server, {
    app,
    contract,
    connections,
    bodies,
    unbelieved,
    answers: { bytesInUse: () => 0 },
    version: '1.2.3',
    keySetFailures: null,
    keyCache: () => ({ hits: 0, misses: 0, size: 0 }),
    engineCounts: () => NO_COUNTS,
    denialCounts: () => ({ kept: 0, merged: 0, dropped: 0, waiting: 0 }),
    tokenRefusals: () => 0,
  })
  return async () => {
    const answered = server.inject({ method: 'GET', url: '/metrics' })
    return parsePrometheusText((await within('the scrape', answered)).body)
  }
}

const down = async () => {
  throw new Error('the database is down')
}
const silent = () => new Promise(() => {})
const FIGURES = { databaseBytes: 7, outboxBytes: 5, dueWork: 2, oldestDueAt: -1500 }
for (const [state, one] of Object.entries({ down, silent }))
  test(`with a database that is ${state}, a scrape leaves out what is read from it`, async () => {
    const families = await serverOver(one)()
    assert.equal(valueIn(families, 'bursar_database_waiting'), 4)
    assert.deepEqual(families.get('bursar_database_size_bytes')?.samples, [])
  })

test('database figures are shown for half a minute, even if new ones take longer', async (t) => {
  const answers = [FIGURES, FIGURES]
  const ask = serverOver(async () => answers.pop() ?? silent())
  const sizeAfter = async (seconds: number) => {
    const now = performance.now() + seconds * 1000
    const { mock } = t.mock.method(performance, 'now', () => now)
    const size = valueIn(await ask(), 'bursar_database_size_bytes')
    mock.restore()
    return size
  }
  assert.deepEqual(
    [await sizeAfter(0), await sizeAfter(29), await sizeAfter(31), await sizeAfter(3600)],
    [7, 7, 7, undefined],
  )
  assert.deepEqual(answers, [])
})

test('concurrent and consecutive scrapes share one query', async () => {
  let asked = 0
  const ask = serverOver(async () => {
    asked += 1
    return FIGURES
  })
  await Promise.all([ask(), ask(), ask()])
  const families = await ask()
  assert.equal(asked, 1)
  assert.equal(valueIn(families, 'bursar_database_size_bytes'), 7)
  assert.equal(valueIn(families, 'bursar_due_work_age_seconds'), 1.5)
})
