import { required } from '../../src/kernel/assert.ts'
import { copiedEnvironment } from '../support/copied-environment.ts'
import type { Tenant, World } from '../support/world.ts'
import { furnishAccess } from './access-calls.ts'
import { budget, feature, grant, path, use } from './calls.ts'
import { furnishPackages } from './package-calls.ts'
import { furnishSubscriptions, furnishTask, TASK } from './subscription-calls.ts'

/**
 * Prepares an environment: creates all objects that the calls need, with `mark` in every text that
 * a response can show.
 */
export async function furnish(tenant: Tenant, mark: string): Promise<void> {
  await furnishObjects(tenant, mark)
  await furnishAccess(tenant, mark)
}

/** Returns an environment that `furnish` has prepared. */
export async function furnishIn(world: World, mark: string): Promise<Tenant> {
  const tenant = await copiedEnvironment(world, mark, (made) => furnishObjects(made, mark))
  await furnishAccess(tenant, mark)
  return tenant
}

/** Without what has secrets: these cannot be copied. */
async function furnishObjects(tenant: Tenant, mark: string): Promise<void> {
  await furnishCatalog(tenant, mark)
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
  await tenant.ok('v1.customers.promotionalEntitlements.create', {
    params: path,
    body: { promotionalEntitlements: [grant] },
  })
  const { data: budgets } = await tenant.ok('v1Beta.customers.assignments.upsert', {
    params: path,
    body: {
      assignments: [
        { ...budget, usageLimit: 100, cadence: 'P1M' },
        { entityId: path.entityId, currencyId: path.currencyId, usageLimit: 1, cadence: 'P1M' },
      ],
    },
  })
  tenant.made.set(path.budgetId, required(budgets[0], 'a budget').id)
  await tenant.ok('v1Beta.governance.updateThresholdConfig', { body: { thresholds: [50] } })
  await tenant.ok('v1.environment.settings.update', {
    body: { allowedOrigins: ['https://furnished.example.com'] },
  })
  await tenant.ok('v1.usage.report', {
    body: {
      usages: [{ customerId: path.id, featureId: path.featureId, value: 5, dimensions: { mark } }],
    },
  })
  const { data } = await tenant.ok('v1.customers.reservations.create', {
    params: path,
    body: { ...use, idempotencyKey: 'furnished', dimensions: { ...use.dimensions, mark } },
  })
  tenant.made.set(path.reservationId, required(data.reservation, 'a reservation').id)
  await tenant.ok('v1.customers.checkEntitlement', {
    params: path,
    query: {
      featureId: path.featureId,
      requestedUsage: '101',
      'dimensions[userId]': path.entityId,
    },
  })
  const [decision] = (await tenant.ok('v1.decisions.list')).data
  tenant.made.set(path.decisionId, required(decision, 'a denial').id)
  await furnishPackages(tenant, mark)
  await furnishSubscriptions(tenant, mark)
  tenant.made.set(TASK, await furnishTask(tenant, mark))
}

async function furnishCatalog(tenant: Tenant, mark: string): Promise<void> {
  const texts = { displayName: mark, description: mark, metadata: { mark } }
  await tenant.ok('v1.features.createFeature', {
    body: {
      ...feature,
      ...texts,
      featureType: 'NUMBER',
      meterType: 'INCREMENTAL',
      featureUnits: mark,
      featureUnitsPlural: mark,
    },
  })
  await tenant.ok('v1.features.createFeature', {
    body: {
      id: 'region',
      ...texts,
      featureType: 'ENUM',
      enumConfiguration: [{ value: mark, displayName: mark }],
    },
  })
  await tenant.ok('v1.credits.customCurrencies.create', {
    body: {
      id: path.currencyId,
      ...texts,
      symbol: mark,
      units: { singular: mark, plural: mark },
    },
  })
}
