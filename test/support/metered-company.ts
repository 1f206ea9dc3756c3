import { findCustomerKey } from '../../src/customers/index.ts'
import { required } from '../../src/kernel/assert.ts'
import { instantToWire } from '../../src/kernel/clock.ts'
import { addEntities } from './furnish.ts'
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
/** Features with all aggregates, and with windows of all lengths. */
const FEATURES = {
  seats: { meterType: 'FLUCTUATING' },
  tokens: { resetPeriod: 'MONTH' },
  calls: { meter: metered('COUNT'), resetPeriod: 'HOUR' },
  spent: { meter: metered('SUM', 'cost'), resetPeriod: 'WEEK' },
  largest: { meter: metered('MAX', 'cost'), resetPeriod: 'DAY' },
  average: { meter: metered('AVG', 'cost') },
  users: { meter: metered('UNIQUE', 'userId'), resetPeriod: 'MONTH' },
} as const
const ENTITIES = { org: 'org', team: 'team', ann: 'user', bob: 'user', gpt: 'model' }
const CADENCES = ['P1D', 'P1W', 'P1M', 'PT1H', 'P30D', 'PT15M']

/**
 * Creates a customer with all kinds of meters and budgets. Its tree is org ▸ team ▸ ann and bob,
 * with budgets on every level. A model is a root of its own.
 */
export async function openCompany(world: World) {
  const shop = await openShop(world, FEATURES)
  const { tenant } = shop
  await addEntities(tenant, ENTITIES)
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

/** Returns everything that a caller can read about the usage of a company. */
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

type Use = { company: Company; world: World; random: Random }
type Any = <T>(...choices: readonly T[]) => T

/** Returns functions that make random requests of usage. */
function inputsOf({ world: { clock }, random }: Use, any: Any) {
  const at = () =>
    instantToWire(
      clock.now() + any(0, 0, -60_000, HOUR_MS, -HOUR_MS, -DAY_MS, -random.below(40) * DAY_MS),
    )
  const dimensions = () => ({
    ...any({}, { userId: 'ann' }, { userId: 'bob' }, { userId: `user-${random.below(9)}` }),
    ...any({}, { modelId: 'gpt' }, { teamId: 'team' }),
    ...any({ cost: random.below(100) / 4 }, { cost: -3 }, {}),
  })
  return {
    reported: () => ({
      featureId: any('seats', 'tokens'),
      value: random.below(20) - 5,
      dimensions: dimensions(),
      updateBehavior: any('DELTA', 'DELTA', 'SET'),
      ...any({}, { createdAt: at() }),
      ...any({}, { idempotencyKey: `key-${random.below(20)}` }),
    }),
    event: () => ({
      eventName: 'call',
      idempotencyKey: `event-${random.below(any(20, 1_000_000))}`,
      dimensions: dimensions(),
      timestamp: at(),
    }),
    wanted: () => ({
      featureId: 'tokens',
      amount: (random.below(80) + 1) / 4,
      dimensions: dimensions(),
      idempotencyKey: `use-${random.below(any(20, 1_000_000))}`,
      ...any({}, { timestamp: at() }),
    }),
  }
}

/**
 * Returns functions that consume, reserve, and commit, extend or release reservations. Each of
 * these requests may be refused.
 */
function usesOf({ company: { tenant }, random }: Use, any: Any, wanted: () => object) {
  let held: string[] = []
  const settle = () => {
    const reservationId = any(...held)
    const settled = { params: { ...params, reservationId } }
    if (random.below(3) === 0) {
      held = held.filter((id) => id !== reservationId)
      return tenant.call('v1.customers.reservations.release', settled)
    }
    const overage = any('reject', 'allow_if_available', 'allow_overdraft')
    const body = any({}, { amount: random.below(15), overage })
    return random.below(3) === 0
      ? tenant.call('v1.customers.reservations.extend', { ...settled, body: { ttlSeconds: 600 } })
      : tenant.call('v1.customers.reservations.commit', { ...settled, body })
  }
  return {
    consume: () => {
      const body = { ...wanted(), mode: any('enforce', 'record') }
      return tenant.call('v1.customers.consume', { params, body })
    },
    hold: async () => {
      const body = { ...wanted(), ttlSeconds: any(1, 60, 86_400) }
      const request = { params, body }
      const { success } = await tenant.call('v1.customers.reservations.create', request)
      if (success?.data.reservation) held.push(success.data.reservation.id)
    },
    settle: async () => {
      if (held.length > 0) await settle()
    },
  }
}

/** Returns functions that change budgets, entities and the clock. */
function changesOf({ company, world: { clock }, random }: Use, any: Any) {
  const { tenant, budget, of } = company
  const entities = (act: 'archive' | 'unarchive') =>
    tenant.ok(`v1Beta.customers.entities.${act}`, { params, body: { ids: ['gpt'] } })
  return [
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
}

/** Sends random requests of all kinds one after the other. The clock advances by weeks. */
export async function useCompany(
  company: Company,
  world: World,
  { random, steps }: { random: Random; steps: number },
): Promise<void> {
  const use = { company, world, random }
  const any: Any = (...choices) => required(choices[random.below(choices.length)], 'a choice')
  const { reported, event, wanted } = inputsOf(use, any)
  const { consume, hold, settle } = usesOf(use, any, wanted)
  const changes = changesOf(use, any)
  for (let step = 0; step < steps; step += 1) {
    if (random.below(2) === 0) await any<() => Promise<unknown>>(...changes)()
    await company.report([reported(), reported()])
    await company.ingest([event(), event(), event()])
    await any<() => Promise<unknown>>(consume, hold, settle)()
  }
}
