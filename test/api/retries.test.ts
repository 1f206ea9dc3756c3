import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Operation } from '../../src/http/index.ts'
import { required } from '../../src/kernel/assert.ts'
import { contract } from '../support/api-document.ts'
import { type Request, requestOf } from '../support/contract-client.ts'
import { type Loss, openHttpRelay } from '../support/http-relay.ts'
import { createClient } from '../support/keep-alive-client.ts'
import { NAMED_WRITES } from '../support/named-writes.ts'
import { openWorld, type Tenant, type World, withMade } from '../support/world.ts'
import { calls } from './calls.ts'
import { furnishIn } from './furnish.ts'
import { FINAL_WRITES, NEWEST_KEY, ONCE, overtaking } from './overtaking.ts'
import { portrait } from './portrait.ts'

/** Each operation that writes is retried as the official SDKs do if they get no response. */

const writes = contract.operations.filter(({ method }) => method !== 'GET')
const ONE_EACH = JSON.stringify({
  operations: Object.fromEntries(writes.map(({ primaryId }) => [primaryId, 1])),
})

const listening = async (world: World) => ({
  world,
  url: await world.bursar.server.listen({ host: '127.0.0.1', port: 0 }),
})
const here = await listening(await openWorld())
const there = await listening(await openWorld())
// Portraits show objects of one instant in the order of their keys. So both servers share `ids`.
const { ids } = here.world.bursar.app
const limited = await listening(await openWorld({ BURSAR_RATE_LIMITS: ONE_EACH }, { ids }))
const relay = await openHttpRelay(here.url)

/** The only operation whose retry without keys counts again if the original is not known. */
const REPORT = 'v1.usage.report'
/** Its repetition finds nothing left to change, and says so. Events do not tell what changed. */
const APPLY = 'v1.catalog.apply'

/** The request that an SDK sends, without keys where they are optional. */
function requestTo({ primaryId, id }: Operation): Request {
  const request = { ...calls[primaryId]('mark'), twin: id !== primaryId }
  if (primaryId !== REPORT) return request
  const usage = { customerId: 'acme', featureId: 'api-calls', value: 3 }
  return { ...request, body: { usages: [usage] } }
}

type RetryCase = { tenant: Tenant; operation: Operation; retry: number }

/** Sends another request to the operation, which refuses it. */
async function waste(url: string, sending: RetryCase): Promise<void> {
  const client = createClient()
  const { status } = (await client.send(url, { ...wireOf(sending), body: [] })) as {
    status: number
  }
  client.close()
  assert.equal(status, 400)
}

/** Sends a request on a new connection. Returns null if there was no response. */
async function send(url: string, sending: RetryCase) {
  const client = createClient()
  try {
    const sent = await client.send(url, wireOf(sending))
    return sent.kind === 'answer' ? sent : null
  } finally {
    client.close()
  }
}

function wireOf({ tenant, operation, retry }: RetryCase) {
  const request = withMade(tenant.made, requestTo(operation))
  const { method, url: path } = requestOf(operation.primaryId, request)
  return {
    method: String(method),
    path: String(path),
    apiKey: tenant.key,
    headers: { 'x-stainless-retry-count': String(retry) },
    ...(request.body === undefined ? {} : { body: request.body }),
  }
}

/** Denials show the trace id of their request. */
const withoutKeys = (text: string) =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '(key)')
    .replaceAll(/"traceId":"[0-9a-f]{32}"/g, '"traceId":"(trace)"')

/** The portraits of environments in which an operation was called `times` times. */
const expected = new Map<string, Promise<string>>()
function afterTimes(operation: Operation, times: number): Promise<string> {
  const name = `${times} ${operation.id}`
  const known = expected.get(name) ?? callTimes(operation, times)
  expected.set(name, known)
  return known
}

/**
 * Returns the portrait of an environment in which the operation was called, the object was then
 * changed by another one (`overtaking`), and the operation was called again.
 */
async function afterOvertaking(operation: Operation): Promise<string> {
  const tenant = await furnishIn(here.world, 'mark')
  const answer = await send(here.url, { tenant, operation, retry: 0 })
  assert.equal(answer?.status, operation.successStatus)
  await overtake(tenant, operation)
  await send(here.url, { tenant, operation, retry: 0 })
  return withoutKeys(await portrait(tenant))
}

async function overtake(tenant: Tenant, { primaryId }: Operation): Promise<void> {
  const { data } = await tenant.ok('v1.apiKeys.list')
  tenant.made.set(NEWEST_KEY, required(data[0], 'a key').id)
  const [id, request] = required(overtaking[primaryId], `what overtakes ${primaryId}`)
  const { refusal } = await tenant.call(id, request)
  assert.equal(refusal, null)
}

async function callTimes(operation: Operation, times: number): Promise<string> {
  const tenant = await furnishIn(here.world, 'mark')
  for (let time = 0; time < times; time += 1) {
    const answer = await send(here.url, { tenant, operation, retry: 0 })
    assert.equal(answer?.status, operation.successStatus)
  }
  return withoutKeys(await portrait(tenant))
}

const bodyOf = (answer: string): unknown => withoutReplay(answer.slice(answer.indexOf('\r\n\r\n')))

/**
 * Fields in which the first response differs from that to a repetition. Repetitions of a decision
 * show no budgets, because these may have changed. Repetitions of a commit do not show which
 * dimensions named no entity. Secrets are shown once.
 */
