import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { NOW, openWorldApart } from '../../test/support/world.ts'
import type { OperationId } from '../api.gen.ts'

const world = await openWorldApart({}, { isGuarded: true })
const { announced, cancel, get, goTo, list, open, provision, stateOf, update, ...to } =
  subscriptionsIn(world)

const DAY = '2026-05-19T10:07:42.000Z'
const MONTH = '2026-06-18T10:07:42.000Z'
const YEAR = '2027-05-18T10:07:42.000Z'
const CANCEL = 'v1.subscriptions.cancel'
const UPDATE = 'v1.subscriptions.update'
const GIVE_UP = 'v1.subscriptions.futureUpdate.cancelSchedule'
const DROP_UNPAID = 'v1.subscriptions.futureUpdate.cancelPendingPayment'

const fresh = async () => {
  world.clock.moveTo(Date.parse(NOW))
  await open()
}
const refusedFor = (operation: OperationId, id: string, body: object, code: string, status = 400) =>
  to.tenant().refused(operation, { params: { id }, body }, { status, code })
const giveUp = (id: string) => to.tenant().ok(GIVE_UP, { params: { id } })
const futureOf = async (id: string) =>
  (await get(id)).futureUpdates.map((each) => [
    each.subscriptionScheduleType,
    each.scheduleStatus,
    each.scheduledExecutionTime,
    each.targetPackage?.id ?? null,
  ])

test('an update changes the add-ons, entitlements, metadata and period now', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic', addons: [{ id: 'more', quantity: 1 }] })
  const changed = await update('a', {
    addons: [
      { id: 'more', quantity: 2 },
      { id: 'top', quantity: 1 },
    ],
    entitlements: [{ id: 'calls', type: 'FEATURE', hasUnlimitedUsage: true }],
    metadata: { a: 'b' },
    billingPeriod: 'ANNUALLY',
    salesforceId: 'sf',
  })
  assert.deepEqual(
    [changed.addons, changed.subscriptionEntitlements, changed.metadata],
    [
      [
        { id: 'more', quantity: 2 },
        { id: 'top', quantity: 1 },
      ],
      [
        {
          ...{ id: 'calls', type: 'FEATURE', usageLimit: null, hasUnlimitedUsage: true },
          ...{ hasSoftLimit: false, resetPeriod: null, resetPeriodConfiguration: null },
        },
      ],
      { a: 'b' },
    ],
  )
  assert.deepEqual([changed.billingPeriod, changed.currentBillingPeriodEnd], ['ANNUALLY', YEAR])
  assert.deepEqual(await get('a'), changed)
  await update('a', { addons: [], entitlements: [] })
  const { addons, subscriptionEntitlements, metadata } = await get('a')
  assert.deepEqual([addons, subscriptionEntitlements, metadata], [[], [], { a: 'b' }])
  assert.deepEqual(await announced(), ['created a', 'updated a', 'updated a'])
  await update('a', { addons: [] })
  assert.equal((await announced()).length, 3)
})

test('a scheduled update takes effect at the end of the period or of the month', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic', billingPeriod: 'ANNUALLY' })
  const addons = [{ id: 'more', quantity: 1 }]
  await update('a', { addons, scheduleStrategy: 'END_OF_BILLING_PERIOD' })
  assert.deepEqual(await futureOf('a'), [['ADDON', 'SCHEDULED', YEAR, 'more']])
  await update('a', { addons, scheduleStrategy: 'END_OF_BILLING_MONTH' })
  assert.deepEqual(await futureOf('a'), [
    ['ADDON', 'CANCELED', YEAR, 'more'],
    ['ADDON', 'SCHEDULED', MONTH, 'more'],
  ])
  assert.deepEqual((await get('a')).addons, [])
  await goTo(MONTH)
  assert.deepEqual((await get('a')).addons, addons)
  assert.deepEqual((await futureOf('a'))[1], ['ADDON', 'DONE', MONTH, 'more'])
})

test('a scheduled plan that is archived meanwhile fails, and nothing changes', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'pro' })
  await provision({ planId: 'other', scheduleStrategy: 'END_OF_BILLING_PERIOD' })
  await to.tenant().ok('v1.plans.archive', { params: { id: 'other' } })
  await goTo(MONTH)
  assert.equal(await stateOf('a'), 'ACTIVE')
  assert.deepEqual(await futureOf('a'), [['PLAN', 'FAILED', MONTH, 'other']])
  assert.equal((await list()).length, 1)
})

