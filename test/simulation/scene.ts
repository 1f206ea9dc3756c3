import assert from 'node:assert/strict'
import type { OperationId, Operations } from '../../src/api.gen.ts'
import { type Instant, instantFromWire } from '../../src/kernel/clock.ts'
import type { Request } from '../support/contract-client.ts'
import { NOW, type Tenant, type World } from '../support/world.ts'
import {
  createCustomer,
  createState,
  type Feature,
  type Outcome,
  type Reservation,
  type State,
} from './model/state.ts'
import { upsertEntities, upsertTypes } from './model/structure.ts'

/** The customers of all histories. */
export const CUSTOMERS = ['acme', 'globex'] as const
export const UNKNOWN_CUSTOMER = 'nobody'
export const TYPES = { org: 'orgId', team: 'teamId', user: 'userId', model: 'modelId' } as const
export const KEYS = [...Object.values(TYPES), 'actorId'] as const
/** The first type of each entity. The id of one is a number, so that dimensions can be numbers. */
export const ENTITIES = {
  org: 'org',
  ops: 'org',
  eng: 'team',
  sales: 'team',
  ann: 'user',
  bob: 'user',
  '7': 'user',
  large: 'model',
  small: 'model',
} as const
export const CURRENCY = 'gold'

const metered = (id: string, more: Partial<Feature> = {}): Feature => ({
  ...{ id, type: 'NUMBER', meterType: 'INCREMENTAL', meter: null },
  ...more,
})
const calls = { function: 'COUNT', field: null, eventName: 'call' } as const
const EUROPE = { field: 'region', value: 'eu' } as const

export const FEATURES: readonly Feature[] = [
  metered('tokens'),
  metered('seats', { meterType: 'FLUCTUATING' }),
  metered('calls', { meter: { ...calls, where: null } }),
  metered('european', { meter: { ...calls, where: EUROPE } }),
  metered('spend', {
    meter: { function: 'SUM', field: 'amount', eventName: 'call', where: null },
  }),
  metered('peak', { meter: { function: 'MAX', field: 'amount', eventName: 'call', where: null } }),
  metered('people', {
    meter: { function: 'UNIQUE', field: 'userId', eventName: 'call', where: null },
  }),
  { id: 'sso', type: 'BOOLEAN', meterType: 'None', meter: null },
]

/** A server and its model. Each request changes both. */
export type Scene = {
  world: World
  tenant: Tenant
  state: State
  /** Requests that may be sent again unchanged. */
  sent: Sent[]
  reservations: Held[]
}

/**
 * A request that was sent. Its deduplication keys are known at least until `until`. `again` sends
 * it again, possibly marked as a retry, and returns whether it succeeded.
 */
export type Sent = {
  until: Instant
  isDone: boolean
  again(isRetry: boolean): Promise<boolean>
}
export type Held = { customerId: string; id: string; reservation: Reservation }

export const now = (scene: Scene): Instant => scene.world.clock.now()

/**
 * Opens a new environment with types, entities and features, but without grants, positions and
 * budgets. It first moves the clock back and runs due work, so that no due work of a later instant
 * is still running.
 */
export async function openScene(world: World): Promise<Scene> {
  world.clock.moveTo(instantFromWire(NOW))
  await world.bursar.jobs.runNow()
  const tenant = await world.tenant()
  const state = createState()
  await openCatalog(tenant, state)
  const types = Object.entries(TYPES).map(([id, key]) => ({ id, attributionKeys: [key] }))
  const named = types.map((type) => ({ ...type, displayName: type.id }))
  await tenant.ok('v1Beta.entityTypes.upsert', { body: { types: named } })
  upsertTypes(state, types)
  const entities = Object.entries(ENTITIES).map(([id, entityTypeId]) => ({ id, entityTypeId }))
  for (const id of CUSTOMERS) {
    await tenant.ok('v1.customers.provision', { body: { id } })
    state.customers.set(id, createCustomer(id))
    await tenant.ok('v1Beta.customers.entities.upsert', { params: { id }, body: { entities } })
    upsertEntities(state, id, entities)
  }
  return { world, tenant, state, sent: [], reservations: [] }
}

async function openCatalog(tenant: Tenant, state: State): Promise<void> {
  await tenant.ok('v1.credits.customCurrencies.create', {
    body: { id: CURRENCY, displayName: CURRENCY },
  })
  state.currencies.add(CURRENCY)
  for (const { id, type, meterType, meter } of FEATURES) {
    const body = { id, displayName: id, featureType: type, meterType }
    await tenant.ok('v1.features.createFeature', { body })
    if (meter !== null)
      await tenant.ok('v1.features.updateFeature', {
        params: { id },
        body: { meter: meterToWire(meter) },
      })
    state.features.set(id, { id, type, meterType, meter })
  }
}

export function meterToWire(meter: NonNullable<Feature['meter']>) {
  const { field, eventName, where } = meter
  const equals = (name: string, value: string) => ({ field: name, operation: 'EQUALS', value })
  const conditions = [
    equals('event_name', eventName),
    ...(where ? [equals(where.field, where.value)] : []),
  ]
  const aggregation = { function: meter.function, ...(field !== null && { field }) }
  return { aggregation, filters: [{ conditions }] }
}

/**
 * Sends a request and compares the response with the outcome that the model predicts. Returns
 * whether it succeeded.
 */
export async function expect<Id extends OperationId, T>(
  scene: Scene,
  { id, request, outcome }: { id: Id; request: Request; outcome: Outcome<T> },
  compare: (done: T, body: Operations[Id]['response']) => void = () => {},
): Promise<boolean> {
  const { status, success, refusal, text } = await scene.tenant.call(id, request)
  const where = `${id} ${JSON.stringify(request)} answered ${status} ${text}`
  if ('refused' in outcome) {
    const expected = JSON.stringify(outcome.refused)
    const isExpected = outcome.refused.some(
      (each) => each.status === status && each.code === refusal?.code,
    )
    assert.ok(isExpected, `${where}\nand not one of ${expected}`)
    return false
  }
  assert.ok(success !== null, `${where}\nand not a success`)
  try {
    compare(outcome.done, success)
    return true
  } catch (error) {
    throw new Error(`${where}\n${(error as Error).message}`, { cause: error })
  }
}