const OF_ONE = ['replayed', 'chains', 'unresolved', 'secret', 'code']

const withoutReplay = (text: string): unknown =>
  JSON.parse(text, (name, value) => (OF_ONE.includes(name) ? undefined : value))

/** Sends a request whose response is lost. Returns the response that the server sent. */
async function lose(loss: Loss, sending: RetryCase): Promise<string> {
  relay.loseNext(loss)
  assert.equal(await send(relay.url, sending), null)
  return relay.lastAnswer()
}

/** Advances the machine's clock, by which calls are limited. */
function passOneMinute(t: TestContext): void {
  const later = performance.now() + 61_000
  t.mock.method(performance, 'now', () => later)
}

for (const operation of writes) {
  const { id, successStatus } = operation

  test(`${id}: a write whose responses are lost is executed once, and retries get the first answer`, async () => {
    const tenant = await furnishIn(here.world, 'mark')
    const answers = [
      await lose('reset', { tenant, operation, retry: 0 }),
      await lose('reset', { tenant, operation, retry: 1 }),
    ]
    const last = await send(here.url, { tenant, operation, retry: 2 })
    assert.equal(last?.status, successStatus)
    for (const answer of id === APPLY ? [] : answers)
      assert.deepEqual(bodyOf(answer), withoutReplay(JSON.stringify(last.body)))
    assert.equal(withoutKeys(await portrait(tenant)), await afterTimes(operation, 1))
  })

  for (const [loss, what] of [
    ['left', 'a write whose caller leaves before the response is executed once'],
    ['dropped', 'a write that never arrived is executed once by its retry'],
  ] as const)
    test(`${id}: ${what}`, async () => {
      const tenant = await furnishIn(here.world, 'mark')
      await lose(loss, { tenant, operation, retry: 0 })
      const again = await send(here.url, { tenant, operation, retry: 1 })
      assert.equal(again?.status, successStatus)
      assert.equal(withoutKeys(await portrait(tenant)), await afterTimes(operation, 1))
    })

  test(`${id}: after success on one server, a retry at another server succeeds`, async () => {
    const tenant = await furnishIn(here.world, 'mark')
    const first = bodyOf(await lose('reset', { tenant, operation, retry: 0 }))
    const again = await send(there.url, { tenant, operation, retry: 1 })
    assert.equal(again?.status, successStatus)
    const isKnown = id !== REPORT
    if (isKnown && id !== APPLY) assert.deepEqual(withoutReplay(JSON.stringify(again.body)), first)
    const portrayed = withoutKeys(await portrait(tenant))
    assert.equal(portrayed, await afterTimes(operation, isKnown ? 1 : 2))
  })

  test(`${id}: a write that is refused before any work is executed by its retry`, async (t) => {
    const tenant = await furnishIn(here.world, 'mark')
    const { url } = limited
    // A refused call counts towards the limit.
    await waste(url, { tenant, operation, retry: 0 })
    assert.equal((await send(url, { tenant, operation, retry: 0 }))?.status, 429)
    passOneMinute(t)
    assert.equal((await send(url, { tenant, operation, retry: 1 }))?.status, successStatus)
    assert.equal(withoutKeys(await portrait(tenant)), await afterTimes(operation, 1))
  })

  if (ONCE.has(operation.primaryId))
    test(`${id}: a retry is refused if there is another object than its original was about`, async () => {
      const tenant = await furnishIn(here.world, 'mark')
      await lose('reset', { tenant, operation, retry: 0 })
      await overtake(tenant, operation)
      const before = await portrait(tenant)
      for (const { url } of [here, there])
        assert.equal((await send(url, { tenant, operation, retry: 1 }))?.status, 412)
      assert.equal(await portrait(tenant), before)
    })

  const isExecutedAgain = ![NAMED_WRITES, FINAL_WRITES, ONCE].some((writes) =>
    writes.has(operation.primaryId),
  )
  if (isExecutedAgain)
    test(`${id}: a retry is executed again if a later write has changed the result of its original`, async () => {
      const tenant = await furnishIn(here.world, 'mark')
      await lose('reset', { tenant, operation, retry: 0 })
      await overtake(tenant, operation)
      // This is a retry of a later request, whose original was refused before it was executed.
      const again = await send(here.url, { tenant, operation, retry: 1 })
      assert.equal(again?.status, successStatus)
      assert.equal(withoutKeys(await portrait(tenant)), await afterOvertaking(operation))
    })
}

test('of five reports with a limit of three per minute, all five count after retries', async (t) => {
  const three = await listening(
    await openWorld({ BURSAR_RATE_LIMITS: '{"operations":{"v1.usage.report":3}}' }),
  )
  const tenant = await furnishIn(here.world, 'mark')
  const report = required(
    writes.find(({ id }) => id === REPORT),
    REPORT,
  )
  const statusOf = async (retry: number) =>
    (await send(three.url, { tenant, operation: report, retry }))?.status
  const first = [await statusOf(0), await statusOf(0), await statusOf(0)]
  assert.deepEqual(first, [201, 201, 201])
  assert.deepEqual([await statusOf(0), await statusOf(0)], [429, 429])
  passOneMinute(t)
  assert.deepEqual([await statusOf(1), await statusOf(1)], [201, 201])
  assert.equal(withoutKeys(await portrait(tenant)), await afterTimes(report, 5))
})
