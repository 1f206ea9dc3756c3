import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import pino from 'pino'
import { testConnection } from '../../test/support/connection.ts'
import { createChecker, type Request, requestOf } from '../../test/support/contract-client.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import type { OperationId } from '../api.gen.ts'
import type { App } from '../app.ts'
import { column, row, sql } from '../db/index.ts'
import { runDueWork } from '../jobs/due-work.ts'
import { purgeWork } from '../jobs/index.ts'
import { type Bursar, createBursar } from '../main.ts'
import { hashesOf } from './hashes.ts'
import { answerPurge } from './purge-answers.ts'
import { claim } from './store.ts'

const world = await openWorld()
/** Another server on the same database, with its own connections. */
const other = await openWorld()
const { app } = world.bursar

const HOUR_MS = 3_600_000
const PROVISION = 'v1.customers.provision'

type Db = App['db']

/**
 * Opens a third server on the connections of the first one, with faults in its transactions. They
 * begin after its background work has stopped, because that would otherwise use them up.
 */
async function serverWith(faulty: Db['transaction']): Promise<Bursar> {
  let transaction = app.db.transaction
  const db: Db = {
    ...app.db,
    transaction: (work, options) => transaction(work, options),
    close: async () => {},
  }
  const log = pino({ level: 'silent' })
  const bursar = await createBursar({
    app: { ...app, db },
    connection: testConnection(),
    log,
    clock: world.clock,
  })
  await bursar.jobs.stop()
  await bursar.server.ready()
  transaction = faulty
  after(() => bursar.close())
  return bursar
}

/** Calls a server. Its responses are validated like those of a tenant. */
function callerOf(on: Bursar) {
  const check = createChecker(on.validators)
  return async <Id extends OperationId>(id: Id, request: Request) =>
    check(id, await on.server.inject(requestOf(id, request)))
}

const keyed = (key: string, request: Request = {}): Request => ({
  ...request,
  headers: { ...request.headers, 'idempotency-key': key },
})
const provision = (key: string, id: string): Request => keyed(key, { body: { id, name: 'Acme' } })
const isReplay = ({ headers }: { headers: Record<string, unknown> }) =>
  headers['idempotency-replayed'] === 'true'

const created = async (tenant: Tenant) =>
  (await tenant.announced()).filter(({ type }) => type === 'customer.created')

test('50 concurrent identical requests to two servers are executed once and get the same response', async () => {
  const tenant = await world.tenant()
  const request = { ...provision('k1', 'acme'), apiKey: tenant.key }
  const servers = [callerOf(world.bursar), callerOf(other.bursar)]
  const answers = await Promise.all(
    Array.from({ length: 25 }, () => servers.map((call) => call(PROVISION, request))).flat(),
  )
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1)
  assert.equal(answers.filter(isReplay).length, 49)
  assert.equal((await created(tenant)).length, 1)
})

test('a repeated key with the same content gets the first response, and with other content a 400', async () => {
  const tenant = await world.tenant()
  const first = await tenant.call(PROVISION, keyed('k', { body: { id: 'a', name: 'A' } }))
  const again = await tenant.call(PROVISION, keyed('k', { body: '{"name":"A", "id":"a"}' }))
  assert.deepEqual([again.status, again.text, isReplay(again)], [201, first.text, true])
  const wrong = { status: 400, code: 'InvalidArgumentError', message: /Idempotency-Key/ }
  await tenant.refused(PROVISION, keyed('k', { body: { id: 'b', name: 'A' } }), wrong)
  await tenant.refused(PROVISION, keyed('k', { body: { id: 'a' } }), wrong)
  assert.equal((await created(tenant)).length, 1)
})

test('a key is valid for its path and its environment only', async () => {
  const [one, two] = [await world.tenant(), await world.tenant()]
  for (const tenant of [one, two]) {
    const made = await tenant.call(PROVISION, provision('k', 'acme'))
    assert.deepEqual([made.status, isReplay(made)], [201, false])
    for (const id of ['v1.customers.archive', 'v1.customers.unarchive'] as const) {
      const done = await tenant.call(id, keyed('k', { params: { id: 'acme' } }))
      assert.deepEqual([done.status, isReplay(done)], [200, false])
    }
  }
})

