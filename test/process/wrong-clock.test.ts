import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from '../../src/db/index.ts'
import { runCli, urlOf } from '../support/cli-process.ts'
import { newDatabase, query } from '../support/databases.ts'
import { until } from '../support/deadline.ts'
import { customerCall, done } from '../support/entity-calls.ts'
import { grantItem } from '../support/grants.ts'
import { ask, type Call } from '../support/keep-alive-client.ts'
import { parsePrometheusText } from '../support/prometheus-text.ts'
import { endCleanly, openPlace } from '../support/server-process.ts'
import { openClock } from '../support/wrong-clock.ts'

const DAY_MS = 86_400_000
/** Long enough for several rounds of due work, which runs once a second, in milliseconds. */
const PASSES_MS = 3000
const READY: Call = { method: 'GET', path: '/health/ready', apiKey: null }

/**
 * Starts two servers on one database. The clock of the first is right; a test sets that of the
 * second.
 */
async function openPair(t: TestContext) {
  const connection = await newDatabase(t)
  const place = openPlace(t)
  const DATABASE_URL = urlOf(connection)
  const right = await place.start({ settings: { DATABASE_URL } })
  const clock = openClock(place, 'clock')
  const wrong = await place.start({ settings: { DATABASE_URL, ...clock.settings } })
  const stop = async () => {
    for (const server of [right, wrong]) {
      server.kill('SIGTERM')
      assert.deepEqual(await server.end(), { code: 0, signal: null })
    }
  }
  /** Sets the clock of the second server, and waits until that server reads it. */
  const setWrong = async (offsetMs: number) => {
    const told = wrong.stderr().length
    clock.set(offsetMs)
    await until('another time', () =>
      wrong.stderr().slice(told).includes(`wrong by ${offsetMs} ms`),
    )
  }
  return { connection, place, right, wrong, setWrong, stop }
}

const REPORT: Call = {
  method: 'POST',
  path: '/api/v1/usage',
  body: {
    usages: [{ customerId: 'acme', featureId: 'tokens', value: 10, idempotencyKey: 'once' }],
  },
}
const KEYED: Call = { ...customerCall('keyed'), headers: { 'idempotency-key': 'only-once' } }
const CHECK: Call = {
  method: 'GET',
  path: '/api/v1/customers/acme/entitlements/check?featureId=tokens',
}
/** A request of each kind that decides or depends on the time. */
const DECIDING: readonly Call[] = [
  REPORT,
  KEYED,
  CHECK,
  customerCall('from-2028'),
  {
    method: 'POST',
    path: '/api/v1/features',
    body: { id: 'f', displayName: 'F', featureType: 'BOOLEAN' },
  },
  {
    method: 'POST',
    path: '/api/v1/customers/acme/consume',
    body: { featureId: 'tokens', amount: 1, idempotencyKey: 'use' },
  },
]

async function prepare(url: string): Promise<void> {
  const feature = {
    id: 'tokens',
    displayName: 'T',
    featureType: 'NUMBER',
    meterType: 'INCREMENTAL',
  }
  await done(url, { method: 'POST', path: '/api/v1/features', body: feature })
  await done(url, customerCall('acme'))
  const promotionalEntitlements = [grantItem('tokens', { usageLimit: 100 })]
  const path = '/api/v1/customers/acme/promotional-entitlements'
  await done(url, { method: 'POST', path, body: { promotionalEntitlements } })
  await done(url, REPORT)
  await done(url, KEYED)
}

/** Returns the numbers of rows that purging could have deleted, and of those in the far future. */
async function stateOf(connection: Connection): Promise<Record<string, string | null>> {
  const [found] = await query(
    connection,
    `select (select count(*) from outbox) as announced,
      (select count(*) from idempotency_answers) as answers,
      (select count(*) from usage_keys) as names,
      (select string_agg(inhrelid::regclass::text, ' ' order by 1) from pg_inherits) as partitions,
      (select count(*) from customer_heads where decided_at > clock_timestamp() + '1 day') as heads,
      (select count(*) from due_work where kind like '%.trim'
        and due_at > clock_timestamp() + '2 days') as postponed,
      (select count(*) from usage_events) as records`,
  )
  return found ?? {}
}

