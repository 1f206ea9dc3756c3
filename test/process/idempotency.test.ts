import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { databaseUrl, findRunning } from '../../src/embedded-postgres/index.ts'
import { urlOf } from '../support/cli-process.ts'
import { newDatabase } from '../support/databases.ts'
import { until, within } from '../support/deadline.ts'
import { customerCall, done } from '../support/entity-calls.ts'
import {
  ask,
  type Call,
  createClient,
  type KeepAliveClient,
  type Outcome,
} from '../support/keep-alive-client.ts'
import { randomFrom, seedOf } from '../support/random.ts'
import { endCleanly, openPlace, type Place } from '../support/server-process.ts'
import { openRelay } from './commit-relay.ts'

/** How often the server is killed. Few by default, because CI has little time. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 3)
const CALLERS = 8
/** How many customers each caller must create between two kills. */
const WORK_BETWEEN = 5
/**
 * A kill comes after a random delay of up to so many milliseconds, during any step of a request.
 */
const SPREAD_MS = 40
/** How long a caller waits before it tries again, in milliseconds. */
const PAUSE_MS = 20

const keyedCall = (id: string): Call => ({
  ...customerCall(id),
  headers: { 'idempotency-key': `make-${id}` },
})

async function startBeside(place: Place) {
  const connection = await findRunning(place.dataDir)
  assert.ok(connection !== null)
  return place.start({ settings: { DATABASE_URL: databaseUrl(connection) } })
}

test('50 concurrent identical POSTs to two server processes are executed once', async (t) => {
  const place = openPlace(t)
  const first = await place.start()
  const second = await startBeside(place)
  for (const id of ['acme', 'globex', 'initech']) {
    const urls = Array.from({ length: 25 }, () => [first.url, second.url]).flat()
    const answers = await Promise.all(urls.map((url) => ask(url, keyedCall(id))))
    for (const { status } of answers) assert.equal(status, 201)
    assert.equal(new Set(answers.map(({ body }) => JSON.stringify(body))).size, 1)
    const replays = answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true')
    assert.equal(replays.length, 49)
  }
  second.kill('SIGTERM')
  assert.deepEqual(await second.end(), { code: 0, signal: null })
  await endCleanly(place, first)
})

for (const [at, isReplay] of [
  ['before the commit', false],
  ['after the commit', true],
] as const)
  test(`after a kill ${at} without a response, the retry gets the answer of the first request`, async (t) => {
    const place = openPlace(t)
    const database = await newDatabase(t)
    const direct = { settings: { DATABASE_URL: urlOf(database) } }
    const killed = Promise.withResolvers<void>()
    const relay = await openRelay(t, database, { at, reached: killed.resolve })
    const server = await place.start({ settings: { DATABASE_URL: relay.url } })
    const client = createClient()
    t.after(() => client.close())
    const lost = client.send(server.url, keyedCall('acme'))
    await within('the point of the kill', killed.promise)
    server.kill('SIGKILL')
    assert.equal((await lost).kind, 'none')
    const next = await place.start(direct)
    const retried = await ask(next.url, keyedCall('acme'))
    assert.deepEqual(
      [retried.status, retried.headers['idempotency-replayed'] === 'true'],
      [201, isReplay],
    )
    assert.deepEqual(await listedIds(next.url), ['acme'])
    assert.equal((await ask(next.url, customerCall('acme'))).status, 409)
  })

test('after repeated kill -9, a retry with a key never gets a conflict with its own first request', async (t) => {
  const place = openPlace(t)
  const running = { server: await place.start() }
  const random = randomFrom(seedOf(t), 0)
  const callers = Array.from({ length: CALLERS }, (_, index) =>
    startCaller(`caller-${index}`, () => running.server.url),
  )
  t.after(() => Promise.allSettled(callers.map((caller) => caller.stop())))
  for (let round = 0; round < ROUNDS; round += 1) {
    await workOn(callers)
    await delay(random.below(SPREAD_MS))
    running.server.kill('SIGKILL')
    await running.server.end()
    running.server = await place.start()
  }
  await workOn(callers)
  await Promise.all(callers.map((caller) => within('the end of a caller', caller.stop())))
  const made = callers.flatMap((caller) => caller.made)
  const retried = callers.reduce((sum, caller) => sum + caller.retries(), 0)
  const replayed = callers.reduce((sum, caller) => sum + caller.replays(), 0)
  assert.deepEqual((await listedIds(running.server.url)).sort(), made.sort())
  t.diagnostic(`${made.length} customers, ${retried} retries, ${replayed} of them answered before`)
  await endCleanly(place, running.server)
})

type Caller = {
  readonly made: string[]
  /** Returns how many customers were created. Throws after a response that must not occur. */
  count(): number
  retries(): number
  replays(): number
  stop(): Promise<void>
}

/** Creates one customer after the other, and repeats each request until it gets a response. */
function startCaller(name: string, url: () => string): Caller {
  const state = { made: [] as string[], retries: 0, replays: 0, stopped: false }
  const client = createClient()
  let failure: Error | null = null
  const run = async () => {
    while (!state.stopped) {
      const id = `${name}-${state.made.length}`
      const answer = await untilAnswered(client, { id, url }, () => {
        state.retries += 1
      })
      // Without the key, a repetition of a successful request would get 409.
      assert.equal(answer.status, 201, JSON.stringify(answer.body))
      assert.equal(answer.body.data.id, id)
      if (answer.headers['idempotency-replayed'] === 'true') state.replays += 1
      state.made.push(id)
    }
  }
  const ended = run().finally(() => client.close())
  ended.catch((error) => {
    failure = error
  })
  return {
    made: state.made,
    count: () => {
      if (failure !== null) throw failure
      return state.made.length
    },
    retries: () => state.retries,
    replays: () => state.replays,
    stop: () => {
      state.stopped = true
      return ended
    },
  }
}

async function untilAnswered(
  client: KeepAliveClient,
  { id, url }: { id: string; url: () => string },
  onRetry: () => void,
): Promise<Outcome & { kind: 'answer' }> {
  for (;;) {
    const outcome = await client.send(url(), keyedCall(id))
    // A transaction of the killed server may still run in the database.
    const isBusy = outcome.kind === 'answer' && outcome.headers['x-should-retry'] === 'true'
    if (outcome.kind === 'answer' && outcome.status !== 503 && !isBusy) return outcome
    onRetry()
    await delay(PAUSE_MS)
  }
}

/** Waits until each caller has created `WORK_BETWEEN` more customers. */
async function workOn(callers: readonly Caller[]): Promise<void> {
  const goals = callers.map((caller) => caller.count() + WORK_BETWEEN)
  await until('customers of every caller', () =>
    callers.every((caller, index) => caller.count() >= (goals[index] ?? 0)),
  )
}

async function listedIds(url: string): Promise<string[]> {
  const ids: string[] = []
  for (let after: string | null = ''; after !== null; ) {
    const cursor: string = after === '' ? '' : `&after=${after}`
    const page = await done(url, { method: 'GET', path: `/api/v1/customers?limit=100${cursor}` })
    ids.push(...page.data.map((customer: { id: string }) => customer.id))
    after = page.pagination.next
  }
  return ids
}
