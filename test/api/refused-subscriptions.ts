import type { Request } from '../support/contract-client.ts'
import type { subscriptionsIn } from '../support/subscriptions.ts'
import { LATER, NOW } from '../support/world.ts'
import { BAD_RESET, type CodeCalls, UNSTORABLE } from './refused-packages.ts'

const of = (id: string, body?: object) => ({ params: { id }, ...(body && { body }) })
const unknown = (body?: object) => ({ SubscriptionNotFound: of('nothing', body) })
const addons = (...ids: string[]) => ({ addons: ids.map((id) => ({ id, quantity: 1 })) })
const own = (id: string, parts: object = {}) => ({
  entitlements: [{ id, type: 'FEATURE', ...parts }],
})

/** What a new subscription and a change of one refuse in the same way. */
const contentCalls = (request: (body: object) => Request) => ({
  UnPublishedPackage: request(addons('new')),
  EntityIsArchivedError: request(addons('old')),
  DuplicateAddonProvisionedError: request(addons('more', 'more')),
  InvalidQuantity: request({ addons: [{ id: 'more', quantity: -1 }] }),
  IncompatibleSubscriptionAddon: request(addons('alone')),
  AddonQuantityExceedsLimitError: request({ addons: [{ id: 'more', quantity: 4 }] }),
  AddonDependencyMissingError: request(addons('top')),
  UnsupportedFeatureType: request(own('sso', { usageLimit: 1 })),
  InvalidEntitlementResetPeriod: request(own('calls', { usageLimit: 1, ...BAD_RESET })),
  UnsupportedParameter: request({ charges: [] }),
  InvalidMetadataError: request(UNSTORABLE),
  AddonsNotFound: request(addons('nothing')),
  FeatureNotFound: request(own('nothing')),
})

const provision = (body: object): Request => ({
  body: { customerId: 'late', planId: 'basic', ...body },
})
const importing = (more: object, integrationId: string | null = null): Request => ({
  body: {
    subscriptions: [{ id: 'imported', customerId: 'late', planId: 'basic', ...more }],
    integrationId,
  },
})
const destination = (destinationResourceId: string) => ({ destinationResourceId })
const delegation = (targetCustomerId: string) => ({ targetCustomerId })
const atEnd = { subscriptionMigrationTime: 'END_OF_BILLING_PERIOD' }