test('what is scheduled can be given up, once', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'pro' })
  const later = { planId: 'basic', scheduleStrategy: 'END_OF_BILLING_PERIOD' } as const
  await provision({ id: 'b', ...later })
  await cancel('a', { cancellationTime: 'END_OF_BILLING_PERIOD' })
  assert.deepEqual((await giveUp('a')).data, { id: 'a' })
  assert.deepEqual(await futureOf('a'), [['DOWNGRADE', 'CANCELED', MONTH, 'basic']])
  assert.equal((await get('a')).cancellationDate, null)
  await refusedFor(GIVE_UP, 'a', {}, 'FutureUpdateNotFound', 404)
  await refusedFor(DROP_UNPAID, 'a', {}, 'FutureUpdateNotFound', 404)
  await goTo(MONTH)
  assert.equal(await stateOf('a'), 'ACTIVE')
  await provision({ id: 'b', customerId: 'other', planId: 'free' })
})

test('a cancellation is immediate unless the product or the request says otherwise', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  const canceled = await cancel('a')
  assert.deepEqual(
    [canceled.status, canceled.cancelReason, canceled.cancellationDate, canceled.effectiveEndDate],
    ['CANCELED', 'Immediate', NOW, NOW],
  )
  await to.setJourney({ subscriptionCancellationTime: 'END_OF_BILLING_PERIOD' })
  await provision({ id: 'b', planId: 'basic' })
  const later = await cancel('b')
  assert.deepEqual(
    [later.status, later.cancellationDate, later.effectiveEndDate],
    ['ACTIVE', MONTH, MONTH],
  )
  const dated = await cancel('b', { cancellationTime: 'SPECIFIC_DATE', endDate: DAY })
  assert.equal(dated.cancellationDate, DAY)
  assert.equal((await update('b', { cancellationDate: null })).cancellationDate, null)
  assert.equal((await update('b', { cancellationDate: DAY })).cancellationDate, DAY)
  await goTo(DAY)
  assert.equal(await stateOf('b'), 'CANCELED ScheduledCancellation')
  assert.deepEqual((await announced()).slice(0, 3), ['created a', 'canceled a', 'created b'])
})

test('the free plan of the product follows, unless entitlements are to be revoked', async () => {
  await fresh()
  await to.setJourney({ subscriptionEndSetup: 'DOWNGRADE_TO_FREE', downgradePlanId: 'free' })
  const active = async () => (await list({ status: 'ACTIVE' })).map(({ planId }) => planId)
  await provision({ id: 'a', planId: 'basic' })
  await cancel('a')
  assert.deepEqual(await active(), ['free'])
  await provision({ id: 'b', planId: 'basic' })
  await cancel('b', { cancellationAction: 'REVOKE_ENTITLEMENTS' })
  assert.deepEqual(await active(), [])
  await provision({ id: 'c', planId: 'basic' })
  await update('c', { cancellationDate: DAY })
  await goTo(DAY)
  assert.deepEqual(await active(), ['free'])
})

test('a trial ends at another time, and a plan that waits for it moves along', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'tried' })
  await provision({ id: 'b', planId: 'pro' })
  const end = '2026-05-25T00:00:00.000Z'
  assert.equal((await update('a', { trialEndDate: end })).trialEndDate, end)
  assert.equal((await get('b')).startDate, end)
  await update('a', { trialEndDate: '2026-05-01T00:00:00Z' })
  assert.deepEqual([await stateOf('a'), await stateOf('b')], ['CANCELED TRIAL_CONVERTED', 'ACTIVE'])
})

test('what has not started can be changed and canceled, and never starts', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic', startDate: DAY })
  assert.deepEqual((await update('a', { addons: [{ id: 'more', quantity: 1 }] })).addons, [
    { id: 'more', quantity: 1 },
  ])
  const schedule = { addons: [], scheduleStrategy: 'END_OF_BILLING_PERIOD' }
  await refusedFor(UPDATE, 'a', schedule, 'UnsupportedSubscriptionScheduleType')
  assert.equal(
    (await cancel('a', { cancellationTime: 'END_OF_BILLING_PERIOD' })).status,
    'CANCELED',
  )
  await goTo(DAY)
  assert.equal(await stateOf('a'), 'CANCELED Immediate')
})

