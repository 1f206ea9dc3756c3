import type { OperationId } from '../../src/api.gen.ts'
import { ANN, FEATURE, params } from '../support/agency.ts'
import type { Request } from '../support/contract-client.ts'
import { grantItem, grantTo } from '../support/grants.ts'
import { newPackage, params as of, publication } from '../support/packages.ts'
import type { Tenant } from '../support/world.ts'

/** A write about one customer. */
export type Write = { id: OperationId; request: Request; customerId: string }

const RESERVATION = 'the-reservation'
const BILLING = { id: 'billing', vendorIdentifier: 'STRIPE', syncedEntityId: 'record' }
const EXTRA = { id: 'extra', displayName: 'Extra', featureType: 'BOOLEAN' }
const CALLED = 'called'
const CALLS = {
  id: 'calls',
  displayName: 'Calls',
  featureType: 'NUMBER',
  meterType: 'INCREMENTAL',
}
const COUNTED = {
  aggregation: { function: 'COUNT' },
  filters: [{ conditions: [{ field: 'event_name', operation: 'EQUALS', value: CALLED }] }],
}

/** Each gives another amount of the agency's feature. */
const PLANS = ['small', 'large']

/** The subscription that is changed. Its plan has a newer version. */
const SITE = { params: { id: 'the-site' } }
/** Its customer. An archive of the agency would end it for ever. */
const SUBSCRIBER = 'subscriber'
const PAYER = 'payer'

/** Operations that have nothing to do before there are prices. */
export const WITHOUT_WRITES: readonly OperationId[] = [
  'v1.subscriptions.futureUpdate.cancelPendingPayment',
]

/** Creates what the writes need, beside the agency. */
export async function furnishWrites(tenant: Tenant): Promise<void> {
  await furnishPlans(tenant)
  await furnishSite(tenant)
  for (const body of [EXTRA, CALLS]) await tenant.ok('v1.features.createFeature', { body })
  const meter = { params: { id: CALLS.id }, body: { meter: COUNTED } }
  await tenant.ok('v1.features.updateFeature', meter)
  await grantTo(tenant, [grantItem(CALLS.id, { hasUnlimitedUsage: true })])
  await tenant.ok('v1.customers.integrations.link', { params, body: BILLING })
}

async function furnishPlans(tenant: Tenant): Promise<void> {
  await tenant.ok('v1.products.createProduct', { body: { id: 'app', displayName: 'App' } })
  for (const [index, id] of PLANS.entries()) {
    await tenant.ok('v1.plans.create', newPackage(id))
    const entitlement = {
      ...{ id: FEATURE, type: 'FEATURE', usageLimit: 100 + index, resetPeriod: 'MONTH' },
      monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
    }
    await tenant.ok('v1.plans.entitlements.create', {
      params: { planId: id },
      body: { entitlements: [entitlement] },
    })
    await tenant.ok('v1.plans.publish', { ...of(id), ...publication })
  }
}

async function furnishSite(tenant: Tenant): Promise<void> {
  for (const id of [SUBSCRIBER, PAYER]) await tenant.ok('v1.customers.provision', { body: { id } })
  const product = { id: 'sites', displayName: 'Sites', multipleSubscriptions: true }
  await tenant.ok('v1.products.createProduct', { body: product })
  const plan = { id: 'site', productId: product.id, displayName: 'Site', pricingType: 'PAID' }
  await tenant.ok('v1.plans.create', { body: plan })
  await tenant.ok('v1.plans.publish', { ...of(plan.id), ...publication })
  await tenant.ok('v1.subscriptions.provision', {
    body: {
      ...{ id: SITE.params.id, customerId: SUBSCRIBER, planId: plan.id, resourceId: 'here' },
      billingPeriod: 'MONTHLY',
    },
  })
  await tenant.ok('v1.plans.createDraft', of(plan.id))
  await tenant.ok('v1.plans.publish', { ...of(plan.id), ...publication })
}

const write = (id: OperationId, request: Request): Write => ({
  id,
  request,
  customerId: params.id,
})

/** A write to the customer; `more` are further parameters of the path. */
const toCustomer = (id: OperationId, body?: unknown, more: Record<string, string> = {}): Write =>
  write(id, { params: { ...params, ...more }, ...(body !== undefined && { body }) })

const provisionPlan = (number: number): Write =>
  write('v1.subscriptions.provision', {
    body: { customerId: params.id, planId: PLANS[number % PLANS.length] },
  })

const ofSubscriber = (id: OperationId, request: Request): Write => ({
  ...{ id, request, customerId: SUBSCRIBER },
})

/** A write to the subscription to the site. */
const toSite = (
  name: 'update' | 'migrate' | 'transfer' | 'delegate' | 'futureUpdate.cancelSchedule',
  body?: unknown,
): Write =>
  ofSubscriber(`v1.subscriptions.${name}`, { ...SITE, ...(body !== undefined && { body }) })

