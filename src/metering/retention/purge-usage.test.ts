import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openShop } from '../../../test/support/shop.ts'
import { openWorldApart } from '../../../test/support/world.ts'
import { makePartitions } from '../records/index.ts'
import { usagePurge } from './purge-usage.ts'

const world = await openWorldApart()
const { app, jobs } = world.bursar
const { clock } = world
const DAY_MS = 86_400_000

const rows = (text: string, values: unknown[] = []) =>
  app.db.withClient(
    async (client) => (await client.query<Record<string, string>>(text, values)).rows,
  )

const FEATURES = {
  tokens: {
    resetPeriod: 'MONTH',
    meter: { aggregation: { function: 'UNIQUE', field: 'userId' }, filters: [] },
  },
} as const

test('usage that is no longer needed is purged once a day, which changes no answer', async () => {
  const { tenant, ingest, usage } = await openShop(world, FEATURES)
  const { environmentKey } = tenant.scope
  const left = async () => {
    const counts = await rows(
      `select (select count(*) from usage_keys where environment_key = $1) as names,
         (select count(*) from usage_totals where environment_key = $1) as totals,
         (select count(*) from usage_marks where environment_key = $1) as marks`,
      [environmentKey],
    )
    return counts[0]
  }
  const event = (idempotencyKey: string, timestamp?: string) => ({
    eventName: 'call',
    idempotencyKey,
    dimensions: { userId: 'ann' },
    ...(timestamp && { timestamp }),
  })
  await ingest([event('untimed'), event('timed', '2026-05-18T10:07:42Z')])
  // The lifetime, the month and the day.
  assert.deepEqual(await left(), { names: '2', totals: '3', marks: '3' })
  try {
    clock.moveTo(clock.now() + 2 * DAY_MS)
    await jobs.runNow()
    assert.deepEqual(await left(), { names: '1', totals: '3', marks: '3' })
    clock.moveTo(Date.parse('2026-07-07T00:00:00Z'))
    await jobs.runNow()
    assert.deepEqual(await left(), { names: '0', totals: '2', marks: '1' })
    const history = await tenant.ok('v1.usage.history', {
      params: { customerId: 'acme', featureId: 'tokens' },
      query: { startDate: '2026-05-30T00:00:00Z', endDate: '2026-06-01T00:00:00Z' },
    })
    assert.equal(history.data.series[0]?.points.at(-1)?.value, 1)
    await ingest([event('late', '2026-05-31T00:00:00Z'), event('now')])
    assert.equal(await usage('tokens'), 1)
  } finally {
    clock.moveTo(null)
  }
  const noted = await rows(`select 1 from due_work where environment_key = $1 and kind = $2`, [
    environmentKey,
    usagePurge.kind,
  ])
  assert.equal(noted.length, 1)
})

const partitions = async () =>
  (
    await rows(`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'usage_events'::regclass order by 1`)
  ).map(({ name }) => name)

const partitionOf = async (environmentKey: string) =>
  (
    await rows(
      `select tableoid::regclass::text as name from usage_events where environment_key = $1`,
      [environmentKey],
    )
  ).map(({ name }) => name)

test('a record is in the partition of the month in which it was accepted, which is created ahead', async () => {
  const { tenant, report } = await openShop(world, { seats: {} })
  const made = await partitions()
  for (const month of ['2026_05', '2026_06', '2026_07'])
    assert.ok(made.includes(`usage_events_${month}`), month)
  await report([{ featureId: 'seats', value: 1, createdAt: '2026-03-01T00:00:00Z' }])
  assert.deepEqual(await partitionOf(tenant.scope.environmentKey), ['usage_events_2026_05'])
})

test('a record without a partition is stored in the default partition and stays there', async () => {
  const { tenant, report, usage } = await openShop(world, { seats: {} })
  try {
    clock.moveTo(Date.parse('2031-03-31T23:59:59.999Z'))
    await report([{ featureId: 'seats', value: 1 }])
    await makePartitions(app)
    await makePartitions(app)
    clock.moveTo(clock.now() + 1)
    await report([{ featureId: 'seats', value: 1 }])
    assert.equal(await usage('seats'), 2)
  } finally {
    clock.moveTo(null)
  }
  assert.deepEqual((await partitionOf(tenant.scope.environmentKey)).sort(), [
    'usage_events_2031_04',
    'usage_events_default',
  ])
  assert.ok(!(await partitions()).includes('usage_events_2031_03'))
})
