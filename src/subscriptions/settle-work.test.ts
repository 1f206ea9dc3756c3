import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { NOW, openWorldApart } from '../../test/support/world.ts'
import { sql } from '../db/index.ts'

const world = await openWorldApart({}, { isGuarded: true })
const { app, jobs } = world.bursar
const { announced, cancel, get, goTo, list, open, provision, stateOf, ...to } =
  subscriptionsIn(world)

const MONTH = '2026-06-18T10:07:42.000Z'

const fresh = async () => {
  world.clock.moveTo(Date.parse(NOW))
  await open()
}

/** The status and the current period of each revision of a subscription, in their order. */
const revisionsOf = (id: string) =>
  app.db.read.many(
    (raw) => [raw.revision, raw.status, raw.since, raw.until],
    sql`
    select r.revision, r.status, r.since, r.until
    from subscriptions s join subscription_revisions r using (customer_key, subscription_key)
    where s.environment_key = ${to.tenant().scope.environmentKey}::uuid and s.id = ${id}::text
    order by r.revision`,
  )

test('notices come before the end of a trial and of a month, each once', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'tried' })
  await goTo('2026-05-25T10:07:42Z')
  await jobs.runNow()
  await goTo('2026-06-01T10:07:42Z')
  await goTo('2026-07-01T09:07:42Z')
  await goTo('2026-07-01T10:07:42Z')
  assert.deepEqual(await announced(), [
    ...['created a', 'trial_started a', 'trial.ends_soon a', 'trial_converted a'],
    ...['billing_month.ends_soon a', 'updated a'],
  ])
})

test('a notice of what has happened is not published', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'tried' })
  await goTo('2026-07-02T00:00:00Z')
  assert.deepEqual(await announced(), [
    ...['created a', 'trial_started a', 'trial_converted a', 'updated a'],
  ])
})

test('a year of billing periods is one revision', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  for (let month = 6; month <= 12; month += 1)
    await goTo(`2026-${String(month).padStart(2, '0')}-20T00:00:00Z`)
  assert.equal((await get('a')).currentBillingPeriodStart, '2026-12-18T10:07:42.000Z')
  assert.equal((await revisionsOf('a')).length, 1)
})

test('reads before the due work show what it will store', async () => {
  await fresh()
  await to.setJourney({ subscriptionEndSetup: 'DOWNGRADE_TO_FREE', downgradePlanId: 'free' })
  await provision({ id: 'a', planId: 'basic' })
  await cancel('a', { cancellationTime: 'END_OF_BILLING_PERIOD' })
  world.clock.moveTo(Date.parse(MONTH))
  const early = await get('a')
  assert.equal(early.status, 'CANCELED')
  await jobs.runNow()
  assert.deepEqual(await get('a'), early)
  assert.deepEqual(
    (await list({ status: 'ACTIVE' })).map(({ planId, createdAt }) => [planId, createdAt]),
    [['free', MONTH]],
  )
})

test('a request settles the customer first, and its retry is told apart from that', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'tried' })
  world.clock.moveTo(Date.parse('2026-06-02T00:00:00Z'))
  const { subscription } = await provision({ id: 'b', planId: 'pro' })
  assert.equal(subscription.status, 'ACTIVE')
  assert.deepEqual(await announced(), [
    ...['created a', 'trial_started a', 'trial_converted a', 'canceled a', 'created b'],
  ])
  assert.equal(await stateOf('a'), 'CANCELED UPGRADE_OR_DOWNGRADE')
})

test('while the customer is locked, the due work waits for another time', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'passing' })
  world.clock.moveTo(Date.parse('2026-06-02T00:00:00Z'))
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      select from customers
      where environment_key = ${to.tenant().scope.environmentKey}::uuid for no key update`)
    await jobs.runNow()
  })
  const before = await announced()
  assert.deepEqual(before, ['created a', 'trial_started a'])
  await goTo('2026-06-02T00:00:01Z')
  assert.deepEqual(await announced(before.length), ['trial_expired a'])
})

test('archiving a customer ends its subscriptions, also those that are to start', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  await provision({ id: 'b', planId: 'pro', startDate: MONTH })
  await provision({ id: 'c', planId: 'site', resourceId: 'eu' })
  await to.tenant().ok('v1.customers.archive', { params: { id: 'acme' } })
  const ended = 'CANCELED CustomerArchived'
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(stateOf)), [ended, ended, ended])
  await to.tenant().ok('v1.customers.unarchive', { params: { id: 'acme' } })
  await goTo(MONTH)
  assert.equal(await stateOf('b'), ended)
  assert.deepEqual((await announced(3)).toSorted(), ['canceled a', 'canceled b', 'canceled c'])
})

test('changes at one instant leave one revision, without empty spans', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  await cancel('a', { cancellationTime: 'END_OF_BILLING_PERIOD' })
  await cancel('a')
  assert.deepEqual(
    (await revisionsOf('a')).map(([revision, status, , until]) => [revision, status, until]),
    [['0', 'CANCELED', null]],
  )
})

test('entitlements are published once for a customer, by the last change', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'passing' })
  await goTo('2026-06-02T00:00:00Z')
  const triggers = (await to.tenant().announced())
    .filter(({ type }) => type === 'entitlements.updated')
    .map(({ after }) => (after as { trigger: string }).trigger)
  assert.deepEqual(triggers, ['trial_started', 'trial_expired'])
})
