import assert from 'node:assert/strict'
import type { Consumption, Reservation, ReservationDecision } from '../../src/api.gen.ts'
import { required } from '../../src/kernel/assert.ts'
import type { Row } from './budgets.ts'
import { addEntities, addMetered } from './furnish.ts'
import { grantItem, grantTo } from './grants.ts'
import type { Tenant, World } from './world.ts'

/** The customer. */
export const params = { id: 'acme' }
export const FEATURE = 'tokens'

/** The type and the parent of each entity. */
const ENTITIES = {
  org: ['org', null],
  team: ['team', 'org'],
  ann: ['user', 'team'],
  bob: ['user', 'team'],
  gpt: ['model', null],
} as const

/**
 * Limits by the name of their budget: `team`, `team[gpt]` with a scope, or `ann P1D` with a
 * cadence. The cadence is a month unless the name has another one.
 */
export type Limits = Readonly<Record<string, number | null>>

/** The tree of the worked examples of budgets. */
const WORKED: Limits = { org: 1000, team: 200, 'team[gpt]': 50, 'ann P1D': 30 }

export const ANN = { userId: 'ann' }
export const ANN_ON_GPT = { userId: 'ann', modelId: 'gpt' }

type Scalar = string | number | boolean
export type Dimensions = Readonly<Record<string, Scalar>>
type More = Readonly<Record<string, unknown>>

function rowOf([name, usageLimit]: [string, number | null]): Row {
  const [, entityId = '', scope, cadence = 'P1M'] =
    /^(\w+)(?:\[(.*)\])?(?: (\w+))?$/.exec(name) ?? []
  const scopeEntityIds = scope === undefined ? [] : scope.split(',')
  const parent = ENTITIES[entityId as keyof typeof ENTITIES][1]
  return {
    entityId,
    featureId: FEATURE,
    usageLimit,
    cadence,
    scopeEntityIds,
    ...(parent !== null && { parentId: parent }),
  }
}

/**
 * Creates a customer with a team whose members use tokens. The entities that `limits` names get a
 * budget and so a position in the tree.
 */
export async function openAgency(
  world: World,
  { limits = WORKED, usageLimit = 10_000 as number | null, more = {} as More } = {},
) {
  const tenant = await world.tenant()
  await addMetered(tenant, FEATURE)
  const types = Object.entries(ENTITIES).map(([id, [type]]) => [id, type])
  await tenant.ok('v1.customers.provision', { body: params })
  await addEntities(tenant, Object.fromEntries(types))
  await grantTo(tenant, [
    grantItem(FEATURE, {
      usageLimit,
      resetPeriod: 'MONTH',
      monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
      ...(usageLimit === null && { hasUnlimitedUsage: true }),
      ...more,
    }),
  ])
  const ways = waysOf(tenant)
  await ways.budget(limits)
  return { tenant, ...ways }
}

let keys = 0
const nextKey = (): string => {
  keys += 1
  return `key-${keys}`
}

function askingWaysOf(tenant: Tenant) {
  return {
    /** Checks an amount of tokens; with dimensions, budgets decide too. */
    check: async (requestedUsage: number | null, dimensions?: Dimensions) => {
      const query: Record<string, string> = { featureId: FEATURE }
      if (requestedUsage !== null) query.requestedUsage = String(requestedUsage)
      for (const [key, value] of Object.entries(dimensions ?? {}))
        query[`dimensions[${key}]`] = String(value)
      const { data } = await tenant.ok('v1Beta.customers.entitlements.check', { params, query })
      assert.ok(data.type === 'FEATURE')
      return data
    },
    explain: async (requestedUsage: number, dimensions: Dimensions = {}) => {
      const query: Record<string, string> = {
        featureId: FEATURE,
        requestedUsage: String(requestedUsage),
      }
      for (const [key, value] of Object.entries(dimensions))
        query[`dimensions[${key}]`] = String(value)
      return (await tenant.ok('v1.customers.explainEntitlement', { params, query })).data
    },
  }
}

function waysOf(tenant: Tenant) {
  const use = (amount: number, dimensions: Dimensions | undefined, more: More) => ({
    params,
    body: {
      featureId: FEATURE,
      amount,
      idempotencyKey: nextKey(),
      ...(dimensions && { dimensions }),
      ...more,
    },
  })
  const settleOf = (id: string) => ({ params: { ...params, reservationId: id } })
  return {
    ...askingWaysOf(tenant),
    budget: async (limits: Limits) => {
      const assignments = Object.entries(limits).map(rowOf)
      await tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })
    },
    consume: async (amount: number, dimensions?: Dimensions, more: More = {}) =>
      (await tenant.ok('v1.customers.consume', use(amount, dimensions, more))).data as Consumption,
    reserve: async (amount: number, dimensions?: Dimensions, more: More = {}) =>
      (await tenant.ok('v1.customers.reservations.create', use(amount, dimensions, more)))
        .data as ReservationDecision,
    /** Reserves an amount, which must be granted. */
    held: async (
      amount: number,
      dimensions?: Dimensions,
      more: More = {},
    ): Promise<Reservation> => {
      const { data } = await tenant.ok(
        'v1.customers.reservations.create',
        use(amount, dimensions, more),
      )
      return required(data.reservation, 'what is held')
    },
    commit: async (id: string, body: More = {}) =>
      (await tenant.ok('v1.customers.reservations.commit', { ...settleOf(id), body })).data,
    extend: async (id: string, ttlSeconds: number) =>
      (
        await tenant.ok('v1.customers.reservations.extend', {
          ...settleOf(id),
          body: { ttlSeconds },
        })
      ).data,
    release: async (id: string) =>
      (await tenant.ok('v1.customers.reservations.release', settleOf(id))).data,
    retrieve: async (id: string) =>
      (await tenant.ok('v1.customers.reservations.retrieve', settleOf(id))).data,
    report: async (value: number, dimensions: Dimensions = {}, more: More = {}) => {
      const usages = [{ customerId: params.id, featureId: FEATURE, value, dimensions, ...more }]
      await tenant.ok('v1.usage.report', { body: { usages } })
    },
  }
}