test('a refusal by the work is stored with its headers, and the work has written nothing', async () => {
  const tenant = await world.tenant()
  await tenant.ok(PROVISION, { body: { id: 'acme' } })
  const body = { id: 's', vendorIdentifier: 'STRIPE', syncedEntityId: 'cus_1' }
  const link = keyed('k', { params: { id: 'b' }, body })
  const missing = await tenant.call('v1.customers.integrations.link', link)
  assert.deepEqual([missing.status, isReplay(missing)], [404, false])
  await tenant.ok(PROVISION, { body: { id: 'b' } })
  const still = await tenant.call('v1.customers.integrations.link', link)
  assert.deepEqual([still.status, still.text, isReplay(still)], [404, missing.text, true])
  await tenant.ok('v1.customers.integrations.link', keyed('k2', link))

  const before = await tenant.announced()
  for (const replayed of [false, true]) {
    const taken = await tenant.call(PROVISION, provision('k', 'acme'))
    assert.deepEqual([taken.status, isReplay(taken)], [409, replayed])
    assert.equal(taken.headers['x-should-retry'], 'false')
  }
  assert.deepEqual(await tenant.announced(), before)
})

test('a request that is refused before the work leaves its key free', async () => {
  const tenant = await world.tenant()
  const readOnly = await tenant.newKey('read-only')
  const request = provision('k', 'acme')
  const refusals: [request: Request, status: number][] = [
    [{ ...request, apiKey: 'server-nobody' }, 401],
    [{ ...request, apiKey: readOnly }, 403],
    [{ ...request, body: '{"id":' }, 400],
    [{ ...request, body: { id: '-not an id-' } }, 400],
  ]
  for (const [wrong, status] of refusals)
    assert.equal((await tenant.call(PROVISION, wrong)).status, status)
  const made = await tenant.call(PROVISION, request)
  assert.deepEqual([made.status, isReplay(made)], [201, false])
  assert.equal((await tenant.call(PROVISION, { ...request, apiKey: readOnly })).status, 403)
})

/** Sends a request to a server that crashes, and again to another server that works. */
async function retriedAfter(crashing: Bursar, tenant: Tenant) {
  const request = { ...provision('k', 'acme'), apiKey: tenant.key }
  const lost = await crashing.server.inject(requestOf(PROVISION, request))
  assert.equal(lost.statusCode, 500)
  return tenant.call(PROVISION, request)
}

test('after a crash between COMMIT and the response, the retry gets the response', async () => {
  const tenant = await world.tenant()
  const crashing = await serverWith(async (work, options) => {
    await app.db.transaction(work, options)
    throw new Error('the process died before it could respond')
  })
  const retried = await retriedAfter(crashing, tenant)
  assert.deepEqual([retried.status, isReplay(retried)], [201, true])
  assert.equal((await created(tenant)).length, 1)
  const without = await tenant.call(PROVISION, { body: { id: 'acme', name: 'Acme' } })
  assert.equal(without.status, 409)
})

test('a crash before COMMIT leaves nothing, and the retry is executed', async () => {
  const tenant = await world.tenant()
  const crashing = await serverWith((work, options) =>
    app.db.transaction(async (tx) => {
      await work(tx)
      throw new Error('the process died before it could commit')
    }, options),
  )
  const retried = await retriedAfter(crashing, tenant)
  assert.deepEqual([retried.status, isReplay(retried)], [201, false])
  assert.equal((await created(tenant)).length, 1)
})

test('after a deadlock everything is run again, and the work takes effect once', async () => {
  const tenant = await world.tenant()
  let attempts = 0
  const deadlocking = await serverWith((work, options) =>
    app.db.transaction(async (tx) => {
      const result = await work(tx)
      attempts += 1
      if (attempts < 3) throw Object.assign(new Error('deadlock detected'), { code: '40P01' })
      return result
    }, options),
  )
  const request = { ...provision('k', 'acme'), apiKey: tenant.key }
  const made = await callerOf(deadlocking)(PROVISION, request)
  assert.deepEqual([made.status, isReplay(made), attempts], [201, false, 3])
  assert.equal((await created(tenant)).length, 1)
})