test('a change that cannot be is refused, and writes nothing', async () => {
  await fresh()
  await provision({ id: 'paid', planId: 'basic' })
  await provision({ id: 'free', customerId: 'other', planId: 'free' })
  await provision({ id: 'trial', customerId: 'payer', planId: 'tried' })
  await provision({ id: 'ended', planId: 'site', resourceId: 'eu' })
  await cancel('ended')
  const before = [await list(), await to.tenant().announced()]
  const over = 'SubscriptionAlreadyCanceledOrExpired'
  for (const [operation, id, body, code, status] of [
    [UPDATE, 'nothing', {}, 'SubscriptionNotFound', 404],
    [UPDATE, 'ended', { metadata: { a: 'b' } }, over],
    [UPDATE, 'paid', { trialEndDate: DAY }, 'InvalidSubscriptionStatus'],
    [UPDATE, 'paid', { cancellationDate: NOW }, 'InvalidCancellationDate'],
    [UPDATE, 'trial', { cancellationDate: DAY }, 'TrialMustBeCancelledImmediately'],
    [UPDATE, 'paid', { addons: [{ id: 'nothing', quantity: 1 }] }, 'AddonsNotFound', 404],
    [UPDATE, 'paid', { addons: [{ id: 'alone', quantity: 1 }] }, 'IncompatibleSubscriptionAddon'],
    [UPDATE, 'paid', { addons: [{ id: 'top', quantity: 1 }] }, 'AddonDependencyMissingError'],
    [UPDATE, 'paid', { addons: [{ id: 'more', quantity: 9 }] }, 'AddonQuantityExceedsLimitError'],
    [UPDATE, 'paid', { addons: [{ id: 'more', quantity: -1 }] }, 'InvalidQuantity'],
    [
      UPDATE,
      'paid',
      { addons: ['more', 'more'].map((each) => ({ id: each, quantity: 1 })) },
      'DuplicateAddonProvisionedError',
    ],
    [
      UPDATE,
      'paid',
      { entitlements: [{ id: 'nothing', type: 'FEATURE' }] },
      'FeatureNotFound',
      404,
    ],
    [
      UPDATE,
      'trial',
      { billingPeriod: 'ANNUALLY', scheduleStrategy: 'END_OF_BILLING_PERIOD' },
      'SchedulingAtEndOfBillingPeriod',
    ],
    [UPDATE, 'paid', { charges: [] }, 'UnsupportedParameter'],
    [CANCEL, 'nothing', {}, 'SubscriptionNotFound', 404],
    [CANCEL, 'ended', {}, over],
    [CANCEL, 'paid', { endDate: DAY }, 'InvalidArgumentError'],
    [CANCEL, 'paid', { cancellationTime: 'SPECIFIC_DATE' }, 'InvalidCancellationDate'],
    [
      CANCEL,
      'paid',
      { cancellationTime: 'SPECIFIC_DATE', endDate: NOW },
      'InvalidCancellationDate',
    ],
    [
      CANCEL,
      'free',
      { cancellationTime: 'END_OF_BILLING_PERIOD' },
      'SubscriptionDoesNotHaveBillingPeriod',
    ],
    [
      CANCEL,
      'trial',
      { cancellationTime: 'END_OF_BILLING_PERIOD' },
      'TrialMustBeCancelledImmediately',
    ],
    [CANCEL, 'paid', { prorate: false }, 'UnsupportedParameter'],
    [GIVE_UP, 'nothing', {}, 'SubscriptionNotFound', 404],
    [GIVE_UP, 'ended', {}, 'FutureUpdateNotFound', 404],
    [DROP_UNPAID, 'nothing', {}, 'SubscriptionNotFound', 404],
  ] as const)
    await refusedFor(operation, id, body, code, status)
  assert.deepEqual([await list(), await to.tenant().announced()], before)
})

test('a write of an outdated subscription is refused', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  const params = { id: 'a' }
  const { headers } = await to.tenant().call('v1.subscriptions.retrieve', { params })
  const match = { 'if-match': String(headers.etag) }
  await to.tenant().ok(UPDATE, { params, body: { metadata: { a: '1' } }, headers: match })
  for (const operation of [UPDATE, CANCEL] as const)
    await to
      .tenant()
      .refused(operation, { params, body: {}, headers: match }, { status: 412, code: null })
})
