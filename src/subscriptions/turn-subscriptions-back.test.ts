import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { NOW, openWorldApart } from '../../test/support/world.ts'
import { requireCustomer } from '../customers/index.ts'
import { turnSubscriptionsBack } from './turn-subscriptions-back.ts'

const world = await openWorldApart()
const { app } = world.bursar
const { cancel, get, goTo, list, open, provision, stateOf, tenant } = subscriptionsIn(world)

const AT = Date.parse(NOW)
const AHEAD = '2027-06-22T00:00:00.000Z'

/** Corrects what was written at `AHEAD`, as of `NOW`, and puts the clock right. */
async function turnBack(): Promise<void> {
  const { scope } = tenant()
  const customerKey = await requireCustomer(app.db.read, scope, 'acme')
  world.clock.moveTo(AT)
  const ahead = { at: AT, beyond: AT + 10_000 }
  await app.db.transaction((tx) =>
    turnSubscriptionsBack(tx, { app, scope }, { customerKey, ahead }),
  )
}

test('subscriptions that a clock which was ahead has begun and ended are of now', async () => {
  world.clock.moveTo(AT)
  await open()
  await provision({ id: 'before', planId: 'site', resourceId: 'eu' })
  world.clock.moveTo(Date.parse(AHEAD))
  await provision({ id: 'paid', planId: 'basic' })
  await provision({ id: 'trial', planId: 'tried', trialOverrideConfiguration: { isTrial: true } })
  await cancel('before')
  await turnBack()
  const paid = await get('paid')
  assert.deepEqual(
    [paid.status, paid.createdAt, paid.startDate, paid.currentBillingPeriodStart],
    ['ACTIVE', NOW, NOW, NOW],
  )
  assert.equal((await get('trial')).trialEndDate, '2026-06-01T10:07:42.000Z')
  assert.equal((await get('before')).cancellationDate, NOW)
  await goTo('2026-06-18T10:07:42Z')
  assert.equal(await stateOf('paid'), 'CANCELED UPGRADE_OR_DOWNGRADE')
  assert.equal((await get('trial')).currentBillingPeriodStart, '2026-06-01T10:07:42.000Z')
  assert.equal((await list({ status: 'ACTIVE' })).length, 1)
})

test('billing periods that began too early begin again in their time', async () => {
  world.clock.moveTo(AT)
  await open()
  await provision({ id: 'a', planId: 'basic' })
  await goTo(AHEAD)
  assert.equal((await get('a')).currentBillingPeriodStart, '2027-06-18T10:07:42.000Z')
  await turnBack()
  assert.equal((await get('a')).currentBillingPeriodStart, NOW)
  await goTo('2026-07-01T00:00:00Z')
  assert.equal((await get('a')).currentBillingPeriodStart, '2026-06-18T10:07:42.000Z')
})
