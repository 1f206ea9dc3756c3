import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grantItem, grantTo } from '../../test/support/grants.ts'
import { openShop } from '../../test/support/shop.ts'
import { untilWaiting } from '../../test/support/until-waiting.ts'
import { openWorldApart } from '../../test/support/world.ts'
import { type Sql, sql } from '../db/index.ts'

/** A database of its own, because tables are locked. */
const world = await openWorldApart()
const { db } = world.bursar.app

type Aggregation = { function: string; field?: string }

const NAMED_CALL = { conditions: [{ field: 'event_name', operation: 'EQUALS', value: 'call' }] }
const meterOf = (aggregation: Aggregation, filters: readonly object[] = [NAMED_CALL]) => ({
  aggregation,
  filters,
})
const sum = meterOf({ function: 'SUM', field: 'cost' })
const call = (key: string, dimensions: object = { cost: 5, size: 100 }) => ({
  ...{ eventName: 'call', idempotencyKey: key, dimensions },
})

/** A customer with a feature whose usage is metered, or reported if `meter` is null. */
async function open(meter: object | null = sum) {
  const shop = await openShop(world, { used: meter === null ? {} : { meter } })
  const change = (to: object) => ({ params: { id: 'used' }, body: { meter: to } })
  const { tenant } = shop
  return {
    ...shop,
    remeter: (to: object) => tenant.call('v1.features.updateFeature', change(to)),
    refusesMeter: (to: object, message: RegExp) =>
      tenant.refused('v1.features.updateFeature', change(to), {
        status: 400,
        code: 'InvalidArgumentError',
        message,
      }),
  }
}

const CHANGES: readonly (readonly [Aggregation, RegExp])[] = [
  [{ function: 'MAX', field: 'cost' }, /^meter\.aggregation\.function: /],
  [{ function: 'COUNT' }, /^meter\.aggregation\.function: /],
  [{ function: 'UNIQUE', field: 'cost' }, /^meter\.aggregation\.function: /],
  [{ function: 'SUM', field: 'size' }, /^meter\.aggregation\.field: /],
]

test('the aggregation of a meter cannot change after something has counted', async () => {
  const { ingest, usage, refusesMeter } = await open()
  for (const [n, cost] of [5, 7, 8].entries()) await ingest([call(`${n}`, { cost })])
  for (const [aggregation, message] of CHANGES) await refusesMeter(meterOf(aggregation), message)
  assert.equal(await usage('used'), 20)
})

test('the aggregation of a meter can change until something has counted', async () => {
  const { ingest, usage, remeter, tenant } = await open()
  await ingest([{ ...call('other'), eventName: 'other' }, call('none', { size: 1 })])
  for (const [aggregation] of CHANGES)
    assert.equal((await remeter(meterOf(aggregation))).status, 200)
  await ingest([call('first')])
  assert.equal(await usage('used'), 100)
  const { data } = await tenant.ok('v1.features.retrieveFeature', { params: { id: 'used' } })
  assert.deepEqual(data.meter?.aggregation, { function: 'SUM', field: 'size' })
})

test('new filters of a meter apply to later events', async () => {
  const { ingest, usage, remeter } = await open()
  await ingest([call('before')])
  const european = { conditions: [{ field: 'region', operation: 'EQUALS', value: 'eu' }] }
  assert.equal((await remeter(meterOf(sum.aggregation, [european]))).status, 200)
  await ingest([call('elsewhere'), call('there', { cost: 2, region: 'eu' })])
  assert.equal(await usage('used'), 7)
})

test('a feature with reports or an open reservation accepts only meters that add up', async () => {
  const { report, remeter, refusesMeter, tenant, usage } = await open(null)
  const max = meterOf({ function: 'MAX', field: 'cost' })
  const body = { featureId: 'used', amount: 1, idempotencyKey: 'k' }
  const params = { id: 'acme' }
  const { data } = await tenant.ok('v1.customers.reservations.create', { params, body })
  await refusesMeter(max, /^meter\.aggregation\.function: /)
  const settled = { params: { ...params, reservationId: data.reservation?.id ?? '' } }
  await tenant.ok('v1.customers.reservations.release', settled)
  await report([{ featureId: 'used', value: 3 }])
  await refusesMeter(max, /^meter\.aggregation\.function: /)
  assert.equal((await remeter(meterOf({ function: 'COUNT' }))).status, 200)
  assert.equal(await usage('used'), 3)
})

test('usage of one customer fixes the meter, but not in other environments', async () => {
  const other = await open()
  await other.ingest([call('a')])
  const { tenant, remeter, refusesMeter } = await open()
  const max = meterOf({ function: 'MAX', field: 'cost' })
  assert.equal((await remeter(max)).status, 200)
  await tenant.ok('v1.customers.provision', { body: { id: 'late' } })
  await grantTo(tenant, [grantItem('used', { usageLimit: 1 })], 'late')
  await tenant.ok('v1.events.report', { body: { events: [{ customerId: 'late', ...call('a') }] } })
  await refusesMeter(sum, /^meter\.aggregation\.function: /)
})

/** Runs work while nobody can write to a table. */
const withoutWritesTo = (table: Sql, work: () => Promise<void>) =>
  db.transaction(async (tx) => {
    await tx.execute(sql`lock table ${table} in share mode`)
    await work()
  })

const bySize = meterOf({ function: 'SUM', field: 'size' })

test('an event that is being counted keeps its meter from changing', async () => {
  const { ingest, usage, remeter } = await open()
  const changed: ReturnType<typeof remeter>[] = []
  const counted: Promise<unknown>[] = []
  await withoutWritesTo(sql`usage_events`, async () => {
    counted.push(ingest([call('a')]))
    await untilWaiting(db.read, 1)
    changed.push(remeter(bySize))
    await Promise.race([untilWaiting(db.read, 2), ...changed])
  })
  await Promise.all(counted)
  assert.deepEqual(
    (await Promise.all(changed)).map(({ status }) => status),
    [400],
  )
  assert.equal(await usage('used'), 5)
})

test('an event that arrives during a change of its meter is counted by the new meter', async () => {
  const { ingest, usage, remeter } = await open()
  const ways: Promise<unknown>[] = []
  await withoutWritesTo(sql`outbox`, async () => {
    ways.push(remeter(bySize))
    await untilWaiting(db.read, 1)
    ways.push(ingest([call('a')]))
    await Promise.race([untilWaiting(db.read, 2), ways[1]])
  })
  await Promise.all(ways)
  assert.equal(await usage('used'), 100)
})

test('concurrent events never count by two different meters while the meter changes', async () => {
  for (let round = 0; round < 12; round += 1) {
    const { ingest, usage, remeter } = await open()
    const keys = Array.from({ length: 6 }, (_, n) => `call-${n}`)
    const [changed] = await Promise.all([
      (async () => {
        for (let turn = 0; turn < round; turn += 1) await new Promise(setImmediate)
        return remeter(bySize)
      })(),
      ...keys.map((key) => ingest([call(key)])),
    ])
    assert.equal(await usage('used'), 6 * (changed.status === 200 ? 100 : 5))
  }
})
