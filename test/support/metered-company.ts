import { findCustomerKey } from '../../src/customers/index.ts'
import { required } from '../../src/kernel/assert.ts'
import { instantToWire } from '../../src/kernel/clock.ts'
import type { Random } from './random.ts'
import { openShop } from './shop.ts'
import type { World } from './world.ts'

const params = { id: 'acme' }
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const metered = (aggregation: string, field?: string) => ({
  aggregation: { function: aggregation, ...(field && { field }) },
  filters: [{ conditions: [{ field: 'event_name', operation: 'EQUALS', value: 'call' }] }],
})
/** All ways to aggregate, and windows of all sizes. */
const FEATURES = {
  seats: { meterType: 'FLUCTUATING' },
  tokens: { resetPeriod: 'MONTH' },
  calls: { meter: metered('COUNT'), resetPeriod: 'HOUR' },
  spent: { meter: metered('SUM', 'cost'), resetPeriod: 'WEEK' },
  largest: { meter: metered('MAX', 'cost'), resetPeriod: 'DAY' },
  average: { meter: metered('AVG', 'cost') },
  users: { meter: metered('UNIQUE', 'userId'), resetPeriod: 'MONTH' },
} as const
const TYPES = ['org', 'team', 'user', 'model']
const ENTITIES = { org: 'org', team: 'team', ann: 'user', bob: 'user', gpt: 'model' }
const CADENCES = ['P1D', 'P1W', 'P1M', 'PT1H', 'P30D', 'PT15M']

/**
 * A customer that is metered and budgeted in every way: org ▸ team ▸ ann and bob, a model beside
 * them, and budgets on every level.
 */
export async function openCompany(world: World) {
  const shop = await openShop(world, FEATURES)
  const { tenant } = shop
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: TYPES.map((id) => ({ id, displayName: id, attributionKeys: [`${id}Id`] })) },
  })
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params,
    body: {
      entities: Object.entries(ENTITIES).map(([id, entityTypeId]) => ({ id, entityTypeId })),
    },
  })
  const budget = (...assignments: object[]) =>
    tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })
  const of = (entityId: string, more: object = {}) => ({
    entityId,
    featureId: 'tokens',
    usageLimit: 100,
    cadence: 'P1M',
    ...more,
  })
  await budget(
    of('org'),
    of('team', { parentId: 'org' }),
    of('team', { scopeEntityIds: ['gpt'], cadence: 'P1D' }),
    of('ann', { parentId: 'team', cadence: 'P1D' }),
    of('bob', { parentId: 'team', featureId: 'spent' }),
  )
  const customerKey = required(
    await findCustomerKey(world.bursar.app.db.read, tenant.scope, params.id),
    'the customer',
  )
  return { ...shop, budget, of, customerKey, owner: { scope: tenant.scope, customerKey } }
}

export type Company = Awaited<ReturnType<typeof openCompany>>

/** Everything that a caller can ask about the usage of a company. */
export async function answersOf({ tenant }: Company) {
  const { checks, tree } = {
    checks: Object.keys(FEATURES).map((featureId) =>
      tenant.ok('v1.customers.checkEntitlement', { params, query: { featureId } }),
    ),
    tree: tenant.ok('v1.events.beta.customers.retrieveGovernance', {
      params,
      query: { featureIds: 'tokens,spent', limit: '100' },
    }),
  }
  const chains = await tenant.ok('v1Beta.customers.entitlements.check', {
    params,
    query: { featureId: 'tokens', 'dimensions[userId]': 'ann', 'dimensions[modelId]': 'gpt' },
  })
  const histories = Object.keys(FEATURES).map((featureId) =>
    tenant.ok('v1.usage.history', {
      params: { customerId: params.id, featureId },
      query: { startDate: '2026-05-01T00:00:00Z', endDate: '2026-07-01T00:00:00Z' },
    }),
  )
  return [await Promise.all(checks), await tree, chains, await Promise.all(histories)]
}

/** One request after the other, on a clock that goes on for weeks: all that can happen to usage. */
export async function useCompany(
  company: Company,
  { clock }: World,
  { random, steps }: { random: Random; steps: number },
): Promise<void> {
  const { tenant, report, ingest, budget, of } = company
  const any = <T>(...choices: T[]): T => choices[random.below(choices.length)] as T
  const at = () =>
    instantToWire(
      clock.now() + any(0, 0, -60_000, HOUR_MS, -HOUR_MS, -DAY_MS, -random.below(40) * DAY_MS),
    )
  const dimensions = () => ({
    ...any({}, { userId: 'ann' }, { userId: 'bob' }, { userId: `user-${random.below(9)}` }),
    ...any({}, { modelId: 'gpt' }, { teamId: 'team' }),
    ...any({ cost: random.below(100) / 4 }, { cost: -3 }, {}),
  })
  const reported = () => ({
    featureId: any('seats', 'tokens'),
    value: random.below(20) - 5,
    dimensions: dimensions(),
    updateBehavior: any('DELTA', 'DELTA', 'SET'),
    ...any({}, { createdAt: at() }),
    ...any({}, { idempotencyKey: `key-${random.below(20)}` }),
  })
  const event = () => ({
    eventName: 'call',
    idempotencyKey: `event-${random.below(any(20, 1_000_000))}`,
    dimensions: dimensions(),
    timestamp: at(),
  })
  const entities = (act: 'archive' | 'unarchive') =>
    tenant.ok(`v1Beta.customers.entities.${act}`, { params, body: { ids: ['gpt'] } })
  const changes = [
    () => budget(of(any('org', 'ann'), { cadence: any(...CADENCES) })),
    () => budget(of('bob', { featureId: 'spent', cadence: any(...CADENCES) })),
    () => budget(of('bob', { featureId: 'spent', parentId: any('team', 'org') })),
    async () => {
      await entities('archive')
      if (random.below(3) > 0) await entities('unarchive')
    },
    async () => clock.moveTo(clock.now() + any(60_000, HOUR_MS, DAY_MS, 3 * DAY_MS)),
    async () => clock.moveTo(clock.now() + any(1, 1000)),
  ]
  for (let step = 0; step < steps; step += 1) {
    if (random.below(2) === 0) await any(...changes)()
    await report([reported(), reported()])
    await ingest([event(), event(), event()])
  }
}
