import assert from 'node:assert/strict'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import type { OperationId } from '../../src/api.gen.ts'
import { operationOf } from '../support/contract-client.ts'
import { until } from '../support/deadline.ts'
import { openWorldApart } from '../support/world.ts'
import { calls, operationIds } from './calls.ts'
import { furnishIn } from './furnish.ts'

const MARK = 'mark-of-one'
const world = await openWorldApart()
const { app, server } = world.bursar

const isHeavy = (id: OperationId): boolean => operationOf(id).isHeavy
const reads = operationIds.filter((id) => operationOf(id).method === 'GET')
const heavy = operationIds.filter(isHeavy)
/** Operations that must never wait for heavy reads: decisions and recording of usage. */
const HOT: readonly OperationId[] = [
  'v1.usage.report',
  'v1.events.report',
  'v1.customers.consume',
  'v1.customers.reservations.create',
]

const furnished = () => furnishIn(world, MARK)

/** Starts `count` heavy reads of as many callers. They do not end, and some of them wait. */
async function holdShare(t: TestContext, count: number): Promise<void> {
  const leaving = new AbortController()
  const { promise: end, resolve } = Promise.withResolvers<void>()
  const held = Array.from({ length: count }, (_, index) =>
    app.db.heavy({ caller: `other ${index}`, signal: leaving.signal }, () => end).catch(() => {}),
  )
  t.after(async () => {
    leaving.abort()
    resolve()
    await Promise.all(held)
  })
  await until('the share is held', () => {
    const { running, waiting } = app.db.counts().heavy
    return running > 0 && running + waiting === count
  })
}

test('heavy operations are reads that may read far more than they return', () => {
  assert.ok(heavy.length > 0 && heavy.length < reads.length / 2)
  for (const id of heavy) assert.ok(reads.includes(id), id)
  for (const id of [
    'v1.usage.history',
    'v1.events.beta.customers.retrieveGovernance',
    'v1.audit.list',
    'v1.eventsLog.list',
    'v1.customers.explainEntitlement',
  ] as const)
    assert.ok(isHeavy(id), id)
})

test('if the share is full, heavy reads are a 503 with Retry-After, and other operations work', async (t) => {
  const tenant = await furnished()
  await holdShare(t, 204)
  for (const id of heavy) {
    const { status, headers } = await tenant.call(id, calls[id](MARK))
    assert.deepEqual([status, headers['retry-after']], [503, '1'], id)
  }
  for (const id of [...reads.filter((each) => !isHeavy(each)), ...HOT])
    await tenant.ok(id, calls[id](MARK))
})

test('blocked heavy reads hinder neither checks, nor writes, nor reads of other callers', async (t) => {
  const [one, other] = [await furnished(), await furnished()]
  const log = 'v1.eventsLog.list'
  const tree = 'v1.events.beta.customers.retrieveGovernance'
  await app.db.withClient(async (client) => {
    await client.query('begin; lock table outbox in access exclusive mode')
    t.after(() => client.query('rollback').catch(() => {}))
    const stalled = Array.from({ length: 30 }, () => one.call(log, calls[log](MARK)))
    await until('they stand still', () => app.db.counts().heavy.waiting > 0)
    for (let round = 0; round < 5; round += 1) {
      const asked = Array.from({ length: 20 }, () =>
        other.ok(
          'v1Beta.customers.entitlements.check',
          calls['v1Beta.customers.entitlements.check'](MARK),
        ),
      )
      await Promise.all([
        ...asked,
        other.ok('v1.usage.report', calls['v1.usage.report'](MARK)),
        other.ok(tree, calls[tree](MARK)),
      ])
    }
    await client.query('rollback')
    for (const { status } of await Promise.all(stalled)) assert.ok([200, 429, 503].includes(status))
  })
  assert.deepEqual(app.db.counts().heavy, { running: 0, waiting: 0 })
})

test('the work of a heavy read is cancelled when its caller disconnects, and only then', async (t) => {
  const tenant = await furnished()
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const real = app.db.heavy
  t.after(() => Object.assign(app.db, { heavy: real }))
  const signals: AbortSignal[] = []
  const note = (signal: AbortSignal) => signals.push(signal)
  for (const id of heavy) {
    Object.assign(app.db, {
      heavy: (...[reading, work]: Parameters<typeof real>) => {
        note(reading.signal)
        return real(reading, work)
      },
    })
    await tenant.ok(id, calls[id](MARK))
    assert.equal(signals.pop()?.aborted, false, id)
  }
  Object.assign(app.db, {
    heavy: ({ signal }: Parameters<typeof real>[0]) => {
      note(signal)
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      )
    },
  })
  const asked = request(`${url}/api/v1/events-log`, { headers: { 'x-api-key': tenant.key } })
  asked.on('error', () => {})
  asked.end()
  await until('it is at work', () => signals.length === 1)
  assert.equal(signals[0]?.aborted, false)
  asked.destroy()
  await until('it is stopped', () => signals[0]?.aborted === true)
})
