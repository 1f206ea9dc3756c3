import type { OperationId } from '../../src/api.gen.ts'
import { operationOf, type Request } from '../support/contract-client.ts'
import { grantItem } from '../support/grants.ts'
import { NOW } from '../support/world.ts'
import { accessCalls, accessPath } from './access-calls.ts'
import { packageCalls } from './package-calls.ts'
import { subscriptionCalls } from './subscription-calls.ts'

/** Ids of objects that `furnish` creates, the same in every environment. */
export const path = {
  id: 'acme',
  integrationId: 'stripe-main',
  entityId: 'ann',
  currencyId: 'tokens',
  featureId: 'api-calls',
  /** Placeholders for what `furnish` creates. */
  reservationId: 'the-reservation',
  budgetId: 'the-budget',
  decisionId: 'the-decision',
  ...accessPath,
}
/** In paths of features, `id` is the id of the feature. */
export const feature = { id: path.featureId }
export const budget = { entityId: path.entityId, featureId: path.featureId }
export const use = { featureId: path.featureId, amount: 3, dimensions: { userId: path.entityId } }

const usageOfOne = { featureId: path.featureId, customerId: path.id }

/** A grant of a NUMBER feature. */
export const grant = grantItem(path.featureId, {
  period: '1 year',
  usageLimit: 1000,
  resetPeriod: 'MONTH',
  monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
})

/**
 * For each operation, a request that succeeds in an environment that `furnish` has prepared. `mark`
 * is written into texts.
 */