/** Lists of writes to subscriptions to sites. */
function writesOfSites(number: number): Write[][] {
  const passing = { id: `site-${number}`, planId: 'site', resourceId: 'elsewhere' }
  return [
    [toSite('update', { metadata: { number: `${number}` } })],
    [
      toSite('migrate', { subscriptionMigrationTime: 'END_OF_BILLING_PERIOD' }),
      toSite('futureUpdate.cancelSchedule'),
    ],
    ['there', 'here'].map((id) => toSite('transfer', { destinationResourceId: id })),
    [PAYER, SUBSCRIBER].map((id) => toSite('delegate', { targetCustomerId: id })),
    [
      ofSubscriber('v1.subscriptions.provision', { body: { customerId: SUBSCRIBER, ...passing } }),
      ofSubscriber('v1.subscriptions.cancel', {
        params: { id: passing.id },
        body: { cancellationTime: 'IMMEDIATE' },
      }),
    ],
  ]
}

/**
 * Lists of writes that go together. `number` is another one each time, so that each write changes
 * something. After a list, everything is as before, except for names and amounts. The lists may be
 * made in any order.
 */
export function writesOf(number: number): Write[][] {
  const use = (key: string) => ({
    ...{ featureId: FEATURE, amount: 1 + (number % 3), dimensions: ANN },
    idempotencyKey: `${key} ${number}`,
  })
  const reservation = { reservationId: RESERVATION }
  const reserve = (key: string) => toCustomer('v1.customers.reservations.create', use(key))
  const newcomer = `customer-${number}`
  const extra = { featureId: EXTRA.id }
  const hubspot = { integrationId: 'hubspot' }
  const bob = { ids: ['bob'] }
  return [
    [{ ...write('v1.customers.provision', { body: { id: newcomer } }), customerId: newcomer }],
    [toCustomer('v1.customers.update', { name: `name ${number}` })],
    [toCustomer('v1.customers.archive'), toCustomer('v1.customers.unarchive')],
    [
      write('v1.customers.import', {
        body: { customers: [{ id: params.id, name: `import ${number}`, email: null }] },
      }),
    ],
    [
      toCustomer('v1.customers.paymentMethod.attach', {
        integrationId: BILLING.id,
        vendorIdentifier: BILLING.vendorIdentifier,
        paymentMethodId: `method ${number}`,
      }),
      toCustomer('v1.customers.paymentMethod.detach'),
    ],
    [
      toCustomer('v1.customers.integrations.link', {
        ...{ id: hubspot.integrationId, vendorIdentifier: 'HUBSPOT', syncedEntityId: 'record' },
      }),
      toCustomer('v1.customers.integrations.update', { syncedEntityId: `${number}` }, hubspot),
      toCustomer('v1.customers.integrations.unlink', undefined, hubspot),
    ],
    [
      toCustomer('v1.customers.promotionalEntitlements.create', {
        promotionalEntitlements: [grantItem(EXTRA.id)],
      }),
      toCustomer('v1.customers.promotionalEntitlements.update', { period: '1 year' }, extra),
      toCustomer('v1.customers.promotionalEntitlements.revoke', undefined, extra),
    ],
    [
      toCustomer('v1Beta.customers.entities.upsert', {
        entities: [{ id: 'bob', metadata: { number: `${number}` } }],
      }),
      toCustomer('v1Beta.customers.entities.archive', bob),
      toCustomer('v1Beta.customers.entities.unarchive', bob),
    ],
    [
      toCustomer('v1Beta.customers.assignments.upsert', {
        assignments: [
          { entityId: 'team', featureId: FEATURE, usageLimit: 10_000 + number, cadence: 'P1M' },
        ],
      }),
    ],
    [provisionPlan(number)],
    ...writesOfSites(number),
    [toCustomer('v1.customers.consume', use('use'))],
    [
      reserve('commit'),
      toCustomer('v1.customers.reservations.extend', { ttlSeconds: 300 }, reservation),
      toCustomer('v1.customers.reservations.commit', {}, reservation),
    ],
    [reserve('release'), toCustomer('v1.customers.reservations.release', undefined, reservation)],
    [
      write('v1.usage.report', {
        body: {
          usages: [{ customerId: params.id, featureId: FEATURE, value: 1, dimensions: ANN }],
        },
      }),
    ],
    [
      write('v1.events.report', {
        body: {
          events: [
            {
              ...{ customerId: params.id, eventName: CALLED, dimensions: {} },
              idempotencyKey: `event ${number}`,
            },
          ],
        },
      }),
    ],
  ]
}

/** Notes the reservation that a write has made, for the steps after it. */
export function noteMade(tenant: Tenant, { id }: Write, text: string): void {
  if (id !== 'v1.customers.reservations.create') return
  tenant.made.set(RESERVATION, JSON.parse(text).data.reservation.id)
}