const lineCount = (text: string, pattern: RegExp): number =>
  text.split('\n').filter((line) => pattern.test(line)).length

async function metricsOf(url: string) {
  const text = await (await fetch(`${url}/metrics`)).text()
  const families = parsePrometheusText(text)
  const value = (name: string) => families.get(name)?.samples[0]?.value
  return { skew: value('bursar_clock_skew_seconds'), isRight: value('bursar_clock_right') }
}

for (const [name, offsetMs] of Object.entries({ ahead: 400 * DAY_MS, behind: -400 * DAY_MS }))
  test(`a server whose clock is 400 days ${name} decides nothing until its clock is right again`, async (t) => {
    const { connection, right, wrong, setWrong, stop } = await openPair(t)
    await prepare(right.url)
    await done(wrong.url, CHECK)
    const before = await stateOf(connection)
    await setWrong(offsetMs)
    for (const call of DECIDING) {
      const { status, headers, body } = await ask(wrong.url, call)
      assert.equal(status, 503, `${call.method} ${call.path}: ${status} ${JSON.stringify(body)}`)
      assert.match(String(headers['retry-after']), /^\d+$/)
      assert.match(body.message, /clock/)
    }
    assert.equal((await ask(wrong.url, READY)).status, 503)
    const metrics = await metricsOf(wrong.url)
    assert.equal(metrics.isRight, 0)
    assert.equal(Math.round((metrics.skew ?? 0) / 864) / 100, offsetMs / DAY_MS)
    await delay(PASSES_MS)
    assert.deepEqual(await stateOf(connection), before)
    assert.equal(lineCount(wrong.stderr(), /"level":50.*clock/), 1, wrong.stderr())
    assert.equal((await ask(right.url, READY)).status, 200)

    await setWrong(0)
    await until('ready again', async () => (await ask(wrong.url, READY)).status === 200)
    for (const call of [REPORT, KEYED]) await done(wrong.url, call)
    assert.deepEqual(await stateOf(connection), before)
    assert.equal((await done(wrong.url, CHECK)).data.currentUsage, 10)
    assert.equal((await metricsOf(wrong.url)).isRight, 1)
    const verified = await runCli(['verify'], { DATABASE_URL: urlOf(connection) })
    assert.equal(verified.code, 0, verified.stdout)
    await stop()
  })

test('a start with a wrong clock waits until it is right, and changes nothing before', async (t) => {
  const connection = await newDatabase(t)
  const place = openPlace(t)
  const clock = openClock(place, 'clock')
  clock.set(-3 * 3_600_000)
  const settings = { DATABASE_URL: urlOf(connection), ...clock.settings }
  const server = place.launch({ settings })
  await until('a line about the clock', () => /"level":50.*clock/.test(server.stderr()))
  assert.equal(lineCount(server.stdout(), /listening/), 0)
  const [found] = await query(
    connection,
    `select (select count(*) from environments) + (select count(*) from api_keys)
      + (select count(*) from due_work) + (select count(*) from outbox) as rows`,
  )
  assert.equal(found?.rows, '0')
  clock.set(0)
  const { url } = await server.started()
  await done(url, customerCall('acme'))
  await endCleanly(place, server)
})

test('SIGTERM ends a start that waits for its clock', async (t) => {
  const place = openPlace(t)
  const clock = openClock(place, 'clock')
  clock.set(3 * 3_600_000)
  const DATABASE_URL = urlOf(await newDatabase(t))
  const server = place.launch({ settings: { DATABASE_URL, ...clock.settings } })
  await until('a line about the clock', () => /"level":50.*clock/.test(server.stderr()))
  server.kill('SIGTERM')
  await server.end()
})
