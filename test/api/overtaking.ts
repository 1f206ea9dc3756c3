import type { OperationId } from '../../src/api.gen.ts'
import type { Request } from '../support/contract-client.ts'
import { grantItem } from '../support/grants.ts'
import { calls, path } from './calls.ts'

const call = (id: OperationId): [OperationId, Request] => [id, calls[id]('mark')]
const renamed = (id: OperationId, params: Record<string, string>): [OperationId, Request] => [
  id,
  { params, body: { displayName: 'overtaken' } },
]
const feature = { id: path.featureId }

function entitlementsOf(
  kind: 'plans' | 'addons',
  params: Record<string, string>,
): { readonly [Id in OperationId]?: [OperationId, Request] } {
  const update = `v1.${kind}.entitlements.update` as const
  const body = { type: 'FEATURE', description: 'overtaken' }
  const region = { id: 'region', type: 'FEATURE', enumValues: ['mark'] }
  return {
    [`v1.${kind}.entitlements.create`]: [update, { params: { ...params, id: 'team-seats' }, body }],
    [update]: [update, { params: { ...params, id: 'region' }, body }],
    [`v1.${kind}.entitlements.delete`]: [
      `v1.${kind}.entitlements.create`,
      { params, body: { entitlements: [region] } },
    ],
  }
}
/** Stands for the key that was made last. */
export const NEWEST_KEY = 'the-newest-key'

/** Nothing can undo these or change what they left, apart from the task of an import itself. */
export const FINAL_WRITES: ReadonlySet<OperationId> = new Set([
  'v1.subscriptions.import',
  'v1.apiKeys.revoke',
  'v1.signInCodes.create',
  'v1.tasks.cancel',
])

/** These cannot be undone. Their retries never do it again with another object. */
export const ONCE: ReadonlySet<OperationId> = new Set([
  'v1.plans.publish',
  'v1.plans.removeDraft',
  'v1.addons.publish',
  'v1.addons.removeDraft',
])

/**
 * For each operation whose original is found by its events: a request that undoes the request of
 * `calls`, or changes the same object.
 */