export const subscriptionRefusals: readonly CodeCalls[] = [
  {
    'v1.subscriptions.provision': {
      ...contentCalls(provision),
      InvalidArgumentError: provision({ trialOverrideConfiguration: { isTrial: true } }),
      InvalidCancellationDate: provision({ cancellationDate: NOW }),
      SchedulingAtEndOfBillingPeriod: provision({
        customerId: 'other',
        scheduleStrategy: 'END_OF_BILLING_PERIOD',
      }),
      CustomerNotFound: provision({ customerId: 'nobody' }),
      PlanNotFound: provision({ planId: 'nothing' }),
      DuplicatedEntityNotAllowed: provision({ id: 'paid' }),
    },
    'v1.subscriptions.import': {
      UnsupportedParameter: importing({ charges: [] }),
      IntegrationNotFound: importing({}, 'nothing'),
    },
    'v1.subscriptions.retrieve': unknown(),
    'v1.subscriptions.update': {
      ...contentCalls((body) => of('paid', body)),
      ...unknown({}),
      SubscriptionAlreadyCanceledOrExpired: of('ended', { metadata: { a: 'b' } }),
      InvalidSubscriptionStatus: of('paid', { trialEndDate: LATER }),
      InvalidCancellationDate: of('paid', { cancellationDate: NOW }),
      TrialMustBeCancelledImmediately: of('trial', { cancellationDate: LATER }),
      UnsupportedSubscriptionScheduleType: of('ahead', {
        billingPeriod: 'ANNUALLY',
        scheduleStrategy: 'END_OF_BILLING_PERIOD',
      }),
      InvalidArgumentError: of('paid', own('calls')),
      SchedulingAtEndOfBillingPeriod: of('trial', {
        billingPeriod: 'ANNUALLY',
        scheduleStrategy: 'END_OF_BILLING_PERIOD',
      }),
    },
    'v1.subscriptions.cancel': {
      ...unknown({}),
      SubscriptionAlreadyCanceledOrExpired: of('ended', {}),
      TrialMustBeCancelledImmediately: of('trial', { cancellationTime: 'END_OF_BILLING_PERIOD' }),
      SubscriptionDoesNotHaveBillingPeriod: of('free', {
        cancellationTime: 'END_OF_BILLING_PERIOD',
      }),
      InvalidCancellationDate: of('paid', { cancellationTime: 'SPECIFIC_DATE' }),
      InvalidArgumentError: of('paid', { endDate: LATER }),
      UnsupportedParameter: of('paid', { prorate: false }),
    },
    'v1.subscriptions.migrate': {
      ...unknown({}),
      SubscriptionAlreadyCanceledOrExpired: of('ended', {}),
      InvalidSubscriptionStatus: of('ahead', {}),
      SubscriptionAlreadyOnLatestPlan: of('paid', {}),
      ScheduledMigrationAlreadyExistsError: of('one', atEnd),
      SchedulingAtEndOfBillingPeriod: of('free', atEnd),
    },
    'v1.subscriptions.transfer': {
      SubscriptionNotFound: of('nothing', destination('two')),
      InvalidSubscriptionStatus: of('ended', destination('three')),
      InvalidArgumentError: of('paid', destination('two')),
      DuplicatedEntityNotAllowed: of('one', destination('two')),
    },
    'v1.subscriptions.delegate': {
      SubscriptionNotFound: of('nothing', delegation('other')),
      CustomerNotFound: of('paid', delegation('nobody')),
      SubscriptionAlreadyCanceledOrExpired: of('ended', delegation('other')),
      EntityIsArchivedError: of('paid', delegation('gone')),
      ChangingPayingCustomerIsNotSupportedError: of('paid', delegation('other')),
    },
    'v1.subscriptions.futureUpdate.cancelSchedule': {
      ...unknown(),
      FutureUpdateNotFound: of('ended'),
    },
    'v1.subscriptions.futureUpdate.cancelPendingPayment': {
      ...unknown(),
      FutureUpdateNotFound: of('paid'),
    },
  },
]

/** Creates subscriptions in each state: `paid` is paid by another customer, `one` moves later. */
export async function furnishSubscriptionRefusals(
  to: ReturnType<typeof subscriptionsIn>,
): Promise<void> {
  const { provision } = to
  const tenant = to.tenant()
  for (const id of ['gone', 'late']) await tenant.ok('v1.customers.provision', { body: { id } })
  await tenant.ok('v1.customers.archive', of('gone'))
  for (const id of ['new', 'old'])
    await tenant.ok('v1.addons.create', {
      body: { id, productId: 'app', displayName: id, pricingType: 'PAID' },
    })
  await tenant.ok('v1.addons.publish', of('old', { migrationType: 'NEW_CUSTOMERS' }))
  await tenant.ok('v1.addons.archive', of('old'))
  await provision({ id: 'paid', planId: 'basic' })
  await tenant.ok('v1.subscriptions.delegate', of('paid', delegation('payer')))
  await provision({ id: 'free', customerId: 'other', planId: 'free' })
  await provision({ id: 'trial', customerId: 'payer', planId: 'tried' })
  await provision({ id: 'ahead', customerId: 'late', planId: 'basic', startDate: LATER })
  for (const id of ['ended', 'one', 'two']) await provision({ id, planId: 'site', resourceId: id })
  await to.cancel('ended')
  await to.publishAgain('site')
  await to.publishAgain('free')
  await tenant.ok('v1.subscriptions.migrate', of('one', atEnd))
}
