import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { openShop } from '../../test/support/shop.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { NOW, openWorldApart } from '../../test/support/world.ts'
import { required } from '../kernel/assert.ts'
import { instantFromWire } from '../kernel/clock.ts'

const world = await openWorldApart()
// Due work would meet the schema that the test restores.
await world.bursar.jobs.stop()
const { app } = world.bursar
const DAY = 86_400_000
const params = { id: 'acme' }
const X = { userId: 'x' }

const execute = (text: string) => app.db.withClient((client) => client.query(text))

/** Restores the schema and the counters of the time before the migration. */
const undo = `
  update assignments set revision = 2 where is_level;
  insert into past_cadences (customer_key, assignment_key, revision, environment_key, cadence,
    ended_at)
  select customer_key, assignment_key, 1, environment_key, 'P1D', created_at
  from assignments where is_level;
  update usage_events set assignment_windows = array[date_trunc('month', occurred_at, 'UTC')]
  where assignment_windows = array[timestamptz 'epoch'];
  update reservations set assignment_windows = array[date_trunc('month', occurred_at, 'UTC')]
  where assignment_windows = array[timestamptz 'epoch'];
  update budget_counters set window_start = '2026-05-01 00:00Z', usage = 1, held = 1
  where window_start = 'epoch';
  alter table assignments drop column is_level;
  alter table budget_counters drop column set_at;`

test('the migration rebuilds levels from their records, with holds and the times of SETs', async () => {
  const shop = await openShop(world, { seats: { meterType: 'FLUCTUATING' }, calls: {} })
  const { tenant, report } = shop
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: [{ id: 'user', displayName: 'user', attributionKeys: ['userId'] }] },
  })
  const body = { entities: [{ id: 'x', entityTypeId: 'user' }] }
  await tenant.ok('v1Beta.customers.entities.upsert', { params, body })
  const assignments = ['seats', 'calls'].map((featureId) => ({
    ...{ featureId, entityId: 'x', usageLimit: 50, cadence: 'P1M' },
  }))
  await tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })
  const start = instantFromWire(NOW)
  const set = { updateBehavior: 'SET', dimensions: X }
  for (const [days, value] of [
    [1, 10],
    [40, 7],
    [80, 9],
  ] as const) {
    world.clock.moveTo(start + days * DAY)
    for (const featureId of ['seats', 'calls']) await report([{ featureId, value, ...set }])
  }
  await report([{ featureId: 'seats', value: 2, dimensions: X }])
  const reserved = await tenant.ok('v1.customers.reservations.create', {
    params,
    body: { featureId: 'seats', amount: 4, idempotencyKey: 'k', dimensions: X, ttlSeconds: 600 },
  })
  const used = async () => {
    const query = { featureIds: 'seats,calls', sortBy: 'createdAt', order: 'asc' }
    const tree = await tenant.ok('v1.events.beta.customers.retrieveGovernance', { params, query })
    return tree.data.map(({ currentUsage }) => currentUsage)
  }
  assert.deepEqual(await used(), [11, 9])
  await execute(undo)
  const file = new URL('../../migrations/0018_levels.sql', import.meta.url)
  await execute(await readFile(file, 'utf8'))
  assert.deepEqual(await used(), [11, 9])
  assert.deepEqual(await differencesOf(world, tenant), {})
  const reservationId = required(reserved.data.reservation, 'what is held').id
  await tenant.ok('v1.customers.reservations.commit', {
    params: { ...params, reservationId },
    body: {},
  })
  assert.deepEqual(await used(), [15, 9])
  assert.deepEqual(await differencesOf(world, tenant), {})
})