export const overtaking: { readonly [Id in OperationId]?: [OperationId, Request] } = {
  'v1.customers.provision': [
    'v1.customers.update',
    { params: { id: 'newcomer' }, body: { name: 'overtaken' } },
  ],
  'v1.customers.update': ['v1.customers.update', { params: path, body: { name: 'overtaken' } }],
  'v1.customers.archive': call('v1.customers.unarchive'),
  'v1.customers.unarchive': call('v1.customers.archive'),
  'v1.customers.import': [
    'v1.customers.update',
    { params: { id: 'newcomer' }, body: { name: 'overtaken' } },
  ],
  'v1.customers.paymentMethod.attach': call('v1.customers.paymentMethod.detach'),
  'v1.customers.paymentMethod.detach': call('v1.customers.paymentMethod.attach'),
  'v1.customers.integrations.link': [
    'v1.customers.integrations.unlink',
    { params: { id: path.id, integrationId: 'hubspot' } },
  ],
  'v1.customers.integrations.update': [
    'v1.customers.integrations.update',
    { params: path, body: { syncedEntityId: 'overtaken' } },
  ],
  'v1.customers.integrations.unlink': [
    'v1.customers.integrations.link',
    {
      params: path,
      body: { id: path.integrationId, vendorIdentifier: 'STRIPE', syncedEntityId: 'overtaken' },
    },
  ],
  'v1.customers.promotionalEntitlements.create': [
    'v1.customers.promotionalEntitlements.revoke',
    { params: { id: path.id, featureId: 'region' } },
  ],
  'v1.customers.promotionalEntitlements.update': [
    'v1.customers.promotionalEntitlements.update',
    { params: path, body: { usageLimit: 3000 } },
  ],
  'v1.customers.promotionalEntitlements.revoke': [
    'v1.customers.promotionalEntitlements.create',
    {
      params: path,
      body: {
        promotionalEntitlements: [grantItem(path.featureId, { period: '1 year', usageLimit: 1 })],
      },
    },
  ],
  'v1.features.createFeature': renamed('v1.features.updateFeature', { id: 'seats' }),
  'v1.features.updateFeature': renamed('v1.features.updateFeature', feature),
  'v1.features.archiveFeature': call('v1.features.unarchiveFeature'),
  'v1.features.unarchiveFeature': call('v1.features.archiveFeature'),
  'v1.credits.customCurrencies.create': renamed('v1.credits.customCurrencies.update', {
    currencyId: 'gems',
  }),
  'v1.credits.customCurrencies.update': renamed('v1.credits.customCurrencies.update', path),
  'v1.credits.customCurrencies.archive': call('v1.credits.customCurrencies.unarchive'),
  'v1.credits.customCurrencies.unarchive': call('v1.credits.customCurrencies.archive'),
  'v1.products.createProduct': renamed('v1.products.updateProduct', { id: 'helper' }),
  'v1.products.updateProduct': renamed('v1.products.updateProduct', { id: 'assistant' }),
  'v1.products.archiveProduct': call('v1.products.unarchiveProduct'),
  'v1.products.unarchiveProduct': call('v1.products.archiveProduct'),
  'v1.products.duplicateProduct': renamed('v1.products.updateProduct', { id: 'copy' }),
  'v1.catalog.apply': renamed('v1.features.updateFeature', { id: 'sso' }),
  'v1.plans.create': renamed('v1.plans.update', { id: 'solo' }),
  'v1.plans.update': renamed('v1.plans.update', { id: 'team' }),
  'v1.plans.archive': call('v1.products.archiveProduct'),
  'v1.plans.createDraft': renamed('v1.plans.update', { id: 'pro' }),
  // These open another draft.
  'v1.plans.removeDraft': [
    'v1.plans.create',
    { body: { id: 'team', productId: 'assistant', displayName: 'overtaken' } },
  ],
  'v1.plans.publish': ['v1.plans.createDraft', { params: { id: 'team' } }],
  ...entitlementsOf('plans', { planId: 'team' }),
  ...entitlementsOf('addons', { addonId: 'more-seats' }),
  'v1.addons.create': renamed('v1.addons.update', { id: 'extra' }),
  'v1.addons.update': renamed('v1.addons.update', { id: 'more-seats' }),
  'v1.addons.archive': call('v1.products.archiveProduct'),
  'v1.addons.createDraft': renamed('v1.addons.update', { id: 'support' }),
  'v1.addons.removeDraft': [
    'v1.addons.create',
    { body: { id: 'more-seats', productId: 'assistant', displayName: 'overtaken' } },
  ],
  'v1.addons.publish': ['v1.addons.createDraft', { params: { id: 'more-seats' } }],
  'v1.subscriptions.provision': [
    'v1.subscriptions.update',
    { params: { id: 'acme-next' }, body: { metadata: { mark: 'overtaken' } } },
  ],
  'v1.subscriptions.update': [
    'v1.subscriptions.update',
    { params: { id: 'acme-site' }, body: { metadata: { mark: 'overtaken' } } },
  ],
  'v1.subscriptions.cancel': [
    'v1.subscriptions.provision',
    { body: { customerId: 'acme', planId: 'site', resourceId: 'site-1', id: 'overtaken' } },
  ],
  'v1.subscriptions.migrate': [
    'v1.subscriptions.update',
    { params: { id: 'acme-site' }, body: { metadata: { mark: 'overtaken' } } },
  ],
  'v1.subscriptions.transfer': [
    'v1.subscriptions.transfer',
    { params: { id: 'acme-site' }, body: { destinationResourceId: 'site-3' } },
  ],
  'v1.subscriptions.delegate': [
    'v1.subscriptions.delegate',
    { params: { id: 'acme-site' }, body: { targetCustomerId: 'acme' } },
  ],
  'v1.subscriptions.futureUpdate.cancelSchedule': [
    'v1.subscriptions.update',
    { params: { id: 'acme-site' }, body: { cancellationDate: '2031-01-01T00:00:00Z' } },
  ],
  'v1.subscriptions.futureUpdate.cancelPendingPayment': [
    'v1.subscriptions.update',
    { params: { id: 'acme-site' }, body: { metadata: { mark: 'overtaken' } } },
  ],
  'v1Beta.entityTypes.upsert': [
    'v1Beta.entityTypes.upsert',
    { body: { types: [{ id: 'user', displayName: 'overtaken', attributionKeys: ['userId'] }] } },
  ],
  'v1Beta.entityTypes.archive': call('v1Beta.entityTypes.unarchive'),
  'v1Beta.entityTypes.unarchive': call('v1Beta.entityTypes.archive'),
  'v1Beta.customers.entities.upsert': [
    'v1Beta.customers.entities.upsert',
    { params: path, body: { entities: [{ id: path.entityId, metadata: { mark: 'overtaken' } }] } },
  ],
  'v1Beta.customers.entities.archive': call('v1Beta.customers.entities.unarchive'),
  'v1Beta.customers.entities.unarchive': call('v1Beta.customers.entities.archive'),
  'v1Beta.customers.assignments.upsert': [
    'v1Beta.customers.assignments.upsert',
    {
      params: path,
      body: {
        assignments: [
          {
            ...{ entityId: path.entityId, featureId: path.featureId, usageLimit: 300 },
            ...{ scopeEntityIds: [path.entityId], cadence: 'P1D' },
          },
        ],
      },
    },
  ],
  'v1Beta.governance.updateThresholdConfig': [
    'v1Beta.governance.updateThresholdConfig',
    { body: { thresholds: [10] } },
  ],
  'v1.apiKeys.create': ['v1.apiKeys.revoke', { params: { keyId: NEWEST_KEY } }],
  'v1.apiKeys.rotate': ['v1.apiKeys.revoke', { params: { keyId: NEWEST_KEY } }],
  'v1.signInCodes.exchange': ['v1.apiKeys.revoke', { params: { keyId: NEWEST_KEY } }],
  'v1.members.upsert': [
    'v1.members.upsert',
    { params: path, body: { role: 'VIEWER', accountRole: 'MEMBER' } },
  ],
  'v1.members.remove': call('v1.members.upsert'),
  'v1.environment.settings.update': [
    'v1.environment.settings.update',
    { body: { unknownDimensions: 'ignore', allowedOrigins: [] } },
  ],
}
