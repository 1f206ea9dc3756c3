import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { NOW, openWorldApart } from '../../test/support/world.ts'

const world = await openWorldApart({}, { isGuarded: true })
const { cancel, get, goTo, list, open, provision, refused, stateOf, ...to } = subscriptionsIn(world)

const DAY = '2026-05-19T10:07:42.000Z'
const MONTH = '2026-06-18T10:07:42.000Z'

const fresh = async () => {
  world.clock.moveTo(Date.parse(NOW))
  await open()
}

test('a subscription is provisioned, shown and listed', async () => {
  await fresh()
  const done = await provision({
    id: 'one',
    planId: 'basic',
    addons: [{ id: 'more', quantity: 2 }],
    entitlements: [{ id: 'calls', type: 'FEATURE', usageLimit: 5, resetPeriod: 'MONTH' }],
    metadata: { team: 'a', none: '' },
    payingCustomerId: 'payer',
    billingId: 'sub_1',
    salesforceId: 'sf-1',
  })
  const expected = {
    id: 'one',
    customerId: 'acme',
    resourceId: null,
    planId: 'basic',
    status: 'ACTIVE',
    cancelReason: null,
    pricingType: 'PAID',
    createdAt: NOW,
    startDate: NOW,
    endDate: null,
    cancellationDate: null,
    effectiveEndDate: null,
    trialEndDate: null,
    trial: null,
    billingPeriod: 'MONTHLY',
    billingCycleAnchor: NOW,
    currentBillingPeriodStart: NOW,
    currentBillingPeriodEnd: MONTH,
    addons: [{ id: 'more', quantity: 2 }],
    subscriptionEntitlements: [
      {
        ...{ id: 'calls', type: 'FEATURE', usageLimit: 5, hasUnlimitedUsage: false },
        ...{ hasSoftLimit: false, resetPeriod: 'MONTH' },
        resetPeriodConfiguration: { accordingTo: 'SubscriptionStart' },
      },
    ],
    futureUpdates: [],
    metadata: { team: 'a' },
    payingCustomerId: 'payer',
    billingId: 'sub_1',
    paymentCollection: 'NOT_REQUIRED',
    paymentCollectionMethod: null,
    budget: null,
    minimumSpend: null,
    latestInvoice: null,
    contractId: null,
    prices: [],
    coupons: [],
  }
  const { entitlements: _, ...answer } = done
  assert.deepEqual(answer, {
    id: 'one',
    status: 'SUCCESS',
    isScheduled: false,
    subscription: expected,
  })
  assert.deepEqual(await get('one'), expected)
  assert.deepEqual(await list(), [expected])
})

test('the server makes an id, and the customer that pays for itself is not named', async () => {
  await fresh()
  const { id, subscription } = await provision({ planId: 'free', payingCustomerId: 'acme' })
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.equal(subscription.payingCustomerId, null)
  assert.deepEqual(await get(id), subscription)
})

test('the events of a change of plan say whether it gives more', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'pro' })
  await provision({ id: 'b', planId: 'basic' })
  const flags = (await to.tenant().announced())
    .filter(({ type }) => type.startsWith('subscription.'))
    .map(({ after }) => after as { id: string; isUpgrade?: boolean; isDowngrade?: boolean })
    .map(({ id, isUpgrade, isDowngrade }) => [id, isUpgrade, isDowngrade])
  assert.deepEqual(flags, [
    ['a', undefined, undefined],
    ['a', false, true],
    ['b', false, true],
  ])
})

test('for a plan that the customer has, its subscription changes and keeps its id', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic', metadata: { kept: 'yes' } })
  const { id, subscription, isScheduled } = await provision({
    id: 'b',
    planId: 'basic',
    addons: [{ id: 'more', quantity: 3 }],
    metadata: { added: 'too' },
  })
  assert.deepEqual(
    [id, isScheduled, subscription.addons],
    ['a', false, [{ id: 'more', quantity: 3 }]],
  )
  assert.deepEqual(subscription.metadata, { kept: 'yes', added: 'too' })
  await to
    .tenant()
    .refused(
      'v1.subscriptions.retrieve',
      { params: { id: 'b' } },
      { status: 404, code: 'SubscriptionNotFound' },
    )
  const events = (await to.tenant().announced()).length
  await provision({ planId: 'basic' })
  assert.equal((await to.tenant().announced()).length, events)
})

test('a plan at the end of the billing period is scheduled, and has its id from then on', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'pro' })
  const scheduled = await provision({
    id: 'b',
    planId: 'basic',
    billingId: 'later',
    scheduleStrategy: 'END_OF_BILLING_PERIOD',
  })
  assert.deepEqual([scheduled.id, scheduled.isScheduled], ['a', true])
  assert.deepEqual(scheduled.subscription.futureUpdates, [
    {
      subscriptionScheduleType: 'DOWNGRADE',
      scheduleStatus: 'SCHEDULED',
      scheduledExecutionTime: MONTH,
      targetPackage: { id: 'basic' },
    },
  ])
  await refused({ id: 'b', customerId: 'other' }, 'DuplicatedEntityNotAllowed', 409)
  assert.equal((await list()).length, 1)
  await goTo(MONTH)
  assert.equal(await stateOf('a'), 'CANCELED UPGRADE_OR_DOWNGRADE')
  const { status, billingId, createdAt, currentBillingPeriodStart } = await get('b')
  assert.deepEqual(
    [status, billingId, createdAt, currentBillingPeriodStart],
    ['ACTIVE', 'later', MONTH, MONTH],
  )
})

