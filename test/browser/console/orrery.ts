import assert from 'node:assert/strict'
import { addTypes } from '../../support/furnish.ts'
import { grantItem, grantTo } from '../../support/grants.ts'
import type { Tenant } from '../../support/world.ts'

export const params = { id: 'orrery' }

const FEATURE = {
  id: 'calls',
  displayName: 'Calls of the model',
  featureType: 'NUMBER',
  meterType: 'INCREMENTAL',
} as const

/**
 * The customer Orrery: two teams, Research with the agents Indexer and Crawler, and Field without
 * any. Indexer may use 10 calls a day, has used 4, and was denied 9.
 */
export async function furnishOrrery(tenant: Tenant): Promise<void> {
  await addTypes(tenant, { Team: 'teamId', Robot: 'agentId' })
  await tenant.ok('v1.customers.provision', { body: { id: 'orrery', name: 'Orrery' } })
  await tenant.ok('v1.features.createFeature', { body: FEATURE })
  await grantTo(tenant, [grantItem('calls', { hasUnlimitedUsage: true })], params.id)
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params,
    body: {
      entities: [
        { id: 'research', entityTypeId: 'team', displayName: 'Research' },
        { id: 'field', entityTypeId: 'team', displayName: 'Field' },
        { id: 'agent-7', entityTypeId: 'robot', displayName: 'Indexer' },
        { id: 'agent-8', entityTypeId: 'robot', displayName: 'Crawler' },
      ],
    },
  })
  const budget = { featureId: 'calls', cadence: 'P1D' }
  await tenant.ok('v1Beta.customers.assignments.upsert', {
    params,
    body: {
      assignments: [
        { ...budget, entityId: 'research', usageLimit: 100 },
        { ...budget, entityId: 'field', usageLimit: 50 },
        { ...budget, entityId: 'agent-7', usageLimit: 10, parentId: 'research' },
        { ...budget, entityId: 'agent-8', usageLimit: 10, parentId: 'research' },
      ],
    },
  })
  assert.deepEqual([await consume(tenant, 4), await consume(tenant, 9)], [true, false])
}

/** Whether Indexer may use so many calls. They are recorded if it may. */
export async function consume(tenant: Tenant, amount: number): Promise<boolean> {
  const { data } = await tenant.ok('v1.customers.consume', {
    params,
    body: {
      featureId: 'calls',
      amount,
      idempotencyKey: `calls-${amount}`,
      dimensions: { agentId: 'agent-7' },
    },
  })
  return data.isGranted
}
