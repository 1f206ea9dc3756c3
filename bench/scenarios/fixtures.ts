import type { OperationCall, World } from '../types.ts'

const TYPE = 'bench-seat'

/** Creates a customer and the entity type, unless an earlier scenario has. */
export async function provision(world: World, customerId: string): Promise<void> {
  await world.run({
    operation: 'v1Beta.entityTypes.upsert',
    body: { types: [{ id: TYPE, displayName: 'Seat', attributionKeys: ['seat'] }] },
  })
  await world.run({
    operation: 'v1.customers.provision',
    body: { id: customerId, name: `Customer ${customerId}` },
  })
}

/** A promotional entitlement to a NUMBER feature with a monthly limit. Null means unlimited. */
export const monthlyGrant = (featureId: string, usageLimit: number | null) => ({
  featureId,
  period: 'lifetime',
  customEndDate: null,
  usageLimit,
  hasUnlimitedUsage: usageLimit === null ? true : null,
  hasSoftLimit: null,
  enumValues: null,
  isVisible: null,
  resetPeriod: 'MONTH',
  yearlyResetPeriodConfiguration: null,
  monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
  weeklyResetPeriodConfiguration: null,
})

/** An upsert. Two of them differ only in `step`. */
export const upsertOf = (
  customerId: string,
  entityIds: readonly string[],
  step: number,
): OperationCall => ({
  operation: 'v1Beta.customers.entities.upsert',
  params: { id: customerId },
  body: {
    entities: entityIds.map((id, index) => ({
      id,
      entityTypeId: TYPE,
      displayName: `Entity ${index}`,
      metadata: { team: 'platform', region: 'eu-central-1', seat: `A-${index}`, step: `${step}` },
    })),
  },
})
