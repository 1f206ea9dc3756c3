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

/**
 * Statements that put copies of a customer into the directory, and copy its promotional
 * entitlements to them. `isCopy` is a condition on a row `c` of `customers`.
 */
export const completeCopies = (isCopy: string, originalId: string): string[] => [
  `insert into directory (environment_key, kind, id, customer_key)
    select environment_key, 'customer', id, customer_key from customers c where ${isCopy}`,
  `insert into promotional_entitlements (customer_key, promotional_key, environment_key,
      feature_key, period, usage_limit, is_unlimited, is_soft, enum_values, is_visible,
      reset_period, reset_according_to, starts_at, ends_at, created_at, updated_at)
    select c.customer_key, uuidv7(), p.environment_key, p.feature_key, p.period, p.usage_limit,
      p.is_unlimited, p.is_soft, p.enum_values, p.is_visible, p.reset_period,
      p.reset_according_to, p.starts_at, p.ends_at, p.created_at, p.updated_at
    from customers c, promotional_entitlements p
    where ${isCopy} and p.customer_key = (
      select customer_key from customers where id = '${originalId}')`,
]
