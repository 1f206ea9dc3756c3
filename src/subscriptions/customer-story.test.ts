import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grantItem } from '../../test/support/grants.ts'
import { monthly, openSale } from '../../test/support/sale.ts'
import { openWorldApart, type Tenant } from '../../test/support/world.ts'

const world = await openWorldApart({}, { isGuarded: true })

/** Calls of a month that begins with the subscription. */
const callsOf = (usageLimit: number, terms: object = {}) => ({
  calls: { ...monthly(usageLimit), ...SINCE_START, ...terms },
})
const SINCE_START = { monthlyResetPeriodConfiguration: { accordingTo: 'SubscriptionStart' } }

const goTo = async (at: string) => {
  world.clock.moveTo(Date.parse(at))
  await world.bursar.jobs.runNow()
}

/** Sells a free plan, which follows the end of a paid one, and an add-on up to three times. */
async function furnished(tenant: Tenant) {
  const sale = await openSale(tenant)
  await sale.plan('free', callsOf(100), { pricingType: 'FREE' })
  await sale.addon('more', { calls: { usageLimit: 1000 } })
  await tenant.ok('v1.addons.createDraft', { params: { id: 'more' } })
  await tenant.ok('v1.addons.update', { params: { id: 'more' }, body: { maxQuantity: 3 } })
  const publication = { body: { migrationType: 'NEW_CUSTOMERS' } }
  await tenant.ok('v1.addons.publish', { params: { id: 'more' }, ...publication })
  const given = { ...callsOf(10_000, { hasSoftLimit: true }), sso: {}, seats: { usageLimit: 5 } }
  await sale.plan('pro', given)
  await tenant.ok('v1.products.updateProduct', {
    params: { id: 'app' },
    body: {
      productSettings: {
        ...{ subscriptionStartSetup: 'PLAN_SELECTION', subscriptionEndSetup: 'DOWNGRADE_TO_FREE' },
        ...{ downgradePlanId: 'free', subscriptionCancellationTime: 'IMMEDIATE' },
      },
    },
  })
  await sale.customer('c1')
  return sale
}

test('a customer begins for free, buys more, cancels, and is archived', async () => {
  world.clock.moveTo(Date.parse('2026-04-01T00:00:00Z'))
  const tenant = await world.tenant()
  const sale = await furnished(tenant)
  const params = { id: 'c1' }
  const calls = async (requestedUsage: number) => {
    const answer = await sale.check('c1', 'calls', { requestedUsage: String(requestedUsage) })
    return answer.accessDeniedReason ?? answer.usageLimit
  }
  const states = async () => {
    const query = { customerId: 'c1' }
    const { data } = await tenant.ok('v1.subscriptions.list', { query })
    return data
      .map(({ planId, status, cancelReason }) => `${planId} ${status} ${cancelReason}`)
      .toSorted()
  }

  // 1 and 2: the free plan, up to its limit.
  await sale.provision('c1', 'free')
  assert.deepEqual(await states(), ['free ACTIVE null'])
  assert.deepEqual([await calls(100), await calls(101)], [100, 'RequestedUsageExceedingLimit'])
  const usages = [{ customerId: 'c1', featureId: 'calls', value: 100 }]
  await tenant.ok('v1.usage.report', { body: { usages } })
  assert.deepEqual([await calls(1), await calls(0)], ['RequestedUsageExceedingLimit', 100])

  // 3: a plan and an add-on take its place.
  await goTo('2026-04-16T00:00:00Z')
  const body = { customerId: 'c1', planId: 'pro', addons: [{ id: 'more', quantity: 2 }] }
  const { data } = await tenant.ok('v1.subscriptions.provision', { body })
  assert.equal(data.status, 'SUCCESS')
  assert.deepEqual(await states(), ['free CANCELED UPGRADE_OR_DOWNGRADE', 'pro ACTIVE null'])
  assert.deepEqual([await calls(12_000), await calls(12_001)], [12_000, 12_000])
  assert.equal((await sale.check('c1', 'sso')).isGranted, true)
  assert.equal((await sale.check('c1', 'seats')).usageLimit, 5)

  // 4: what is promised besides counts while it is more.
  const period = { period: '1 month', usageLimit: 15_000 } as const
  const promotionalEntitlements = [grantItem('calls', period)]
  await tenant.ok('v1.customers.promotionalEntitlements.create', {
    ...{ params, body: { promotionalEntitlements } },
  })
  assert.equal(await calls(0), 15_000)
  const named = { params: { id: 'c1', featureId: 'calls' } }
  await tenant.ok('v1.customers.promotionalEntitlements.revoke', named)
  assert.equal(await calls(0), 12_000)

  // 6: too much is refused, and the free plan follows a cancellation.
  const { subscription } = data
  assert.ok(subscription)
  const own = { params: { id: subscription.id } }
  await tenant.refused(
    'v1.subscriptions.update',
    { ...own, body: { addons: [{ id: 'more', quantity: 4 }] } },
    { status: 400, code: 'AddonQuantityExceedsLimitError' },
  )
  const atEnd = { cancellationTime: 'END_OF_BILLING_PERIOD' }
  const canceled = (await tenant.ok('v1.subscriptions.cancel', { ...own, body: atEnd })).data
  assert.deepEqual(
    [canceled.status, canceled.cancellationDate],
    ['ACTIVE', '2026-05-16T00:00:00.000Z'],
  )
  await goTo('2026-05-15T23:59:59.999Z')
  assert.equal(await calls(0), 12_000)
  await goTo('2026-05-16T00:00:00Z')
  assert.deepEqual(await states(), [
    'free ACTIVE null',
    'free CANCELED UPGRADE_OR_DOWNGRADE',
    'pro CANCELED ScheduledCancellation',
  ])
  assert.deepEqual([await calls(100), await calls(101)], [100, 'RequestedUsageExceedingLimit'])

  // 7: nothing is left of an archived customer.
  await tenant.ok('v1.customers.archive', { params })
  assert.ok((await states()).includes('free CANCELED CustomerArchived'))
  assert.equal(await calls(0), 'CustomerIsArchived')
})
