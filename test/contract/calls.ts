import type { OperationId } from '../../src/contract.gen.ts'
import type { Request } from '../support/contract-client.ts'
import type { Tenant } from '../support/world.ts'

/** Ids that `furnish` makes, alike in every environment. */
export const path = { id: 'acme', integrationId: 'stripe-main', entityId: 'ann' }

/**
 * A request that succeeds in a furnished environment, for every operation. `mark` goes into texts.
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
  'v1.audit.list': () => ({ query: { limit: '100' } }),
  'v1.eventsLog.list': () => ({ query: { limit: '100' } }),
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
}

export const operationIds = Object.keys(calls) as OperationId[]

/** Makes what the calls need, with `mark` in every text that an answer can show. */
export async function furnish(tenant: Tenant, mark: string): Promise<void> {
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: {
      types: ['user', 'unused'].map((id) => ({
        id,
        displayName: `${id} ${mark}`,
        description: mark,
        attributionKeys: [`${id}Id`],
      })),
    },
  })
  await tenant.ok('v1.customers.provision', {
    body: {
      id: path.id,
      name: mark,
      metadata: { mark },
      defaultPaymentMethod: {
        billingId: mark,
        type: 'CARD',
        cardLast4Digits: null,
        cardExpiryMonth: null,
        cardExpiryYear: null,
      },
      integrations: [{ id: path.integrationId, vendorIdentifier: 'STRIPE', syncedEntityId: mark }],
    },
  })
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params: path,
    body: {
      entities: [
        { id: path.entityId, entityTypeId: 'user', displayName: mark, metadata: { mark } },
      ],
    },
  })
}

/** Everything that an environment shows of itself, and everything that it announced. */
export async function portrait(tenant: Tenant): Promise<string> {
  const query = { includeArchived: 'true' }
  return JSON.stringify([
    await tenant.ok('v1.customers.list'),
    (await tenant.call('v1.customers.retrieve', { params: path })).text,
    (await tenant.call('v1.customers.integrations.list', { params: path })).text,
    await tenant.ok('v1Beta.entityTypes.list', { query }),
    (await tenant.call('v1Beta.customers.entities.list', { params: path, query })).text,
    await tenant.announced(),
  ])
}
