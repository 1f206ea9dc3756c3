import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { NOW, openWorldApart } from '../../test/support/world.ts'

const world = await openWorldApart({}, { isGuarded: true })
const to = subscriptionsIn(world)
const { cancel, get, goTo, open, provision, publishAgain, tenant } = to

const fresh = async () => {
  world.clock.moveTo(Date.parse(NOW))
  await open()
}
const call = (verb: 'migrate' | 'transfer' | 'delegate', id: string, body: object) =>
  tenant()
    .ok(`v1.subscriptions.${verb}`, { params: { id }, body })
    .then(({ data }) => data)
const refused = (
  verb: 'migrate' | 'transfer' | 'delegate',
  { id, body = {} }: { id: string; body?: object },
  [status, code]: [400 | 404 | 409, string],
) => tenant().refused(`v1.subscriptions.${verb}`, { params: { id }, body }, { status, code })
const transfer = (id: string, destinationResourceId: string) =>
  call('transfer', id, { destinationResourceId })
const delegate = (id: string, targetCustomerId: string) =>
  call('delegate', id, { targetCustomerId })

/** Publishes a version of a plan that gives single sign-on. */
async function giveSso(planId: string): Promise<void> {
  await tenant().ok('v1.plans.createDraft', { params: { id: planId } })
  const body = { entitlements: [{ id: 'sso', type: 'FEATURE' }] }
  await tenant().ok('v1.plans.entitlements.create', { params: { planId }, body })
  const publication = { params: { id: planId }, body: { migrationType: 'NEW_CUSTOMERS' } }
  await tenant().ok('v1.plans.publish', publication)
}
const hasSso = async (query: Record<string, string> = {}): Promise<boolean> => {
  const request = { params: { id: 'acme' }, query: { featureId: 'sso', ...query } }
  return (await tenant().ok('v1.customers.checkEntitlement', request)).data.isGranted
}
const hadSso = async (at: string, resourceId: string): Promise<boolean> => {
  const request = { params: { id: 'acme' }, query: { at, resourceId } }
  const { data } = await tenant().ok('v1.customers.listPastEntitlements', request)
  return data.some(({ feature, isRevoked }) => feature.id === 'sso' && !isRevoked)
}

test('a migration takes the newest version of a parent, now', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'pro' })
  await giveSso('basic')
  assert.equal(await hasSso(), false)
  const events = (await to.announced()).length
  const migrated = await call('migrate', 'a', {})
  assert.deepEqual(migrated, await get('a'))
  assert.equal(await hasSso(), true)
  assert.deepEqual(await to.announced(events), ['updated a'])
  await refused('migrate', { id: 'a' }, [400, 'SubscriptionAlreadyOnLatestPlan'])
})

test('a migration at the end of the period takes the versions of then', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  await publishAgain('basic')
  const later = { subscriptionMigrationTime: 'END_OF_BILLING_PERIOD' }
  const { futureUpdates, currentBillingPeriodEnd } = await call('migrate', 'a', later)
  assert.deepEqual(futureUpdates, [
    {
      subscriptionScheduleType: 'MIGRATE_TO_LATEST',
      scheduleStatus: 'SCHEDULED',
      scheduledExecutionTime: currentBillingPeriodEnd,
      targetPackage: { id: 'basic' },
    },
  ])
  await refused('migrate', { id: 'a' }, [400, 'ScheduledMigrationAlreadyExistsError'])
  await giveSso('basic')
  assert.equal(await hasSso(), false)
  await goTo(currentBillingPeriodEnd ?? '')
  assert.equal(await hasSso(), true)
  assert.equal((await get('a')).futureUpdates[0]?.scheduleStatus, 'DONE')
})

test('what has not started or has ended is not migrated', async () => {
  await fresh()
  await provision({ id: 'later', planId: 'basic', startDate: '2026-08-01T00:00:00Z' })
  await refused('migrate', { id: 'later' }, [400, 'InvalidSubscriptionStatus'])
  await cancel('later')
  await refused('migrate', { id: 'later' }, [400, 'SubscriptionAlreadyCanceledOrExpired'])
  await refused('migrate', { id: 'unknown' }, [404, 'SubscriptionNotFound'])
})

test('a transfer takes what a subscription gives to another resource, from now on', async () => {
  await fresh()
  await giveSso('site')
  await provision({ id: 'a', planId: 'site', resourceId: 'one' })
  await goTo('2026-05-20T00:00:00Z')
  const events = (await tenant().announced()).length
  const moved = await transfer('a', 'two')
  assert.equal(moved.resourceId, 'two')
  assert.deepEqual(await get('a'), moved)
  assert.equal(await hasSso({ resourceId: 'one' }), false)
  assert.equal(await hasSso({ resourceId: 'two' }), true)
  assert.equal(await hadSso('2026-05-19T23:00:00Z', 'one'), true)
  assert.equal(await hadSso('2026-05-19T23:00:00Z', 'two'), false)
  assert.equal(await hadSso('2026-05-20T00:00:00Z', 'one'), false)
  assert.equal(await hadSso('2026-05-20T00:00:00Z', 'two'), true)
  const shown = (await tenant().announced()).slice(events).map(({ type, before, after }) => {
    const { resourceId: from } = (before ?? {}) as { resourceId?: string }
    return [type, from, (after as { resourceId?: string }).resourceId]
  })
  assert.deepEqual(shown, [
    ['subscription.updated', 'one', 'two'],
    ['entitlements.updated', undefined, 'one'],
    ['entitlements.updated', undefined, 'two'],
  ])
  assert.deepEqual(await transfer('a', 'two'), moved)
  assert.equal((await tenant().announced()).length, events + 3)
})

