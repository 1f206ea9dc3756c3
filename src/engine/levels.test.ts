import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shownChains } from '../../test/support/decisions.ts'
import { openShop } from '../../test/support/shop.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { NOW, openWorldApart } from '../../test/support/world.ts'
import { findCustomerKey } from '../customers/index.ts'
import { required } from '../kernel/assert.ts'
import { instantFromWire, instantToWire } from '../kernel/clock.ts'
import { rebuildCustomer } from './verify/verify-customer.ts'

/**
 * A database of its own, because moving the clock by a month purges keys and runs due work in the
 * whole database. The purge of events would also delete those that are compared here.
 */
const world = await openWorldApart()
await world.bursar.jobs.stop()
const { app } = world.bursar
const now = instantFromWire(NOW)
const MINUTE = 60_000
const DAY = 86_400_000
const params = { id: 'acme' }

/**
 * x and y in a team, each with a budget of seats, which are a level, and of calls, which are not.
 */
async function openTeam(limits: Readonly<Record<string, number>> = {}) {
  world.clock.moveTo(now)
  const shop = await openShop(world, { seats: { meterType: 'FLUCTUATING' }, calls: {} })
  const { tenant, report } = shop
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: {
      types: ['team', 'user'].map((id) => ({
        id,
        displayName: id,
        attributionKeys: [`${id}Id`],
      })),
    },
  })
  const entities = [
    { id: 'team', entityTypeId: 'team' },
    { id: 'x', entityTypeId: 'user' },
    { id: 'y', entityTypeId: 'user' },
  ]
  await tenant.ok('v1Beta.customers.entities.upsert', { params, body: { entities } })
  const budget = (featureId: string, cadence: string) => {
    const assignments = entities.map(({ id, entityTypeId }) => ({
      ...{ entityId: id, featureId, cadence, usageLimit: limits[id] ?? 50 },
      parentId: entityTypeId === 'user' ? 'team' : null,
    }))
    return tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })
  }
  await budget('seats', 'P1M')
  await budget('calls', 'P1M')
  world.clock.moveTo(now + 10 * MINUTE)
  const rows = async (featureId: string) =>
    (
      await tenant.ok('v1.events.beta.customers.retrieveGovernance', {
        params,
        query: { featureIds: featureId, sortBy: 'createdAt', order: 'asc' },
      })
    ).data
  /** The usage of x, y, the team and the customer. */
  const levels = async (featureId = 'seats') => {
    const used = new Map((await rows(featureId)).map((row) => [row.entityId, row.currentUsage]))
    return [used.get('x'), used.get('y'), used.get('team'), await shop.usage(featureId)]
  }
  const say = (value: number, dimensions: object, more: object = {}) =>
    report([{ featureId: 'seats', value, dimensions, ...more }])
  const check = async (requestedUsage: number, userId: string) =>
    (
      await tenant.ok('v1.customers.explainEntitlement', {
        params,
        query: {
          ...{ featureId: 'seats', requestedUsage: String(requestedUsage) },
          'dimensions[userId]': userId,
        },
      })
    ).data
  return {
    ...{ ...shop, budget, rows, levels, check },
    set: (value: number, dimensions: object, more: object = {}) =>
      say(value, dimensions, { updateBehavior: 'SET', ...more }),
    add: say,
    agrees: async () => {
      assert.deepEqual(await differencesOf(world, tenant), {})
      const customerKey = required(await findCustomerKey(app.db.read, tenant.scope, 'acme'), 'acme')
      const before = await levels()
      await rebuildCustomer(app, { scope: tenant.scope, customerKey })
      assert.deepEqual(await levels(), before)
    },
  }
}

const X = { userId: 'x' }
const Y = { userId: 'y' }
const TEAM = { teamId: 'team' }

test('each counter applies a SET by itself, as in the worked example', async () => {
  const { tenant, set, add, levels, agrees } = await openTeam()
  const at = (minutes: number) => ({ createdAt: instantToWire(now + minutes * MINUTE) })
  await set(10, X, at(1))
  assert.deepEqual(await levels(), [10, 0, 10, 10])
  await set(4, Y, at(2))
  assert.deepEqual(await levels(), [10, 4, 4, 4])
  await add(3, X, at(2))
  assert.deepEqual(await levels(), [13, 4, 7, 7])
  await set(20, TEAM, at(4))
  assert.deepEqual(await levels(), [13, 4, 20, 20])
  await set(8, X, at(3))
  assert.deepEqual(await levels(), [8, 4, 20, 20])
  const body = { featureId: 'seats', amount: 2, idempotencyKey: 'k', dimensions: Y }
  await tenant.ok('v1.customers.consume', { params, body })
  assert.deepEqual(await levels(), [8, 6, 22, 22])
  await set(0, {})
  assert.deepEqual(await levels(), [8, 6, 22, 0])
  await agrees()
})

test('a SET for one entity gives no other entity more than its own limit', async () => {
  const { tenant, set, levels, agrees } = await openTeam({ team: 100 })
  await set(10, X)
  await set(4, Y)
  const consume = async (amount: number) => {
    const body = { featureId: 'seats', amount, idempotencyKey: `${amount}`, dimensions: Y }
    return (await tenant.ok('v1.customers.consume', { params, body })).data.isGranted
  }
  assert.deepEqual([await consume(47), await consume(46), await consume(1)], [false, true, false])
  assert.deepEqual(await levels(), [10, 50, 50, 50])
  await agrees()
})

