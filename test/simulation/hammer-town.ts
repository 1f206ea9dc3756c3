import { quantityToWire } from '../../src/kernel/quantity.ts'
import { done } from '../support/entity-calls.ts'
import type { Random } from '../support/random.ts'
import { grant } from './model/grants.ts'
import { type Budget, createCustomer, createState, type State } from './model/state.ts'
import { type BudgetInput, upsertBudgets, upsertEntities, upsertTypes } from './model/structure.ts'
import { budgetsOf, type Dimensions, idsIn, pathsOf } from './model/tree.ts'

export const FEATURE = 'tokens'
const TYPES = ['node', 'model']
const MODELS = ['large', 'small']
const NODES = 9
const LEVELS = 4
const LONG = 'P1Y'
const SHORT = 'PT1M'

/** Customers with random trees and scopes. All limits are hard. */
export type Town = { state: State; customerIds: readonly string[] }

/**
 * Factors of the limits of all time and of short windows, so that usage reaches them in the end.
 */
export type Scale = { long: number; short: number }

export async function buildTown(
  url: string,
  random: Random,
  { customers, scale }: { customers: number; scale: Scale },
): Promise<Town> {
  const state = createState()
  const body = {
    id: FEATURE,
    displayName: FEATURE,
    featureType: 'NUMBER',
    meterType: 'INCREMENTAL',
  }
  await done(url, { method: 'POST', path: '/api/v1/features', body })
  state.features.set(FEATURE, {
    id: FEATURE,
    type: 'NUMBER',
    meterType: 'INCREMENTAL',
    meter: null,
  })
  const types = TYPES.map((id) => ({ id, attributionKeys: [`${id}Id`] }))
  const named = types.map((type) => ({ ...type, displayName: type.id }))
  await done(url, { method: 'PUT', path: '/api/v1/entity-types', body: { types: named } })
  upsertTypes(state, types)
  const customerIds = Array.from({ length: customers }, (_, index) => `customer-${index}`)
  for (const id of customerIds) await buildCustomer(url, { state, random, id, scale })
  return { state, customerIds }
}

type Lot = { state: State; random: Random; id: string; scale: Scale }

async function buildCustomer(url: string, { state, random, id, scale }: Lot): Promise<void> {
  await done(url, { method: 'POST', path: '/api/v1/customers', body: { id } })
  state.customers.set(id, createCustomer(id))
  const limit = scale.long * (100 + random.below(300))
  const entitlement = {
    ...{ featureId: FEATURE, period: 'lifetime', customEndDate: null, usageLimit: limit },
    ...{ hasUnlimitedUsage: null, hasSoftLimit: null, enumValues: null, isVisible: null },
    ...{ resetPeriod: null, yearlyResetPeriodConfiguration: null },
    ...{ monthlyResetPeriodConfiguration: null, weeklyResetPeriodConfiguration: null },
  }
  const path = `/api/v1/customers/${id}`
  await done(url, {
    ...{ method: 'POST', path: `${path}/promotional-entitlements` },
    body: { promotionalEntitlements: [entitlement] },
  })
  const granted = { limit, soft: false, reset: null, endsAt: null }
  grant(state, { customerId: id, featureId: FEATURE, ...granted }, 0)
  const nodes = Array.from({ length: NODES }, (_, index) => `node-${index}`)
  const entities = [
    ...nodes.map((each) => ({ id: each, entityTypeId: 'node', metadata: {} })),
    ...MODELS.map((each) => ({ id: each, entityTypeId: 'model', metadata: {} })),
  ]
  await done(url, { method: 'PUT', path: `${path}/entities`, body: { entities } })
  upsertEntities(state, id, entities)
  const rows = drawTree(random, nodes, scale)
  const body = { assignments: rows }
  const answer = await done(url, {
    ...{ method: 'PUT', path: `/api/v1-beta/customers/${id}/assignments`, body },
  })
  const now = Date.parse(answer.data[0].createdAt)
  const outcome = upsertBudgets(state, { customerId: id, rows, now })
  if ('refused' in outcome) throw new Error(JSON.stringify(outcome.refused))
}

/**
 * Returns budgets of a random tree: each node is below an earlier one. Lower nodes have lower
 * limits. Some budgets are only for one model.
 */
function drawTree(random: Random, nodes: readonly string[], scale: Scale): BudgetInput[] {
  const depths: number[] = []
  return nodes.flatMap((entityId, index) => {
    const pick = random.below(index + 1)
    const isBelow = pick < index && (depths[pick] ?? LEVELS) < LEVELS
    const depth = isBelow ? (depths[pick] ?? 0) + 1 : 1
    depths.push(depth)
    const parentId = isBelow ? (nodes[pick] ?? null) : null
    const row = (most: number, more: object) => {
      const [cadence, times] = random.below(2) === 0 ? [LONG, scale.long] : [SHORT, scale.short]
      const usageLimit = 5 + random.below((times * most) / depth)
      return { entityId, featureId: FEATURE, parentId, usageLimit, cadence, ...more }
    }
    const scoped = row(80, { scopeEntityIds: [MODELS[random.below(2)] ?? 'large'] })
    return random.below(3) === 0 ? [row(160, {}), scoped] : [row(160, {})]
  })
}

export function drawDimensions(random: Random): Dimensions {
  const nodeId = `node-${random.below(NODES)}`
  const modelId = MODELS[random.below(4)]
  return modelId === undefined ? { nodeId } : { nodeId, modelId }
}

/** A limit: that of a budget, or that of the entitlement (`budget` is null). */
export type Limit = { budget: Budget | null; limit: number }

/** Returns all limits for which a use with these dimensions counts. */
export function limitsOf({ state }: Town, customerId: string, dimensions: Dimensions): Limit[] {
  const customer = state.customers.get(customerId)
  if (customer === undefined) throw new Error(`no customer ${customerId}`)
  const capability = { kind: 'feature', id: FEATURE } as const
  const resolved = idsIn(pathsOf(state, customer, dimensions))
  const budgets = budgetsOf(customer, { capability, resolved })
  const own = customer.grants.map(({ limit }) => ({ budget: null, limit: limit ?? 0n }))
  return [...own, ...budgets.map((budget) => ({ budget, limit: budget.limit ?? 0n }))].map(
    ({ budget, limit }) => ({ budget, limit: quantityToWire(limit) }),
  )
}
