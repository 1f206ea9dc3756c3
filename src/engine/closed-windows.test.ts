import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { shownChains } from '../../test/support/decisions.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { NOW, openWorldApart, type Tenant, type World } from '../../test/support/world.ts'
import { findCustomerKey } from '../customers/index.ts'
import { column, row, sql, type Tx, within } from '../db/index.ts'
import { createDecisionRecorder } from '../decisions/index.ts'
import { engine } from '../handlers.ts'
import { required } from '../kernel/assert.ts'
import { type Instant, instantFromWire, instantToWire } from '../kernel/clock.ts'
import { systemOrigin } from '../kernel/origin.ts'
import { usageHandlers } from './http/records.ts'
import { rebuildCustomer } from './verify/verify-customer.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const start = instantFromWire(NOW)
const LIMITS = { org: 1_000_000, 'team P1D': 100_000, 'ann PT1H': 1000 }

type Agency = Awaited<ReturnType<typeof openAgency>>

/** A customer with windows that are closed at the time that `move` moves to. */
async function openLong(world: World) {
  world.clock.moveTo(start)
  const agency = await openAgency(world, { usageLimit: null, limits: LIMITS })
  const { tenant } = agency
  await tenant.ok('v1Beta.governance.updateThresholdConfig', { body: { thresholds: [50] } })
  const customerKey = required(
    await findCustomerKey(world.bursar.app.db.read, tenant.scope, params.id),
    params.id,
  )
  return { ...agency, ...lookingAt(world, tenant), customerKey }
}

const countRow = row({ rows: column.integer })

function lookingAt(world: World, tenant: Tenant) {
  const { db } = world.bursar.app
  const own = sql`environment_key = ${tenant.scope.environmentKey}::uuid`
  return {
    rowsOf: async (table: 'budget_counters' | 'fired_thresholds' | 'reservations') => {
      const from = { text: [table], values: [] }
      return (await db.read.one(countRow, sql`select count(*) as rows from ${from} where ${own}`))
        .rows
    },
    differences: () => differencesOf(world, tenant),
    /** Runs all work that is due at an instant. A purge is repeated until nothing is left. */
    runAt: async (at: Instant) => {
      for (let part = 0; part < 4; part += 1) {
        world.clock.moveTo(at + part)
        await world.bursar.jobs.runNow()
      }
    },
    execute: (statement: Parameters<typeof db.read.many>[1]) =>
      db.transaction((tx) => tx.execute(statement)),
    used: async () => {
      const { data } = await tenant.ok('v1.events.beta.customers.retrieveGovernance', {
        params,
        query: { featureIds: FEATURE, sortBy: 'id', order: 'asc' },
      })
      return data.map(({ entityId, currentUsage }) => `${entityId} ${currentUsage}`).join(', ')
    },
  }
}

/** Late usage, which is recorded even if the limit is used up. */
const lateUse = (agency: Agency, amount: number, at: Instant) =>
  agency.consume(amount, ANN, { mode: 'record', timestamp: instantToWire(at) })

const world = await openWorldApart()

test('purging the windows that ended more than 35 days ago changes no answer', async () => {
  const agency = await openLong(world)
  const { budget, consume, held, release, rowsOf, runAt, used, differences } = agency
  await consume(600, ANN)
  // Another cadence takes over the window in progress.
  world.clock.moveTo(start + MINUTE_MS)
  await budget({ 'ann PT2H': 1000 })
  await consume(20, ANN)
  await release((await held(5, ANN)).id)
  // One per cadence.
  assert.equal(await rowsOf('fired_thresholds'), 2)
  const before = await rowsOf('budget_counters')

  await runAt(start + 34 * DAY_MS)
  assert.equal(await rowsOf('budget_counters'), before)
  assert.deepEqual(await differences(), {})

  await runAt(start + 40 * DAY_MS)
  // The month of the organisation is too recent to be purged.
  assert.equal(await rowsOf('budget_counters'), 1)
  assert.equal(await rowsOf('fired_thresholds'), 0)
  assert.equal(await rowsOf('reservations'), 0)
  assert.deepEqual(await differences(), {})
  await consume(7, ANN)
  assert.equal(await used(), 'ann 7, org 7, team 7')
  assert.deepEqual(await differences(), {})

  // Late usage is shown as computed from the records, every time.
  for (const [amount, usage] of [
    [3, 623],
    [4, 627],
  ] as const)
    assert.deepEqual(shownChains(await lateUse(agency, amount, start + 2 * MINUTE_MS)), [
      [`ann ${usage}/1000`, `team ${usage}/100000`, `org ${usage}/1000000`],
    ])
  // In a window before the budget's current cadence: only what was posted to that window.
  assert.deepEqual(shownChains(await lateUse(agency, 2, start + 10 * MINUTE_MS)), [
    ['ann 629/1000', 'team 629/100000', 'org 629/1000000'],
  ])
  assert.deepEqual(await differences(), {})
  await runAt(start + 42 * DAY_MS)
  assert.deepEqual(await differences(), {})
})