export const calls: { readonly [Id in OperationId]: (mark: string) => Request } = {
  'v1.customers.provision': (mark) => ({ body: { id: 'newcomer', name: mark } }),
  'v1.customers.retrieve': () => ({ params: path }),
  'v1.customers.update': (mark) => ({ params: path, body: { name: `${mark}, renamed` } }),
  'v1.customers.list': () => ({ query: { limit: '100' } }),
  'v1.customers.archive': () => ({ params: path }),
  'v1.customers.unarchive': () => ({ params: path }),
  'v1.customers.import': (mark) => ({
    body: {
      customers: [
        { id: path.id, name: `${mark}, imported`, email: null, salesforceId: mark },
        { id: 'newcomer', name: mark, email: null },
      ],
    },
  }),
  'v1.customers.listResources': () => ({ params: path }),
  'v1.customers.paymentMethod.attach': (mark) => ({
    params: path,
    body: {
      integrationId: path.integrationId,
      vendorIdentifier: 'STRIPE',
      paymentMethodId: `${mark}, attached`,
    },
  }),
  'v1.customers.paymentMethod.detach': () => ({ params: path }),
  'v1.customers.integrations.link': (mark) => ({
    params: path,
    body: { id: 'hubspot', vendorIdentifier: 'HUBSPOT', syncedEntityId: mark },
  }),
  'v1.customers.integrations.retrieve': () => ({ params: path }),
  'v1.customers.integrations.list': () => ({ params: path }),
  'v1.customers.integrations.update': (mark) => ({
    params: path,
    body: { syncedEntityId: `${mark}, moved` },
  }),
  'v1.customers.integrations.unlink': () => ({ params: path }),
  'v1.customers.promotionalEntitlements.create': (mark) => ({
    params: path,
    body: {
      promotionalEntitlements: [
        {
          ...grant,
          featureId: 'region',
          usageLimit: null,
          enumValues: [mark],
          resetPeriod: null,
          monthlyResetPeriodConfiguration: null,
        },
      ],
    },
  }),
  'v1.customers.promotionalEntitlements.list': () => ({
    params: path,
    query: { status: 'Active' },
  }),
  'v1.customers.promotionalEntitlements.update': () => ({
    params: path,
    body: { usageLimit: 2000, hasSoftLimit: true, period: 'lifetime' },
  }),
  'v1.customers.promotionalEntitlements.revoke': () => ({ params: path }),
  'v1.customers.retrieveEntitlements': () => ({ params: path }),
  'v1.customers.checkEntitlement': () => ({
    params: path,
    query: { featureId: path.featureId, requestedUsage: '1000' },
  }),
  'v1.customers.explainEntitlement': () => ({
    params: path,
    query: {
      featureId: path.featureId,
      requestedUsage: '1001',
      'dimensions[userId]': path.entityId,
    },
  }),
  'v1.customers.listPastEntitlements': () => ({ params: path, query: { at: NOW } }),
  'v1Beta.customers.entitlements.check': () => ({
    params: path,
    query: { featureId: path.featureId, 'dimensions[userId]': path.entityId },
  }),
  'v1.features.createFeature': (mark) => ({
    body: { id: 'seats', displayName: mark, featureType: 'NUMBER', meterType: 'FLUCTUATING' },
  }),
  'v1.features.retrieveFeature': () => ({ params: feature }),
  'v1.features.updateFeature': (mark) => ({
    params: feature,
    body: {
      displayName: `${mark}, renamed`,
      unitTransformation: { divide: 1000, featureUnits: mark },
      meter: {
        aggregation: { function: 'SUM', field: 'amount' },
        filters: [
          {
            conditions: [
              { field: 'event_name', operation: 'EQUALS', value: mark },
              { field: 'region', operation: 'IN', values: ['eu', 'us'] },
            ],
          },
        ],
      },
    },
  }),
  'v1.features.listFeatures': () => ({ query: { limit: '100', featureType: 'NUMBER,ENUM' } }),
  'v1.features.archiveFeature': () => ({ params: feature }),
  'v1.features.unarchiveFeature': () => ({ params: feature }),
  'v1.credits.customCurrencies.create': (mark) => ({
    body: { id: 'gems', displayName: mark, units: { singular: 'gem', plural: 'gems' } },
  }),
  'v1.credits.customCurrencies.update': (mark) => ({
    params: path,
    body: { displayName: `${mark}, renamed`, symbol: '' },
  }),
  'v1.credits.customCurrencies.list': () => ({ query: { status: 'ACTIVE,ARCHIVED' } }),
  'v1.credits.customCurrencies.archive': () => ({ params: path }),
  'v1.credits.customCurrencies.unarchive': () => ({ params: path }),
  'v1.credits.customCurrencies.listAssociatedEntities': () => ({ params: path }),
  'v1.customers.consume': (mark) => ({ params: path, body: { ...use, idempotencyKey: mark } }),
  'v1.customers.reservations.create': (mark) => ({
    params: path,
    body: { ...use, idempotencyKey: mark, ttlSeconds: 30 },
  }),
  'v1.customers.reservations.list': () => ({ params: path, query: { status: 'open,expired' } }),
  'v1.customers.reservations.retrieve': () => ({ params: path }),
  'v1.customers.reservations.commit': () => ({
    params: path,
    body: { amount: 4, overage: 'allow_if_available' },
  }),
  'v1.customers.reservations.extend': () => ({ params: path, body: { ttlSeconds: 300 } }),
  'v1.customers.reservations.release': () => ({ params: path }),
  'v1.usage.report': (mark) => ({
    body: {
      usages: [
        {
          customerId: path.id,
          featureId: path.featureId,
          value: 3,
          dimensions: { mark },
          idempotencyKey: 'report-1',
        },
      ],
    },
  }),
  'v1.usage.history': () => ({
    params: { customerId: path.id, featureId: path.featureId },
    query: { startDate: '2026-04-30T12:00:00Z', groupBy: 'mark' },
  }),
  'v1.events.report': (mark) => ({
    body: {
      events: [
        {
          customerId: path.id,
          eventName: mark,
          idempotencyKey: 'event-1',
          dimensions: { tokens: 12.5, isCached: false },
        },
      ],
    },
  }),
  'v1.search': () => ({ query: { q: 'a', kinds: 'CUSTOMER,ENTITY,FEATURE', limit: '20' } }),
  'v1.audit.list': () => ({ query: { limit: '100' } }),
  'v1.eventsLog.list': () => ({ query: { limit: '100' } }),
  'v1.decisions.list': () => ({
    query: { customerId: path.id, entityId: path.entityId, reason: 'BudgetExceeded' },
  }),
  'v1.decisions.retrieve': () => ({ params: path }),
  'v1.usage.top': () => ({ query: { ...usageOfOne, by: 'entity' } }),
  'v1.usage.series': () => ({ query: { ...usageOfOne, interval: 'hour', groupBy: 'customer' } }),
  'v1.overview.retrieve': () => ({ query: { window: '48h' } }),
  'v1Beta.entityTypes.upsert': (mark) => ({
    body: { types: [{ id: 'user', displayName: `${mark}, renamed`, attributionKeys: ['userId'] }] },
  }),
  'v1Beta.entityTypes.list': () => ({ query: { includeArchived: 'true' } }),
  'v1Beta.entityTypes.archive': () => ({ body: { ids: ['unused'] } }),
  'v1Beta.entityTypes.unarchive': () => ({ body: { ids: ['unused'] } }),
  'v1Beta.customers.entities.upsert': (mark) => ({
    params: path,
    body: { entities: [{ id: path.entityId, metadata: { mark: `${mark}, changed` } }] },
  }),
  'v1Beta.customers.entities.retrieve': () => ({ params: path }),
  'v1Beta.customers.entities.list': () => ({ params: path, query: { includeArchived: 'true' } }),
  'v1Beta.customers.entities.archive': () => ({ params: path, body: { ids: [path.entityId] } }),
  'v1Beta.customers.entities.unarchive': () => ({ params: path, body: { ids: [path.entityId] } }),
  'v1Beta.customers.assignments.upsert': () => ({
    params: path,
    body: {
      assignments: [
        { ...budget, usageLimit: 200, scopeEntityIds: [path.entityId], cadence: 'P1D' },
      ],
    },
  }),
  // One budget: only then does the response have an entity tag.
  'v1Beta.customers.assignments.list': () => ({
    params: path,
    query: { entityId: path.entityId, featureId: path.featureId },
  }),
  'v1.events.beta.customers.retrieveGovernance': () => ({
    params: path,
    query: { featureIds: path.featureId, currencyIds: path.currencyId },
  }),
  'v1.customers.retrieveEntityTree': () => ({
    params: path,
    query: { featureIds: path.featureId, currencyIds: path.currencyId, sortBy: 'exhaustsAt' },
  }),
  'v1.customers.entities.retrievePath': () => ({
    params: path,
    query: { featureIds: path.featureId, sortBy: 'utilization' },
  }),
  'v1.budgets.list': () => ({
    query: { customerId: path.id, featureIds: path.featureId, sortBy: 'utilization' },
  }),
  'v1.customers.budgets.retrieveHistory': () => ({ params: path }),
  'v1Beta.governance.retrieveThresholdConfig': () => ({}),
  'v1Beta.governance.updateThresholdConfig': () => ({ body: { thresholds: [100, 75] } }),
  ...packageCalls,
  ...subscriptionCalls,
  ...accessCalls,
  'v1.environment.settings.retrieve': () => ({}),
  'v1.environment.settings.update': () => ({
    body: { unknownDimensions: 'deny', allowedOrigins: ['HTTPS://App.example.com:443'] },
  }),
}

/** Operations that return a success, not a refusal, for a customer that does not exist. */
export const answersOfNobody: readonly OperationId[] = [
  'v1.customers.retrieveEntitlements',
  'v1.customers.checkEntitlement',
  'v1.customers.explainEntitlement',
  'v1.events.beta.customers.retrieveGovernance',
  'v1Beta.customers.entitlements.check',
  'v1.customers.consume',
  'v1.customers.reservations.create',
]

/** Checks are read with GET, but a denial is stored. */
const STORES_DENIALS: readonly OperationId[] = [
  'v1.customers.checkEntitlement',
  'v1Beta.customers.entitlements.check',
]

/** Whether an environment is the same after the operation, so that tests can share it. */
export const writesNothing = (id: OperationId): boolean =>
  operationOf(id).method === 'GET' && !STORES_DENIALS.includes(id)

export const operationIds = Object.keys(calls) as OperationId[]
