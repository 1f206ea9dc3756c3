import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budgetsIn, params, row } from '../../../test/support/budgets.ts'
import { grantItem, grantTo } from '../../../test/support/grants.ts'
import { NOW, openWorld } from '../../../test/support/world.ts'
import { instantFromWire, instantToWire } from '../../kernel/clock.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const now = instantFromWire(NOW)
const world = await openWorld()
const { fresh, current, upsert, use } = budgetsIn(world)

type Query = Record<string, string>
const history = async (budgetId: string, query: Query = {}) => {
  const { data } = await current().tenant.ok('v1.customers.budgets.retrieveHistory', {
    params: { ...params, budgetId },
    query,
  })
  return data
}
const made = async (...rows: Parameters<typeof upsert>) => {
  const [budget] = await upsert(...rows)
  assert.ok(budget)
  return budget.id
}
/** Returns the id of a daily budget of `ann`, of whose 100 tokens 30 are used. */
async function annAfterUse(): Promise<string> {
  await fresh()
  const id = await made(row('ann', { usageLimit: 100, cadence: 'P1D' }))
  await use('userId=ann', 30)
  return id
}

const hoursLater = (hours: number) => world.clock.moveTo(now + hours * HOUR)

test('a history shows each window, the running usage, and the changes of the limit', async () => {
  const id = await annAfterUse()
  hoursLater(2)
  await use('userId=ann', 5)
  await use('userId=bob', 50)
  await made(row('ann', { usageLimit: 40, cadence: 'P1D' }))
  hoursLater(26)
  await use('userId=ann', 7)
  const { budget, windows, points, changes, asOf } = await history(id, { from: instantToWire(now) })
  assert.deepEqual([budget.id, budget.usageLimit, asOf], [id, 40, instantToWire(now + 26 * HOUR)])
  const midnight = instantFromWire(`${instantToWire(now + DAY).slice(0, 10)}T00:00:00Z`)
  assert.deepEqual(
    windows.map(({ start, end, usage, usageLimit }) => [start, end, usage, usageLimit]),
    [
      [instantToWire(now), instantToWire(midnight), 35, 40],
      [instantToWire(midnight), instantToWire(midnight + DAY), 7, 40],
    ],
  )
  assert.deepEqual(changes, [
    { at: instantToWire(now + 2 * HOUR), usageLimit: { from: 100, to: 40 }, cadence: null },
  ])
  const at = (instant: number) =>
    points
      .filter(({ timestamp }) => timestamp === instantToWire(instant))
      .map(({ usage, usageLimit, isResetPoint }) => [usage, usageLimit, isResetPoint])
  assert.deepEqual(at(now), [[0, 100, true]])
  assert.deepEqual(at(midnight), [
    [35, 40, false],
    [0, 40, true],
  ])
  assert.equal(points.at(-1)?.usage, 7)
  // Only ascending within a window.
  for (const [index, point] of points.entries())
    assert.ok(point.isResetPoint || point.usage >= (points[index - 1]?.usage ?? 0))
})

test('by default a history is that of the window in progress, whose usage is complete', async () => {
  const id = await annAfterUse()
  hoursLater(30)
  await use('userId=ann', 3)
  const { windows, points } = await history(id)
  assert.deepEqual(
    windows.map(({ usage }) => usage),
    [3],
  )
  assert.equal(points.at(0)?.isResetPoint, true)
  assert.equal(points.at(-1)?.usage, 3)
  const { rows } = (
    await current().tenant.ok('v1.customers.retrieveEntityTree', {
      params,
      query: { flat: 'true', featureIds: 'tokens', search: 'ann' },
    })
  ).data
  assert.equal(rows[0]?.capabilities[0]?.budgets[0]?.currentUsage, 3)
})

test('a new cadence takes over the usage of its window', async () => {
  const id = await annAfterUse()
  hoursLater(48)
  await use('userId=ann', 4)
  hoursLater(49)
  await made(row('ann', { cadence: 'P1M' }))
  await use('userId=ann', 5)
  const { windows, points, changes } = await history(id, { from: instantToWire(now) })
  assert.deepEqual(
    windows.map(({ cadence, usage }) => `${cadence} ${usage}`),
    ['P1D 30', 'P1D 0', 'P1D 4', 'P1M 39'],
  )
  assert.deepEqual(changes[0]?.cadence, { from: 'P1D', to: 'P1M' })
  assert.equal(points.at(-1)?.usage, 39)
})

test('a level shows what it was before the range', async () => {
  await fresh()
  const { tenant } = current()
  const seats = { id: 'seats', displayName: 'Seats', featureType: 'NUMBER' }
  await tenant.ok('v1.features.createFeature', { body: { ...seats, meterType: 'FLUCTUATING' } })
  await grantTo(tenant, [grantItem('seats', { hasUnlimitedUsage: true })])
  const id = await made(row('ann', { featureId: 'seats', usageLimit: 10 }))
  const report = (value: number, updateBehavior: string) =>
    tenant.ok('v1.usage.report', {
      body: {
        usages: [
          {
            customerId: params.id,
            featureId: 'seats',
            value,
            updateBehavior,
            dimensions: { userId: 'ann' },
          },
        ],
      },
    })
  await report(8, 'SET')
  hoursLater(2)
  await report(-3, 'DELTA')
  hoursLater(3)
  const { windows, points } = await history(id, { from: instantToWire(now + HOUR) })
  assert.deepEqual(windows, [])
  assert.deepEqual([points[0]?.usage, points.at(-1)?.usage], [8, 5])
})

test('an unknown budget and an impossible range are refused', async () => {
  await fresh()
  const id = await made(row('ann', { usageLimit: 100, cadence: 'PT1M' }))
  const { tenant } = current()
  const refused = (budgetId: string, query: Query, refusal: Parameters<typeof tenant.refused>[2]) =>
    tenant.refused(
      'v1.customers.budgets.retrieveHistory',
      { params: { ...params, budgetId }, query },
      refusal,
    )
  for (const unknown of ['nothing', '019d2f3a-7c40-7b1c-9d7e-2f6f0c1b8a55'])
    await refused(unknown, {}, { status: 404, code: null, message: /budget .* not found/ })
  const bad = (message: RegExp) => ({ status: 400, code: 'BadUserInput', message })
  const from = instantToWire(now)
  await refused(id, { from, to: from }, bad(/from must be before to/))
  await refused(id, { from: instantToWire(now + DAY) }, bad(/from must be before to/))
  await refused(id, { from: '2015-01-01T00:00:00Z' }, bad(/10 years/))
  await refused(id, { from: 'yesterday' }, bad(/from/))
  hoursLater(48)
  await refused(id, { from }, bad(/1000 windows/))
  await refused(id, { from, until: from }, bad(/until/))
})
