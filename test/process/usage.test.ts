import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until, within } from '../support/deadline.ts'
import { customerCall, done } from '../support/entity-calls.ts'
import { grantItem } from '../support/grants.ts'
import { ask, createClient, type KeepAliveClient } from '../support/keep-alive-client.ts'
import { postmasterOf } from '../support/processes.ts'
import { type Random, randomFrom, seedOf } from '../support/random.ts'
import { assertCleanEnd, openPlace, signal } from '../support/server-process.ts'
import { KILLS, type Running } from './kills.ts'

/** How often everything is killed. CI has little time; more rounds are for a night. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 3)
const CUSTOMERS = ['acme', 'globex']
const CALLERS_EACH = 3
/** So many requests of every caller must succeed between two kills. */
const WORK_BETWEEN = 5
/** A kill comes after up to so many milliseconds more, so that it meets any step of a group. */
const SPREAD_MS = 40
const PAUSE_MS = 20
const METER = { aggregation: { function: 'COUNT' }, filters: [] }

/** Makes customers who hold a feature that is reported, and one that events are counted for. */
async function prepare(url: string): Promise<void> {
  const feature = { featureType: 'NUMBER', meterType: 'INCREMENTAL' }
  for (const id of ['reported', 'counted']) {
    const body = { id, displayName: id, ...feature }
    await done(url, { method: 'POST', path: '/api/v1/features', body })
  }
  await done(url, { method: 'PATCH', path: '/api/v1/features/counted', body: { meter: METER } })
  for (const id of CUSTOMERS) {
    await done(url, customerCall(id))
    const path = `/api/v1/customers/${id}/promotional-entitlements`
    const promotionalEntitlements = ['reported', 'counted'].map((featureId) =>
      grantItem(featureId, { hasUnlimitedUsage: true }),
    )
    await done(url, { method: 'POST', path, body: { promotionalEntitlements } })
  }
}

/** Somebody who reports, and sends each request again until it is acknowledged. */
type Caller = {
  customerId: string
  /** How much has been acknowledged. */
  counted(): number
  stop(): Promise<void>
}

function startCaller(
  customerId: string,
  options: { name: string; url: () => string; random: Random },
): Caller {
  const client = createClient()
  const state = { counted: 0, stopped: false, failure: null as Error | null }
  const running = reportAll(client, { customerId, ...options }, state).finally(() => client.close())
  running.catch((error) => {
    state.failure = error
  })
  return {
    customerId,
    counted: () => {
      if (state.failure !== null) throw state.failure
      return state.counted
    },
    stop: () => {
      state.stopped = true
      return running
    },
  }
}

async function reportAll(
  client: KeepAliveClient,
  from: { customerId: string; name: string; url: () => string; random: Random },
  state: { counted: number; stopped: boolean },
): Promise<void> {
  const { customerId, name, url, random } = from
  for (let request = 0; !state.stopped; request += 1) {
    const keys = Array.from({ length: 1 + random.below(4) }, (_, n) => `${name}-${request}-${n}`)
    const usages = keys.map((idempotencyKey) => ({
      customerId,
      featureId: 'reported',
      value: 1,
      idempotencyKey,
    }))
    const events = keys.map((idempotencyKey) => ({ customerId, eventName: 'e', idempotencyKey }))
    await untilTaken(client, url, { path: '/api/v1/usage', body: { usages } })
    await untilTaken(client, url, { path: '/api/v1/events', body: { events } })
    state.counted += keys.length
  }
}

/** A killed server answers nothing or half an answer; a lost database is 503. All else is wrong. */
async function untilTaken(
  client: KeepAliveClient,
  url: () => string,
  call: { path: string; body: object },
): Promise<void> {
  for (;;) {
    const outcome = await client.send(url(), { method: 'POST', ...call })
    if (outcome.kind === 'answer') {
      const { status, body } = outcome
      assert.ok(status === 201 || status === 503, `${status} ${JSON.stringify(body)}`)
      if (status === 201) return
    }
    await delay(PAUSE_MS)
  }
}

function startCallers(t: TestContext, running: Running, random: Random): Caller[] {
  const callers = CUSTOMERS.flatMap((customerId) =>
    Array.from({ length: CALLERS_EACH }, (_, index) =>
      startCaller(customerId, {
        name: `${customerId}-${index}`,
        url: () => running.server.url,
        random: randomFrom(random.below(2 ** 30), index),
      }),
    ),
  )
  t.after(() => Promise.allSettled(callers.map((caller) => caller.stop())))
  return callers
}

async function workOn(callers: readonly Caller[]): Promise<void> {
  const goals = callers.map((caller) => caller.counted() + WORK_BETWEEN)
  await until('acknowledged reports of every caller', () =>
    callers.every((caller, index) => caller.counted() >= (goals[index] ?? 0)),
  )
}

/** What was used, in three ways that must agree: by the total, by the days, by the records. */
async function usageOf(url: string, customerId: string, featureId: string): Promise<number[]> {
  const history = `/api/v1/usage/${customerId}/history/${featureId}?startDate=2020-01-01T00:00:00Z`
  const last = async (path: string): Promise<number> => {
    const { data } = await done(url, { method: 'GET', path })
    return data.series[0].points.at(-1).value
  }
  const check = `/api/v1/customers/${customerId}/entitlements/check?featureId=${featureId}`
  const { data } = await done(url, { method: 'GET', path: check })
  return [data.currentUsage, await last(history), await last(`${history}&groupBy=nothing`)]
}

for (const [victim, kill] of Object.entries(KILLS))
  test(`kill -9 of ${victim}, again and again under load: each report counts once`, async (t) => {
    const place = openPlace(t)
    const running: Running = { server: await place.start() }
    await prepare(running.server.url)
    const random = randomFrom(seedOf(t), 0)
    const callers = startCallers(t, running, random)
    for (let round = 0; round < ROUNDS; round += 1) {
      await workOn(callers)
      await delay(random.below(SPREAD_MS))
      await kill(place, running)
    }
    await workOn(callers)
    await Promise.all(callers.map((caller) => within('the end of a caller', caller.stop())))
    for (const customerId of CUSTOMERS) {
      const own = callers.filter((caller) => caller.customerId === customerId)
      const counted = own.reduce((sum, caller) => sum + caller.counted(), 0)
      for (const feature of ['reported', 'counted'])
        assert.deepEqual(await usageOf(running.server.url, customerId, feature), [
          counted,
          counted,
          counted,
        ])
      t.diagnostic(`${counted} reports and events of ${customerId}`)
    }
    running.server.kill('SIGTERM')
    await assertCleanEnd(place, running.server)
  })

test('without its database the server refuses reports at once, and serves again by itself', async (t) => {
  const place = openPlace(t)
  const { url, ...server } = await place.start()
  await prepare(url)
  const report = () =>
    ask(url, {
      method: 'POST',
      path: '/api/v1/usage',
      body: { usages: [{ customerId: 'acme', featureId: 'reported', value: 1 }] },
    })
  assert.equal((await report()).status, 201)
  signal(await until('a database that is ready', () => postmasterOf(place.dataDir)), 'SIGKILL')
  const refused = await until('a refusal', async () => {
    const answer = await report()
    return answer.status === 503 ? answer : null
  })
  assert.ok(Number(refused.headers['retry-after']) >= 1)
  assert.equal(refused.body.code, null)
  await until('a report that is taken', async () => (await report()).status === 201)
  server.kill('SIGTERM')
  await assertCleanEnd(place, server)
})