test('a rebuild creates no counter of a purged window, and verification finds a wrong counter', async () => {
  const { consume, rowsOf, runAt, differences, tenant, customerKey, execute } =
    await openLong(world)
  await consume(600, ANN)
  await runAt(start + 40 * DAY_MS)
  await consume(7, ANN)
  const rows = await rowsOf('budget_counters')
  await rebuildCustomer(world.bursar.app, { scope: tenant.scope, customerKey })
  assert.equal(await rowsOf('budget_counters'), rows)
  assert.deepEqual(await differences(), {})
  const open = sql`customer_key = ${customerKey}::uuid
    and window_start >= ${instantToWire(start + 39 * DAY_MS)}::timestamptz`
  await execute(sql`update budget_counters set usage = usage + 1 where ${open}`)
  assert.deepEqual(await differences(), { counters: 2 })
  await execute(sql`delete from budget_counters where ${open}`)
  assert.deepEqual(await differences(), { counters: 2 })
  await rebuildCustomer(world.bursar.app, { scope: tenant.scope, customerKey })
  assert.deepEqual(await differences(), {})
})

test('a hold in a window that has ended stays in that window and is committed there', async () => {
  const { consume, held, extend, commit, rowsOf, runAt, differences } = await openLong(world)
  await consume(600, ANN)
  const { id } = await held(5, ANN, { ttlSeconds: 86_400 })
  for (let times = 1; times <= 42; times += 1) {
    await runAt(start + times * 23 * 60 * MINUTE_MS)
    await extend(id, 86_400)
  }
  // The hour and the day with the hold, and the month.
  assert.equal(await rowsOf('budget_counters'), 3)
  assert.deepEqual(await differences(), {})
  await commit(id, { amount: 4 })
  assert.deepEqual(await differences(), {})
  await runAt(start + 42 * DAY_MS)
  assert.equal(await rowsOf('budget_counters'), 1)
  assert.deepEqual(await differences(), {})
})

/** The number of records that this transaction has read so far. */
const recordsRead = async (tx: Tx): Promise<number> =>
  (
    await tx.one(
      countRow,
      sql`
      select coalesce(sum(pg_stat_get_xact_tuples_returned(oid)
        + pg_stat_get_xact_tuples_fetched(oid)), 0)::integer as rows
      from pg_class where relname like 'usage_events%' and relkind in ('r', 'i')`,
    )
  ).rows

test('a late report to a purged window counts without its records', async () => {
  const { tenant, consume, runAt, used, differences } = await openLong(world)
  const { app } = world.bursar
  await consume(600, ANN)
  for (let times = 1; times < 100; times += 1) await consume(1, ANN)
  await runAt(start + 70 * DAY_MS)
  const createdAt = instantToWire(start + 2 * MINUTE_MS)
  const usages = [
    { customerId: params.id, featureId: FEATURE, value: 3, dimensions: ANN, createdAt },
  ]
  await app.db.transaction(async (tx) => {
    const before = await recordsRead(tx)
    const own = { ...app, db: within(tx) }
    const call = { app: own, scope: tenant.scope, origin: systemOrigin('test') }
    const asked = { params: {}, query: {}, body: { usages } }
    await usageHandlers(engine, createDecisionRecorder())['v1.usage.report'](asked, call)
    const read = (await recordsRead(tx)) - before
    assert.ok(read < 10, `${read} records were read`)
  })
  assert.equal(await used(), 'ann 0, org 0, team 0')
  assert.deepEqual(await differences(), {})
})

test('a customer that is locked for counting is purged the next time', async () => {
  const { consume, rowsOf, runAt, customerKey } = await openLong(world)
  await consume(600, ANN)
  const rows = await rowsOf('budget_counters')
  const at = start + 40 * DAY_MS
  await world.bursar.app.db.withClient(async (client) => {
    await client.query('begin')
    await client.query('select from customer_heads where customer_key = $1 for update', [
      customerKey,
    ])
    await runAt(at)
    assert.equal(await rowsOf('budget_counters'), rows)
    await client.query('rollback')
  })
  await runAt(at + 2 * MINUTE_MS)
  assert.equal(await rowsOf('budget_counters'), 1)
})

test('an ended reservation is kept as long as its key, even if windows are kept for less time', async () => {
  const short = await openWorldApart({ BURSAR_WINDOW_RETENTION_DAYS: '1' })
  const { consume, reserve, release, rowsOf, runAt, differences } = await openLong(short)
  await consume(600, ANN)
  const key = { idempotencyKey: 'held' }
  const first = required((await reserve(5, ANN, key)).reservation, 'what is held')
  await release(first.id)
  await runAt(start + 34 * DAY_MS)
  assert.equal(await rowsOf('reservations'), 1)
  assert.ok((await rowsOf('budget_counters')) < 3)
  const again = required((await reserve(5, ANN, key)).reservation, 'what was held')
  assert.deepEqual([again.id, again.status], [first.id, 'released'])
  assert.deepEqual(await differences(), {})
  await runAt(start + 37 * DAY_MS)
  assert.equal(await rowsOf('reservations'), 0)
  assert.deepEqual(await differences(), {})
})