test('the id of a plan that is scheduled no more is free', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'pro' })
  const later = { planId: 'basic', scheduleStrategy: 'END_OF_BILLING_PERIOD' } as const
  await provision({ id: 'b', ...later })
  await provision({ id: 'c', ...later })
  await provision({ id: 'b', customerId: 'other', planId: 'free' })
  await refused({ id: 'c', customerId: 'other' }, 'DuplicatedEntityNotAllowed', 409)
})

test('a start in the past begins the billing periods there', async () => {
  await fresh()
  const { subscription } = await provision({
    planId: 'basic',
    startDate: '2026-01-31T00:00:00.0001Z',
  })
  const { startDate, createdAt, currentBillingPeriodStart, currentBillingPeriodEnd } = subscription
  assert.deepEqual([startDate, createdAt], ['2026-01-31T00:00:00.001Z', NOW])
  assert.deepEqual(
    [currentBillingPeriodStart, currentBillingPeriodEnd],
    ['2026-04-30T00:00:00.001Z', '2026-05-31T00:00:00.001Z'],
  )
})

test('a plan that starts later has the versions of then', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic', startDate: DAY })
  await to.publishAgain('basic', { defaultTrialConfig: null, displayName: 'newer' })
  await goTo(DAY)
  const pins = await pinsOf('a')
  assert.deepEqual(pins, [2])
  await provision({ id: 'b', customerId: 'other', planId: 'pro' })
  assert.deepEqual(await pinsOf('b'), [1, 2])
})

/** The versions that a subscription has: of its plan, then of those that it inherits from. */
async function pinsOf(id: string): Promise<number[]> {
  const [found] = await world.bursar.app.db.withClient(async (client) => {
    const { rows } = await client.query<{ pins: string }>(
      `select r.pins::text from subscriptions s join subscription_revisions r
         using (customer_key, subscription_key)
       where s.environment_key = $1 and s.id = $2 and r.until is null`,
      [to.tenant().scope.environmentKey, id],
    )
    return rows
  })
  return (JSON.parse(found?.pins ?? '[]') as { version: number }[]).map(({ version }) => version)
}

test('one trial of a product: an earlier one, canceled too, and an earlier payment count', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'tried' })
  await cancel('a')
  assert.equal((await provision({ id: 'b', planId: 'passing' })).subscription.status, 'ACTIVE')
  const paid = { customerId: 'other' }
  await provision({ ...paid, planId: 'basic' })
  assert.equal((await provision({ ...paid, planId: 'tried' })).subscription.status, 'ACTIVE')
  const again = { planId: 'tried', trialOverrideConfiguration: { isTrial: true } }
  assert.equal((await provision({ ...paid, ...again })).subscription.status, 'IN_TRIAL')
  const none = { customerId: 'payer', planId: 'tried' }
  const refusing = { trialOverrideConfiguration: { isTrial: false } }
  assert.equal((await provision({ ...none, ...refusing })).subscription.status, 'ACTIVE')
})

test('a trial beside the main subscription: each line has at most one of both', async () => {
  await fresh()
  const tries = {
    planId: 'basic',
    trialOverrideConfiguration: { isTrial: true, trialEndDate: DAY },
  }
  await provision({ id: 'a', planId: 'basic' })
  await provision({ id: 'b', ...tries })
  await provision({ id: 'c', ...tries })
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(stateOf)), [
    'ACTIVE',
    'CANCELED UPGRADE_OR_DOWNGRADE',
    'IN_TRIAL',
  ])
})

test('each resource has a subscription of its own', async () => {
  await fresh()
  for (const resourceId of ['eu', 'us'])
    await provision({ id: resourceId, planId: 'site', resourceId })
  await provision({ id: 'eu-2', planId: 'large-site', resourceId: 'eu' })
  assert.deepEqual(
    (await list({ status: 'ACTIVE' })).map(({ id, resourceId }) => [id, resourceId]),
    [
      ['eu-2', 'eu'],
      ['us', 'us'],
    ],
  )
  const resources = await to.tenant().ok('v1.customers.listResources', { params: { id: 'acme' } })
  assert.deepEqual(resources.data.map(({ id }) => id).toSorted(), ['eu', 'us'])
})

test('the list has filters, and shows what time has brought', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'tried' })
  await provision({ id: 'b', planId: 'free', customerId: 'other' })
  await provision({ id: 'c', planId: 'site', resourceId: 'eu' })
  const ids = async (query: Record<string, string>) => (await list(query)).map(({ id }) => id)
  assert.deepEqual(await ids({}), ['c', 'b', 'a'])
  assert.deepEqual(await ids({ customerId: 'acme' }), ['c', 'a'])
  assert.deepEqual(await ids({ customerId: 'nobody' }), [])
  assert.deepEqual(await ids({ planId: 'free' }), ['b'])
  assert.deepEqual(await ids({ planId: 'nothing' }), [])
  assert.deepEqual(await ids({ resourceId: 'eu' }), ['c'])
  assert.deepEqual(await ids({ pricingType: 'FREE,CUSTOM' }), ['b'])
  assert.deepEqual(await ids({ status: 'IN_TRIAL' }), ['a'])
  assert.deepEqual(await ids({ 'createdAt[gt]': NOW }), [])
  assert.deepEqual(await ids({ 'createdAt[gte]': NOW, 'createdAt[lte]': NOW }), ['c', 'b', 'a'])
  world.clock.moveTo(Date.parse('2026-06-02T00:00:00Z'))
  assert.deepEqual(await ids({ status: 'IN_TRIAL' }), [])
  assert.deepEqual(await ids({ status: 'ACTIVE' }), ['c', 'b', 'a'])
})
