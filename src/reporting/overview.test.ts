import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, openAgency, params } from '../../test/support/agency.ts'
import { openTwoServers, openWorld, type Tenant } from '../../test/support/world.ts'
import { sql } from '../db/index.ts'
import { instantFromWire, instantToWire } from '../kernel/clock.ts'

const world = await openWorld()
const MINUTE_MS = 60_000

const overview = async (tenant: Tenant, window?: string) =>
  (await tenant.ok('v1.overview.retrieve', { query: window === undefined ? {} : { window } })).data

test('decisions are counted by kind, result and reason, and records by their number', async () => {
  const { tenant, check, consume, reserve, held, commit, report, explain } = await openAgency(world)
  await check(1, ANN)
  await check(20_000)
  await check(31, ANN)
  await consume(1, ANN, { idempotencyKey: 'once' })
  await consume(1, ANN, { idempotencyKey: 'once' })
  await consume(40, ANN)
  await reserve(40, ANN)
  await commit((await held(2, ANN)).id)
  await report(3)
  await explain(1, ANN)
  const { total } = await overview(tenant)
  assert.deepEqual(total, {
    checks: 3,
    consumptions: 2,
    reservations: 2,
    granted: 3,
    denied: 4,
    records: 3,
    denials: [
      { accessDeniedReason: 'BudgetExceeded', count: 3 },
      { accessDeniedReason: 'RequestedUsageExceedingLimit', count: 1 },
    ],
  })
})

test('points have no gaps, and the last one contains now', async () => {
  const { tenant, check } = await openAgency(world)
  await check(1, ANN)
  world.clock.moveTo(world.clock.now() + 3 * MINUTE_MS)
  await check(1, ANN)
  const { points, to, intervalSeconds } = await overview(tenant)
  assert.equal(points.length, 60)
  assert.equal(intervalSeconds, 60)
  assert.deepEqual(
    points.slice(-4).map(({ checks }) => checks),
    [1, 0, 0, 1],
  )
  const now = world.clock.now()
  assert.equal(to, instantToWire(now - (now % MINUTE_MS) + MINUTE_MS))
  const twoDays = await overview(tenant, '48h')
  assert.equal(twoDays.points.length, 288)
  assert.equal(twoDays.intervalSeconds, 600)
  assert.equal(twoDays.total.checks, 2)
  for (const [index, { timestamp }] of twoDays.points.entries())
    assert.equal(instantFromWire(timestamp), instantFromWire(twoDays.from) + index * 10 * MINUTE_MS)
})

test('an overview counts active customers, open reservations, and entities of active types', async () => {
  const { tenant, held, release } = await openAgency(world)
  await held(1)
  await release((await held(1)).id)
  await tenant.ok('v1.customers.provision', { body: { id: 'gone' } })
  await tenant.ok('v1.customers.archive', { params: { id: 'gone' } })
  await tenant.ok('v1Beta.customers.entities.archive', { params, body: { ids: ['gpt'] } })
  const { customers, openReservations, entities, entityTotal } = await overview(tenant)
  const exactly = (count: number) => ({ count, isLowerBound: false })
  assert.deepEqual([customers, openReservations], [exactly(1), exactly(1)])
  assert.deepEqual(entities, [
    { entityTypeId: 'model', ...exactly(0) },
    { entityTypeId: 'org', ...exactly(1) },
    { entityTypeId: 'team', ...exactly(1) },
    { entityTypeId: 'user', ...exactly(2) },
  ])
  assert.deepEqual(entityTotal, exactly(4))
})

test('two servers count what each of them decided, once it is written', async () => {
  const [first, second] = await openTwoServers()
  const { tenant, check } = await openAgency(first)
  await check(1, ANN)
  await second.bursar.decisionWriter.stop()
  const query = { featureId: 'tokens' }
  await tenant.through(second).ok('v1.customers.checkEntitlement', { params, query })
  await first.bursar.decisionWriter.stop()
  assert.equal((await overview(tenant)).total.checks, 1)
  assert.equal((await overview(tenant.through(second))).total.checks, 2)
  await second.bursar.decisionWriter.stop()
  assert.equal((await overview(tenant)).total.checks, 2)
  await second.bursar.decisionWriter.stop()
  assert.equal((await overview(tenant)).total.checks, 2, 'writing again counts nothing twice')
})

test('a count stops at its bound and says so', async () => {
  const tenant = await world.tenant()
  const { app } = world.bursar
  await app.db.transaction((tx) =>
    tx.execute(sql`
    insert into customers (customer_key, environment_key, id, metadata, created_at, updated_at)
    select gen_random_uuid(), ${tenant.scope.environmentKey}::uuid, 'c' || n, '{}', 'epoch', 'epoch'
    from generate_series(1, 10001) as n`),
  )
  assert.deepEqual((await overview(tenant)).customers, { count: 10_000, isLowerBound: true })
})
