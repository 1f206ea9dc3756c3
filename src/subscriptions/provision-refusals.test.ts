import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { NOW, openWorldApart } from '../../test/support/world.ts'

const world = await openWorldApart({}, { isGuarded: true })
const { list, open, provision, refused, ...to } = subscriptionsIn(world)

const DAY = '2026-05-19T10:07:42.000Z'
const MONTH = '2026-06-18T10:07:42.000Z'

const fresh = async () => {
  world.clock.moveTo(Date.parse(NOW))
  await open()
}

/** What a provision refuses, and with which code. */
const REFUSALS: readonly (readonly [body: object, code: string, status?: 404 | 409])[] = [
  [{ customerId: 'nobody' }, 'CustomerNotFound', 404],
  [{ payingCustomerId: 'nobody' }, 'CustomerNotFound', 404],
  [{ planId: 'nothing' }, 'PlanNotFound', 404],
  [{ planId: 'more' }, 'PlanNotFound', 404],
  [{ addons: [{ id: 'nothing', quantity: 1 }] }, 'AddonsNotFound', 404],
  [{ addons: [{ id: 'free', quantity: 1 }] }, 'AddonsNotFound', 404],
  [{ entitlements: [{ id: 'nothing', type: 'FEATURE' }] }, 'FeatureNotFound', 404],
  [{ id: 'taken' }, 'DuplicatedEntityNotAllowed', 409],
  [{ resourceId: 'eu' }, 'BadUserInput'],
  [{ planId: 'site' }, 'BadUserInput'],
  [{ addons: [{ id: 'alone', quantity: 1 }] }, 'IncompatibleSubscriptionAddon'],
  [{ addons: [{ id: 'top', quantity: 1 }] }, 'AddonDependencyMissingError'],
  [{ addons: [{ id: 'more', quantity: 4 }] }, 'AddonQuantityExceedsLimitError'],
  [{ addons: [{ id: 'more', quantity: -1 }] }, 'InvalidQuantity'],
  [{ addons: [{ id: 'more', quantity: 1.5 }] }, 'BadUserInput'],
  [
    {
      addons: [
        { id: 'more', quantity: 1 },
        { id: 'more', quantity: 1 },
      ],
    },
    'DuplicateAddonProvisionedError',
  ],
  [{ cancellationDate: NOW }, 'InvalidCancellationDate'],
  [{ startDate: MONTH, cancellationDate: DAY }, 'InvalidCancellationDate'],
  [{ startDate: '0000-01-01T00:00:00Z' }, 'BadUserInput'],
  [{ startDate: '9999-12-31T23:59:59Z' }, 'BadUserInput'],
  [{ trialOverrideConfiguration: { isTrial: true } }, 'InvalidArgumentError'],
  [
    { planId: 'free', trialOverrideConfiguration: { isTrial: true, trialEndDate: DAY } },
    'InvalidArgumentError',
  ],
  [{ entitlements: [{ id: 'calls', type: 'FEATURE' }] }, 'InvalidArgumentError'],
  [
    {
      entitlements: ['calls', 'calls'].map((id) => ({ id, type: 'FEATURE', usageLimit: 1 })),
    },
    'InvalidArgumentError',
  ],
  [
    {
      entitlements: [
        {
          id: 'calls',
          type: 'FEATURE',
          usageLimit: 1,
          weeklyResetPeriodConfiguration: { accordingTo: 'EveryMonday' },
        },
      ],
    },
    'InvalidEntitlementResetPeriod',
  ],
  [{ entitlements: [{ id: 'calls', type: 'CREDIT', amount: 1 }] }, 'UnsupportedParameter'],
  [{ entitlements: [{ id: 'sso', type: 'FEATURE', usageLimit: 1 }] }, 'UnsupportedFeatureType'],
  [{ metadata: { a: '\ud800' } }, 'InvalidMetadataError'],
  ...[
    ...['appliedCoupon', 'billingCountryCode', 'billingInformation', 'budget', 'charges'],
    ...['checkoutOptions', 'minimumSpend', 'paymentCollectionMethod', 'priceOverrides'],
    'unitQuantity',
  ].map((name) => [{ [name]: {} }, 'UnsupportedParameter'] as const),
]

test('a provision that cannot be is refused, and writes nothing', async () => {
  await fresh()
  await provision({ id: 'taken', planId: 'free', customerId: 'other' })
  const before = await list()
  const events = await to.tenant().announced()
  for (const [body, code, status] of REFUSALS) await refused(body, code, status)
  assert.deepEqual(await list(), before)
  assert.deepEqual(await to.tenant().announced(), events)
})

test('what is archived or not published cannot be provisioned', async () => {
  await fresh()
  const tenant = to.tenant()
  const draft = { id: 'draft', productId: 'app', displayName: 'draft', pricingType: 'PAID' }
  await tenant.ok('v1.plans.create', { body: draft })
  await refused({ planId: 'draft' }, 'UnPublishedPackage')
  await tenant.ok('v1.addons.create', { body: { ...draft, id: 'new' } })
  await refused({ addons: [{ id: 'new', quantity: 1 }] }, 'UnPublishedPackage')
  await tenant.ok('v1.features.archiveFeature', { params: { id: 'calls' } })
  const entitlements = [{ id: 'calls', type: 'FEATURE', usageLimit: 1 }]
  await refused({ entitlements }, 'EntityIsArchivedError')
  await tenant.ok('v1.plans.archive', { params: { id: 'other' } })
  await refused({ planId: 'other' }, 'EntityIsArchivedError')
  await tenant.ok('v1.customers.archive', { params: { id: 'payer' } })
  await refused({ customerId: 'payer' }, 'EntityIsArchivedError')
  await refused({ payingCustomerId: 'payer' }, 'EntityIsArchivedError')
  await tenant.ok('v1.products.archiveProduct', { params: { id: 'sites' } })
  await refused({ planId: 'site', resourceId: 'eu' }, 'EntityIsArchivedError')
})

test('a scheduled plan needs a billing period', async () => {
  await fresh()
  await provision({ planId: 'free' })
  await refused({ scheduleStrategy: 'END_OF_BILLING_PERIOD' }, 'SchedulingAtEndOfBillingPeriod')
})
