import type { Tenant } from './world.ts'

/** How a metered feature differs from an INCREMENTAL one without a meter. */
export type MeteredFeature = {
  meterType?: 'INCREMENTAL' | 'FLUCTUATING'
  meter?: object
  unitTransformation?: object
}

/** Adds a feature whose usage can be counted. */
export async function addMetered(tenant: Tenant, id: string, options: MeteredFeature = {}) {
  const { meterType = 'INCREMENTAL', meter, unitTransformation } = options
  await tenant.ok('v1.features.createFeature', {
    body: { id, displayName: id, featureType: 'NUMBER', meterType },
  })
  if (meter !== undefined || unitTransformation !== undefined)
    await tenant.ok('v1.features.updateFeature', {
      params: { id },
      body: { ...(meter && { meter }), ...(unitTransformation && { unitTransformation }) },
    })
}

const TYPES = ['org', 'team', 'user', 'model']

/** Adds entity types: the dimension of each by its name. The id is the name in lower case. */
export const addTypes = (tenant: Tenant, dimensions: Readonly<Record<string, string>>) =>
  tenant.ok('v1Beta.entityTypes.upsert', {
    body: {
      types: Object.entries(dimensions).map(([displayName, key]) => ({
        id: displayName.toLowerCase(),
        displayName,
        attributionKeys: [key],
      })),
    },
  })

type Budget = { featureId: string; usageLimit: number; cadence: string }

/** Adds an entity with a budget to a customer. */
export async function addBudgeted(
  tenant: Tenant,
  customerId: string,
  { entity, budget }: { entity: { id: string; [field: string]: string }; budget: Budget },
) {
  const params = { id: customerId }
  await tenant.ok('v1Beta.customers.entities.upsert', { params, body: { entities: [entity] } })
  const assignments = [{ entityId: entity.id, ...budget }]
  await tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })
}

/**
 * Adds entities, which are given with their types, to the customer `acme`. The types are `org`,
 * `team`, `user` and `model`. The dimension `userId` names a user, and so on.
 */
export async function addEntities(tenant: Tenant, entities: Readonly<Record<string, string>>) {
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: TYPES.map((id) => ({ id, displayName: id, attributionKeys: [`${id}Id`] })) },
  })
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params: { id: 'acme' },
    body: {
      entities: Object.entries(entities).map(([id, entityTypeId]) => ({ id, entityTypeId })),
    },
  })
}