test('SETs in one request and in concurrent requests are applied in order', async () => {
  const { report, set, levels, agrees } = await openTeam()
  const each = (value: number, dimensions: object) => ({
    ...{ featureId: 'seats', value, dimensions, updateBehavior: 'SET' },
  })
  await report([each(10, X), each(4, Y), each(6, X), each(5, Y)])
  assert.deepEqual(await levels(), [6, 5, 5, 5])
  await Promise.all(Array.from({ length: 20 }, (_, n) => set(n, n % 2 === 0 ? X : Y)))
  await agrees()
  await set(1, X)
  assert.deepEqual((await levels())[0], 1)
})

test('a budget of a level is never reset, whatever its cadence is', async () => {
  const { set, add, rows, levels, check, budget, agrees } = await openTeam()
  await set(10, X)
  world.clock.moveTo(now + 100 * DAY)
  assert.deepEqual(await levels(), [10, 0, 10, 10])
  for (const cadence of ['PT1M', 'P1Y', 'P1D']) {
    await budget('seats', cadence)
    assert.deepEqual(await levels(), [10, 0, 10, 10])
    await add(1, X)
    await add(-1, X)
  }
  for (const row of await rows('seats')) {
    assert.equal(row.cadence, 'P1D')
    assert.deepEqual([row.usagePeriodStart, row.usagePeriodEnd], [null, null])
  }
  const explained = await check(41, 'x')
  assert.deepEqual(shownChains(explained), [['x 10/50!', 'team 10/50!']])
  assert.equal(explained.isLevel, true)
  assert.deepEqual(
    explained.chains.flat().map(({ resetsAt, remaining }) => [resetsAt, remaining]),
    [
      [null, 40],
      [null, 40],
    ],
  )
  await agrees()
})

test('a hold of a level lasts until it is committed or released, across windows and cadences', async () => {
  const { tenant, set, levels, check, budget, agrees } = await openTeam()
  await set(10, X)
  const body = {
    ...{ featureId: 'seats', amount: 15, idempotencyKey: 'h', dimensions: X },
    ttlSeconds: 86_400,
  }
  const { data } = await tenant.ok('v1.customers.reservations.create', { params, body })
  world.clock.moveTo(now + DAY)
  await budget('seats', 'P1D')
  const { isGranted, chains } = await check(26, 'x')
  assert.deepEqual([isGranted, chains.flat().map(({ holds }) => holds)], [false, [15, 15]])
  await set(1, X)
  const reservationId = required(data.reservation, 'what is held').id
  await tenant.ok('v1.customers.reservations.commit', {
    params: { ...params, reservationId },
    body: {},
  })
  assert.deepEqual(await levels(), [16, 0, 16, 16])
  await agrees()
})

test('a SET of a feature with windows is applied in each of its windows separately', async () => {
  const { report, levels, agrees } = await openTeam()
  const calls = (value: number, dimensions: object, more: object = {}) =>
    report([{ featureId: 'calls', value, dimensions, updateBehavior: 'SET', ...more }])
  await calls(10, X)
  await calls(4, Y)
  assert.deepEqual(await levels('calls'), [10, 4, 4, 4])
  world.clock.moveTo(now + 20 * DAY)
  assert.deepEqual(await levels('calls'), [0, 0, 0, 4])
  await calls(7, X)
  await calls(12, X, { createdAt: instantToWire(now + 11 * MINUTE) })
  assert.deepEqual(await levels('calls'), [7, 0, 7, 7])
  world.clock.moveTo(now + 10 * MINUTE)
  assert.deepEqual((await levels('calls'))[1], 0)
  await agrees()
})

test('a difference that is out of range is refused, and nothing of it is stored', async () => {
  const { tenant, add, levels, agrees } = await openTeam()
  const most = Number.MAX_SAFE_INTEGER
  await add(most, X)
  await add(-most, Y)
  const usages = [{ customerId: 'acme', featureId: 'seats', value: -1, dimensions: X }].map(
    (usage) => ({ ...usage, updateBehavior: 'SET' }),
  )
  await tenant.refused(
    'v1.usage.report',
    { body: { usages } },
    { status: 400, code: 'UsageMeasurementDiffOutOfRangeError', message: /^usages\[0\]/ },
  )
  assert.deepEqual(await levels(), [most, 0, 0, 0])
  await agrees()
})

test('a threshold of a level is published each time that usage rises to it', async () => {
  const { tenant, report, set, add } = await openTeam({ x: 10, y: 10, team: 1000 })
  await tenant.ok('v1Beta.governance.updateThresholdConfig', { body: { thresholds: [50, 100] } })
  const exceeded = async () =>
    (await tenant.announced())
      .filter(({ type }) => type === 'entity.entitlement.usage_exceeded')
      .map(({ after }) => after as Record<string, unknown>)
      .map(
        ({ entityId, thresholds, usagePeriodEnd }) => `${entityId} ${thresholds} ${usagePeriodEnd}`,
      )
  await set(10, X)
  await add(2, X)
  assert.deepEqual(await exceeded(), ['x 50,100 null'])
  world.clock.moveTo(now + 100 * DAY)
  await set(7, X)
  await set(12, X)
  assert.deepEqual((await exceeded()).slice(1), ['x 100 null'])
  const each = (value: number) => ({
    ...{ featureId: 'seats', value, dimensions: X, updateBehavior: 'SET' },
  })
  await report([4, 11, 3, 6, 1].map(each))
  assert.deepEqual((await exceeded()).slice(2), ['x 50,100 null', 'x 50 null'])
  await set(5, X)
  assert.deepEqual((await exceeded()).slice(4), ['x 50 null'])
})