test('a request that waits too long for the first one is asked to try again, and is then executed', async () => {
  const tenant = await world.tenant()
  const request = provision('k', 'acme')
  const hashes = hashesOf({
    path: '/api/v1/customers {}',
    key: 'k',
    content: { query: {}, body: request.body },
  })
  const named = { scope: tenant.scope, hashes }
  const busy = { status: 400, code: 'ObjectAlreadyBeingUsedByAnotherRequestError' }
  await app.db
    .transaction(async (tx) => {
      assert.equal(await claim(tx, named, { clock: world.clock, keptMs: 1 }), 1)
      // The first request waits in the database. The second waits for the first in the process.
      const answers = await Promise.all([1, 2].map(() => tenant.call(PROVISION, request)))
      for (const { status, refusal, headers } of answers) {
        assert.deepEqual({ status, code: refusal?.code }, busy)
        assert.equal(headers['x-should-retry'], 'true')
        assert.equal(headers['retry-after'], '1')
      }
      throw new Error('the first one fails')
    })
    .catch((error: Error) => assert.equal(error.message, 'the first one fails'))
  const made = await tenant.call(PROVISION, request)
  assert.deepEqual([made.status, isReplay(made)], [201, false])
})

test('writes to one customer, with and without keys, do not use up the connections', async () => {
  const narrow = await openWorld({ BURSAR_DATABASE_POOL: '2' })
  const tenant = await narrow.tenant()
  await tenant.ok(PROVISION, { body: { id: 'acme' } })
  const params = { id: 'acme' }
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) => {
      const id = index % 4 < 2 ? 'v1.customers.archive' : 'v1.customers.unarchive'
      return tenant.call(id, index % 2 === 0 ? { params } : keyed(`k${index}`, { params }))
    }),
  )
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
})

test('a response is repeated for 24 hours of the clock and is then purged', async () => {
  const tenant = await world.tenant()
  const start = world.clock.now()
  const archive = () => tenant.call('v1.customers.archive', keyed('k', { params: { id: 'acme' } }))
  const kept = async () => {
    const counted = row({ n: column.integer })
    const count = sql`select count(*) as n from idempotency_answers
      where environment_key = ${tenant.scope.environmentKey}::uuid`
    return (await app.db.read.one(counted, count)).n
  }
  await tenant.ok(PROVISION, { body: { id: 'acme' } })
  assert.equal(isReplay(await archive()), false)
  world.clock.moveTo(start + 24 * HOUR_MS - 1)
  assert.equal(isReplay(await archive()), true)
  world.clock.moveTo(start + 24 * HOUR_MS)
  assert.equal(isReplay(await archive()), false)
  assert.equal(isReplay(await archive()), true)
  world.clock.moveTo(start + 48 * HOUR_MS - 1)
  await runDueWork(app, purgeWork([answerPurge]))
  assert.equal(await kept(), 1)
  world.clock.moveTo(start + 49 * HOUR_MS)
  await runDueWork(app, purgeWork([answerPurge]))
  assert.equal(await kept(), 0)
  world.clock.moveTo(start)
})

test('a key is 1 to 255 visible ASCII characters, and has an effect only on POST', async () => {
  const tenant = await world.tenant()
  for (const key of ['', ' ', 'a b', 'é', 'a\tb', 'a'.repeat(256), 'a, a'])
    await tenant.refused(PROVISION, provision(key, 'acme'), {
      status: 400,
      code: 'BadUserInput',
      message: /Idempotency-Key/,
    })
  for (const key of ['a'.repeat(255), '~', '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
    await tenant.ok(PROVISION, provision(key, `c${key.length}`))
  await tenant.ok('v1.customers.list', keyed('not a key'))
  for (const name of ['A', 'B']) {
    const update = keyed('k', { params: { id: 'c1' }, body: { name } })
    assert.equal((await tenant.ok('v1.customers.update', update)).data.name, name)
  }
})

test('a response is repeated until it is too old by both clocks', async () => {
  const { scope } = await world.tenant()
  const named = { scope, hashes: hashesOf({ path: '/', key: 'both', content: {} }) }
  const clock = { ...world.clock, isTest: false, now: Date.now }
  const ahead = { ...clock, now: () => Date.now() + 400 * 24 * HOUR_MS }
  const isTaken = (by: typeof clock) =>
    app.db.transaction((tx) => claim(tx, named, { clock: by, keptMs: 24 * HOUR_MS }))
  assert.equal(await isTaken(clock), 1)
  assert.equal(await isTaken(clock), 0)
  assert.equal(await isTaken(ahead), 0)
  assert.equal(await isTaken({ ...ahead, isTest: true }), 1)
})