test('after a transfer, time goes on, and both resources can be sold to again', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'site', resourceId: 'one' })
  await to.update('a', { cancellationDate: '2026-06-01T00:00:00Z' })
  await transfer('a', 'two')
  await transfer('a', 'one')
  await transfer('a', 'two')
  await provision({ id: 'b', planId: 'large-site', resourceId: 'one' })
  await refused('transfer', { id: 'b', body: { destinationResourceId: 'two' } }, [
    ...([409, 'DuplicatedEntityNotAllowed'] as const),
  ])
  await goTo('2026-06-01T00:00:00Z')
  assert.equal(await to.stateOf('a'), 'CANCELED ScheduledCancellation')
  assert.equal((await transfer('b', 'two')).resourceId, 'two')
  await provision({ id: 'c', planId: 'site', resourceId: 'one' })
  assert.deepEqual(
    (await to.list()).map(({ id, resourceId, status }) => [id, resourceId, status]),
    [
      ['c', 'one', 'ACTIVE'],
      ['b', 'two', 'ACTIVE'],
      ['a', 'two', 'CANCELED'],
    ],
  )
})

test('a scheduled plan comes along with the subscription that has it', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'large-site', resourceId: 'one' })
  await provision({
    ...{ id: 'b', planId: 'site', resourceId: 'one' },
    scheduleStrategy: 'END_OF_BILLING_PERIOD',
  })
  await transfer('a', 'two')
  await goTo((await get('a')).currentBillingPeriodEnd ?? '')
  assert.equal(await to.stateOf('a'), 'CANCELED UPGRADE_OR_DOWNGRADE')
  const { status, resourceId } = await get('b')
  assert.deepEqual([status, resourceId], ['ACTIVE', 'two'])
})

test('what was to start at the end of a trial that is transferred starts at its instant', async () => {
  await fresh()
  const trialOverrideConfiguration = { isTrial: true, trialEndDate: '2026-06-01T00:00:00Z' }
  await provision({ id: 'a', planId: 'site', resourceId: 'one', trialOverrideConfiguration })
  await provision({ id: 'b', planId: 'large-site', resourceId: 'one' })
  assert.equal((await get('b')).startDate, '2026-06-01T00:00:00.000Z')
  await transfer('a', 'two')
  await to.update('a', { trialEndDate: '2026-06-10T00:00:00Z' })
  await goTo('2026-06-01T00:00:00Z')
  assert.equal(await to.stateOf('b'), 'ACTIVE')
  assert.equal(await to.stateOf('a'), 'IN_TRIAL')
})

test('a transfer is refused: a product without resources, an end, an unknown subscription', async () => {
  await fresh()
  const body = { destinationResourceId: 'two' }
  await provision({ id: 'a', planId: 'basic' })
  await refused('transfer', { id: 'a', body }, [400, 'InvalidArgumentError'])
  await provision({ id: 'b', planId: 'site', resourceId: 'one' })
  await cancel('b')
  await refused('transfer', { id: 'b', body }, [400, 'InvalidSubscriptionStatus'])
  await refused('transfer', { id: 'unknown', body }, [404, 'SubscriptionNotFound'])
})

test('another customer pays, and then nobody else', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  const events = (await tenant().announced()).length
  const delegated = await delegate('a', 'payer')
  assert.equal(delegated.payingCustomerId, 'payer')
  assert.deepEqual(await get('a'), delegated)
  assert.deepEqual(await delegate('a', 'payer'), delegated)
  await refused('delegate', { id: 'a', body: { targetCustomerId: 'other' } }, [
    ...([400, 'ChangingPayingCustomerIsNotSupportedError'] as const),
  ])
  assert.equal((await delegate('a', 'acme')).payingCustomerId, null)
  const payers = (await tenant().announced()).slice(events).map(({ type, before, after }) => {
    const [was, is] = [before, after].map((each) => each as { payingCustomerId: string | null })
    return [type, was?.payingCustomerId, is?.payingCustomerId]
  })
  assert.deepEqual(payers, [
    ['subscription.updated', null, 'payer'],
    ['subscription.updated', 'payer', null],
  ])
})

test('a delegation is refused: an unknown or archived customer, an end', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  const body = { targetCustomerId: 'unknown' }
  await refused('delegate', { id: 'a', body }, [404, 'CustomerNotFound'])
  await tenant().ok('v1.customers.archive', { params: { id: 'payer' } })
  const archived = { targetCustomerId: 'payer' }
  await refused('delegate', { id: 'a', body: archived }, [400, 'EntityIsArchivedError'])
  await cancel('a')
  await refused('delegate', { id: 'a', body }, [400, 'SubscriptionAlreadyCanceledOrExpired'])
})
