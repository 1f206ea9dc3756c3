import assert from 'node:assert/strict'
import { instantToWire } from '../../src/kernel/clock.ts'
import { publication } from './packages.ts'
import type { Tenant } from './world.ts'

const FEATURES = [
  { id: 'calls', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
  { id: 'seats', featureType: 'NUMBER', meterType: 'FLUCTUATING' },
  { id: 'sso', featureType: 'BOOLEAN' },
  {
    id: 'region',
    featureType: 'ENUM',
    enumConfiguration: ['eu', 'us'].map((value) => ({ value, displayName: value })),
  },
] as const

/** What a package gives: fields of its entitlements, by the id of the feature. */
export type Gives = Readonly<Record<string, object>>

/** Calls, counted from the start of each calendar month. */
export const monthly = (usageLimit: number) => ({
  usageLimit,
  resetPeriod: 'MONTH',
  monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
})

type Sale = {
  /** Publishes a new product. */
  product(id: string, body?: object): Promise<unknown>
  /** Publishes a new add-on of a product. */
  addon(id: string, gives: Gives, productId?: string): Promise<unknown>
  /** Publishes a new plan with which all add-ons go that its product has so far. */
  plan(id: string, gives: Gives, body?: object): Promise<unknown>
  /** Publishes a version of a plan that gives something else of one feature. */
  change(planId: string, featureId: string, terms: object): Promise<unknown>
  /** Creates a customer. */
  customer(id: string): Promise<unknown>
  /** Gives a customer a plan. */
  provision(customerId: string, planId: string, body?: object): Promise<{ id: string }>
}

/** Furnishes an environment with features and the product `app`. */
export async function openSale(tenant: Tenant) {
  for (const { id, ...feature } of FEATURES)
    await tenant.ok('v1.features.createFeature', { body: { id, displayName: id, ...feature } })
  const addons: { id: string; productId: string }[] = []
  const listed = (gives: Gives) =>
    Object.entries(gives).map(([id, terms]) => ({ id, type: 'FEATURE', ...terms }))
  const sale: Sale = {
    product: (id, body = {}) =>
      tenant.ok('v1.products.createProduct', { body: { id, displayName: id, ...body } }),
    addon: async (id, gives, productId = 'app') => {
      const params = { addonId: id }
      await tenant.ok('v1.addons.create', {
        body: { id, displayName: id, productId, pricingType: 'PAID' },
      })
      const body = { entitlements: listed(gives) }
      await tenant.ok('v1.addons.entitlements.create', { params, body })
      await tenant.ok('v1.addons.publish', { params: { id }, ...publication })
      addons.push({ id, productId })
    },
    plan: async (id, gives, body = {}) => {
      const plan = { id, displayName: id, productId: 'app', pricingType: 'PAID', ...body }
      await tenant.ok('v1.plans.create', { body: plan })
      const own = addons.filter(({ productId }) => productId === plan.productId)
      const compatibleAddonIds = own.map((addon) => addon.id)
      await tenant.ok('v1.plans.update', { params: { id }, body: { compatibleAddonIds } })
      const entitlements = listed(gives)
      if (entitlements.length > 0)
        await tenant.ok('v1.plans.entitlements.create', {
          ...{ params: { planId: id }, body: { entitlements } },
        })
      await tenant.ok('v1.plans.publish', { params: { id }, ...publication })
    },
    change: async (planId, featureId, terms) => {
      await tenant.ok('v1.plans.createDraft', { params: { id: planId } })
      await tenant.ok('v1.plans.entitlements.update', {
        ...{ params: { planId, id: featureId }, body: { type: 'FEATURE', ...terms } },
      })
      await tenant.ok('v1.plans.publish', { params: { id: planId }, ...publication })
    },
    customer: (id) => tenant.ok('v1.customers.provision', { body: { id } }),
    provision: async (customerId, planId, body = {}) => {
      const subscription = { customerId, planId, billingPeriod: 'MONTHLY', ...body }
      return (await tenant.ok('v1.subscriptions.provision', { body: subscription })).data
    },
  }
  await sale.product('app')
  return { ...sale, ...readsOf(tenant) }
}

/** Returns functions that read what customers may use. */
const readsOf = (tenant: Tenant) => ({
  check: async (id: string, featureId: string, query: Record<string, string> = {}) => {
    const request = { params: { id }, query: { featureId, ...query } }
    const { data } = await tenant.ok('v1.customers.checkEntitlement', request)
    assert(data.type === 'FEATURE')
    return data
  },
  explain: async (id: string, featureId: string) =>
    (await tenant.ok('v1.customers.explainEntitlement', { params: { id }, query: { featureId } }))
      .data,
  list: async (id: string, query: Record<string, string> = {}) =>
    (await tenant.ok('v1.customers.retrieveEntitlements', { params: { id }, query })).data,
  heldAt: async (id: string, at: number, query: Record<string, string> = {}) => {
    const request = { params: { id }, query: { at: instantToWire(at), ...query } }
    return (await tenant.ok('v1.customers.listPastEntitlements', request)).data
  },
})
