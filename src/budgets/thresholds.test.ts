import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { findCustomerKey } from '../customers/index.ts'
import { required } from '../kernel/assert.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { counterName } from './postings.ts'
import { readCrossed, readThresholds, saveCrossed } from './threshold-store.ts'

const world = await openWorld()
const { app } = world.bursar
let tenant: Tenant

const update = async (...thresholds: number[]) =>
  (await tenant.ok('v1Beta.governance.updateThresholdConfig', { body: { thresholds } })).data
const retrieve = async () => (await tenant.ok('v1Beta.governance.retrieveThresholdConfig')).data
const announced = async () =>
  (await tenant.announced()).filter(({ type }) => type.startsWith('threshold_config'))

test('there are no thresholds by default, and each update replaces all of them', async () => {
  tenant = await world.tenant()
  assert.deepEqual(await retrieve(), { thresholds: [] })
  assert.deepEqual(await update(100, 50, 100, 82.5), { thresholds: [50, 82.5, 100] })
  assert.deepEqual(await retrieve(), { thresholds: [50, 82.5, 100] })
  assert.deepEqual(await readThresholds(app.db.read, tenant.scope), [
    wholeUnits(50),
    wholeUnits(165) / 2n,
    wholeUnits(100),
  ])
  assert.deepEqual(await update(200), { thresholds: [200] })
  assert.deepEqual(await update(), { thresholds: [] })
  assert.deepEqual(await retrieve(), { thresholds: [] })
})

test('an update that changes nothing publishes no event', async () => {
  tenant = await world.tenant()
  await update(80, 100)
  await update(100, 80, 80)
  await update(90)
  assert.deepEqual(
    (await announced()).map(({ type, before, after }) => [type, before, after]),
    [
      ['threshold_config.updated', { thresholds: [] }, { thresholds: [80, 100] }],
      ['threshold_config.updated', { thresholds: [80, 100] }, { thresholds: [90] }],
    ],
  )
})

test('percentages below 1, too many percentages, and too many decimals are refused', async () => {
  tenant = await world.tenant()
  await update(50)
  for (const [thresholds, message] of [
    [[0], /thresholds\[0\]/],
    [[50, 0.99], /thresholds\[1\]/],
    [[-1], /thresholds\[0\]/],
    [['50'], /thresholds\[0\]/],
    [[50, 1.00000000001], /thresholds\[1\].*10 decimals/],
    [[1e300], /thresholds\[0\]/],
    [Array.from({ length: 11 }, (_, index) => index + 1), /thresholds/],
    [undefined, /thresholds/],
  ] as const)
    await tenant.refused(
      'v1Beta.governance.updateThresholdConfig',
      { body: { thresholds } },
      { status: 400, code: 'BadUserInput', message },
    )
  assert.deepEqual(await retrieve(), { thresholds: [50] })
})

test('a crossed threshold is stored once for each window, however often it is saved', async () => {
  tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' } })
  const customerKey = required(await findCustomerKey(app.db.read, tenant.scope, 'acme'), 'acme')
  const now = app.clock.now()
  const owner = { customerKey, assignmentKey: app.ids.next(now), revision: 1 }
  const [first, next] = [{ start: now }, { start: now + 60_000 }]
  const { environmentKey } = tenant.scope
  const firing = (window: { start: number }, percent: number) => {
    return { ...owner, window, environmentKey, threshold: wholeUnits(percent) }
  }
  const save = (...firings: ReturnType<typeof firing>[]) =>
    app.db.transaction((tx) => saveCrossed(tx, firings, now))
  await save(firing(first, 50), firing(first, 80), firing(next, 50))
  await save()
  const found = await readCrossed(app.db.read, [
    { ...owner, window: first },
    { ...owner, window: next },
    { ...owner, revision: 2, window: first },
  ])
  assert.deepEqual(found.get(counterName(owner, first))?.toSorted(), [50, 80].map(wholeUnits))
  assert.deepEqual(found.get(counterName(owner, next)), [wholeUnits(50)])
  assert.equal(found.size, 2)
  assert.equal((await readCrossed(app.db.read, [])).size, 0)
  await save(firing(first, 80))
  const again = await readCrossed(app.db.read, [{ ...owner, window: first }])
  assert.deepEqual(again.get(counterName(owner, first))?.toSorted(), [50, 80].map(wholeUnits))
})
