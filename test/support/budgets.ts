import type { Assignment } from '../../src/api.gen.ts'
import { findFeatures } from '../../src/catalog/features/index.ts'
import { findCustomerKey } from '../../src/customers/index.ts'
import { required } from '../../src/kernel/assert.ts'
import { type Instant, instantFromWire } from '../../src/kernel/clock.ts'
import type { Uuid } from '../../src/kernel/ids.ts'
import { addEntities, addMetered } from './furnish.ts'
import { recordUsage } from './record-usage.ts'
import { type ExpectedRefusal, LATER, NOW, type Tenant, type World } from './world.ts'

/** The customer whose budgets are tested. */
export const params = { id: 'acme' }
const ENTITIES = {
  org: 'org',
  team: 'team',
  squad: 'team',
  ann: 'user',
  bob: 'user',
  gpt: 'model',
  eu: 'model',
}

export type Row = Record<string, unknown>
type Query = Record<string, string>

/** Returns a row for a monthly budget of tokens without a limit. */
export const row = (entityId: string, more: Row = {}): Row => ({
  entityId,
  featureId: 'tokens',
  usageLimit: null,
  cadence: 'P1M',
  ...more,
})

/** Returns the name of each budget: `team`, or `team[gpt]` with a scope. */
export const shown = (rows: readonly { entityId: string; scopeEntityIds: string[] }[]): string[] =>
  rows.map(({ entityId: id, scopeEntityIds: scope }) =>
    scope.length === 0 ? id : `${id}[${scope}]`,
  )

type Made = { tenant: Tenant; customerKey: Uuid; featureKey: Uuid }

/** A metered feature `tokens`, and a customer with entities that `userId` names. */
export async function makeUsers(tenant: Tenant, id: string, users: readonly string[]) {
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: [{ id: 'user', displayName: 'User', attributionKeys: ['userId'] }] },
  })
  await addMetered(tenant, 'tokens')
  await tenant.ok('v1.customers.provision', { body: { id } })
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params: { id },
    body: { entities: users.map((user) => ({ id: user, entityTypeId: 'user' })) },
  })
}

/**
 * Creates an environment at `NOW`, with features, a currency, and a customer with entities.
 * `entities` maps the id of each entity to its type.
 */
async function make(world: World, entities: Readonly<Record<string, string>>): Promise<Made> {
  world.clock.moveTo(instantFromWire(NOW))
  const tenant = await world.tenant()
  for (const id of ['tokens', 'calls']) await addMetered(tenant, id)
  const credits = { id: 'credits', displayName: 'Credits' }
  await tenant.ok('v1.credits.customCurrencies.create', { body: credits })
  await tenant.ok('v1.customers.provision', { body: params })
  await addEntities(tenant, entities)
  const reader = world.bursar.app.db.read
  const customerKey = await findCustomerKey(reader, tenant.scope, params.id)
  const [feature] = await findFeatures(reader, tenant.scope, ['tokens'])
  return {
    tenant,
    customerKey: required(customerKey, 'the customer'),
    featureKey: required(feature, 'the feature').key,
  }
}

/** Returns functions that write and read budgets of one customer. `fresh` makes its environment. */
export function budgetsIn(world: World) {
  let made: Made | null = null
  const current = (): Made => required(made, 'an environment: call fresh first')
  const tenant = () => current().tenant

  const fresh = async (entities: Readonly<Record<string, string>> = ENTITIES): Promise<Tenant> => {
    made = await make(world, entities)
    return made.tenant
  }
  const later = () => world.clock.moveTo(instantFromWire(LATER))
  const metered = (id: string) => addMetered(tenant(), id)
  const upsert = async (...assignments: Row[]): Promise<Assignment[]> => {
    const body = { assignments }
    return (await tenant().ok('v1Beta.customers.assignments.upsert', { params, body })).data
  }
  const refused = (assignments: Row[], message: RegExp, refusal: Partial<ExpectedRefusal> = {}) =>
    tenant().refused(
      'v1Beta.customers.assignments.upsert',
      { params, body: { assignments } },
      { status: 400, code: 'BadUserInput', message, ...refusal },
    )
  const archive = (...ids: string[]) =>
    tenant().ok('v1Beta.customers.entities.archive', { params, body: { ids } })
  const listed = async (query: Query = {}): Promise<Assignment[]> =>
    (await tenant().ok('v1Beta.customers.assignments.list', { params, query })).data
  const announced = async () =>
    (await tenant().announced()).filter(({ type }) => type.startsWith('entity.entitlement.'))
  const read = (query: Query = {}) =>
    tenant().ok('v1.events.beta.customers.retrieveGovernance', { params, query })
  const names = async (query: Query = {}) => shown((await read(query)).data)
  /** Returns the parent of each entity. */
  const parents = async (): Promise<Record<string, string | null>> =>
    Object.fromEntries(
      (await read({ limit: '100' })).data.map(({ entityId, parentId }) => [entityId, parentId]),
    )
  /** Records tokens. The dimensions are text such as `teamId=eng modelId=gpt`. */
  const use = (dimensions: string, amount: number, occurredAt: Instant = world.clock.now()) => {
    const { customerKey, featureKey } = current()
    const pairs = dimensions.split(' ').map((each) => each.split('=') as [string, string])
    return recordUsage(
      { ...world.bursar.app, scope: tenant().scope, customerKey, now: world.clock.now() },
      { featureKey, amount, dimensions: pairs, occurredAt },
    )
  }

  return {
    fresh,
    current,
    later,
    metered,
    upsert,
    refused,
    archive,
    listed,
    announced,
    read,
    names,
    parents,
    use,
  }
}
