import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, openAgency } from '../../test/support/agency.ts'
import { shownChains } from '../../test/support/decisions.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { NOW, openWorld } from '../../test/support/world.ts'
import { findCustomerKey } from '../customers/index.ts'
import { sql } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import { instantFromWire, instantToWire } from '../kernel/clock.ts'
import { rebuildCustomer } from './verify/verify-customer.ts'

const world = await openWorld()
const { app } = world.bursar
const now = instantFromWire(NOW)
const MINUTE = 60_000
const DAY = 86_400_000
/** The instant when the budgets are created, and the last instant before it. */
const made = { timestamp: instantToWire(now) }
const before = { timestamp: instantToWire(now - 1) }

/**
 * Creates budgets whose first windows began earlier, and a minute later reports usage of that
 * earlier time.
 */
async function openLate() {
  world.clock.moveTo(now)
  const agency = await openAgency(world, { limits: { org: 100, team: 100, 'ann P1D': 100 } })
  world.clock.moveTo(now + MINUTE)
  const used = async () => shownChains(await agency.check(1, ANN)).join(' ')
  return { ...agency, used }
}

test('usage from before the creation of a budget does not count for it, however it arrives', async () => {
  const { used, report, consume, held, commit, tenant } = await openLate()
  await report(1, ANN, { createdAt: before.timestamp })
  await report(1, ANN, { updateBehavior: 'SET', createdAt: before.timestamp })
  await consume(1, ANN, before)
  await consume(1, ANN, { ...before, mode: 'record' })
  const { id } = await held(1, ANN, before)
  assert.equal(await used(), 'ann 0/100,team 0/100,org 0/100')
  await commit(id)
  assert.equal(await used(), 'ann 0/100,team 0/100,org 0/100')
  await report(2, ANN, { createdAt: made.timestamp })
  await consume(4, ANN, made)
  assert.equal(await used(), 'ann 6/100,team 6/100,org 6/100')
  assert.deepEqual(await differencesOf(world, tenant), {})
})

test('a budget does not apply to usage from before its creation', async () => {
  const { consume, reserve, budget } = await openLate()
  await budget({ team: 0, 'ann P1D': 0 })
  const of = async (more: typeof made) => (await consume(1, ANN, more)).accessDeniedReason
  assert.equal(await of(made), 'BudgetExceeded')
  assert.equal(await of(before), null)
  assert.deepEqual(shownChains(await consume(1, ANN, before)), [])
  assert.equal((await reserve(1, ANN, before)).isGranted, true)
})

test('usage from before the creation of a budget does not count after a new cadence or a rebuild either', async () => {
  const { used, report, budget, tenant } = await openLate()
  await report(1, ANN, { createdAt: before.timestamp })
  await report(2, ANN, { createdAt: made.timestamp })
  for (const cadence of ['P1M', 'P1Y', 'PT1H']) {
    await budget({ [`ann ${cadence}`]: 100, [`org ${cadence}`]: 100 })
    await report(1, ANN, { createdAt: instantToWire(now - DAY) })
    assert.equal(await used(), 'ann 2/100,team 2/100,org 2/100')
  }
  assert.deepEqual(await differencesOf(world, tenant), {})
})

test('verification finds such usage that an earlier version counted, and a rebuild removes it', async () => {
  const { used, report, budget, tenant } = await openLate()
  await report(1, ANN)
  const { scope } = tenant
  const customerKey = required(await findCustomerKey(app.db.read, scope, 'acme'), 'acme')
  const whose = sql`customer_key = ${customerKey}::uuid`
  await app.db.transaction((tx) =>
    tx.execute(sql`
      update usage_events set occurred_at = ${before.timestamp}::timestamptz
      where ${whose}`),
  )
  assert.equal((await differencesOf(world, tenant)).counters, 3)
  await rebuildCustomer(app, { scope, customerKey })
  assert.equal(await used(), 'ann 0/100,team 0/100,org 0/100')
  await budget({ 'ann P1M': 100 })
  assert.equal(await used(), 'ann 0/100,team 0/100,org 0/100')
  assert.deepEqual((await differencesOf(world, tenant)).counters, undefined)
})
