import assert from 'node:assert/strict'
import type { environmentsIn } from './environments.ts'
import { newPackage, params, publication } from './packages.ts'

/** The operations on both kinds of packages, which differ only in names. */
export const KINDS = {
  plan: {
    type: 'Plan',
    id: 'scale',
    path: { planId: 'scale' },
    notFound: 'PlanNotFound',
    list: 'v1.plans.entitlements.list',
    create: 'v1.plans.entitlements.create',
    update: 'v1.plans.entitlements.update',
    remove: 'v1.plans.entitlements.delete',
    event: 'plan.draft_changed',
    retrieve: 'v1.plans.retrieve',
    publish: 'v1.plans.publish',
    createDraft: 'v1.plans.createDraft',
    removeDraft: 'v1.plans.removeDraft',
  },
  'add-on': {
    type: 'Addon',
    id: 'more',
    path: { addonId: 'more' },
    notFound: 'AddonNotFound',
    list: 'v1.addons.entitlements.list',
    create: 'v1.addons.entitlements.create',
    update: 'v1.addons.entitlements.update',
    remove: 'v1.addons.entitlements.delete',
    event: 'addon.draft_changed',
    retrieve: 'v1.addons.retrieve',
    publish: 'v1.addons.publish',
    createDraft: 'v1.addons.createDraft',
    removeDraft: 'v1.addons.removeDraft',
  },
} as const
export type Kind = (typeof KINDS)[keyof typeof KINDS]

const CATALOG = [
  { id: 'sso', featureType: 'BOOLEAN' },
  {
    id: 'region',
    featureType: 'ENUM',
    enumConfiguration: ['eu', 'us'].map((value) => ({ value, displayName: value })),
  },
  { id: 'seats', featureType: 'NUMBER', meterType: 'FLUCTUATING' },
  { id: 'calls', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
] as const

export const feature = (id: string, parts: object = {}) => ({ id, type: 'FEATURE', ...parts })
export const credit = (parts: object = {}) => ({
  id: 'tokens',
  type: 'CREDIT',
  amount: 1000,
  cadence: 'MONTH',
  ...parts,
})
export const limited = feature('calls', { usageLimit: 10 })

export const requestOf = ({ path }: Kind, entitlements: object[]) => ({
  params: path,
  body: { entitlements },
})
export const one = ({ path }: Kind, id: string) => ({ params: { ...path, id } })

/** Returns functions that create and change the entitlements of a package. */
export function entitlementsIn({
  fresh,
  tenant,
}: Pick<ReturnType<typeof environmentsIn>, 'fresh' | 'tenant'>) {
  /** Creates features, the currency `tokens`, and a package with a draft. */
  async function open({ type, id }: Kind, pricingType = 'PAID') {
    await fresh()
    for (const feature of CATALOG)
      await tenant().ok('v1.features.createFeature', {
        body: { displayName: feature.id, ...feature },
      })
    const body = { id: 'tokens', displayName: 'Tokens' }
    await tenant().ok('v1.credits.customCurrencies.create', { body })
    await tenant().ok('v1.products.createProduct', { body: { id: 'app', displayName: 'App' } })
    const made = type === 'Plan' ? 'v1.plans.create' : 'v1.addons.create'
    await tenant().ok(made, newPackage(id, { pricingType }))
  }

  const add = async (kind: Kind, ...entitlements: object[]) =>
    (await tenant().ok(kind.create, requestOf(kind, entitlements))).data
  const list = async ({ list, path }: Kind, query: Record<string, string> = {}) =>
    (await tenant().ok(list, { params: path, query })).data
  const read = async ({ retrieve, id }: Kind, query: Record<string, string> = {}) =>
    (await tenant().ok(retrieve, { ...params(id), query })).data
  const update = async (kind: Kind, id: string, body: object) =>
    (await tenant().ok(kind.update, { ...one(kind, id), body })).data
  const publish = ({ publish, id }: Kind) => tenant().ok(publish, { ...params(id), ...publication })

  /** Asserts that a request is refused in this way and changes nothing. */
  async function refuses(
    kind: Kind,
    operation: 'create' | 'update' | 'remove',
    request: object,
    refusal: { status?: number; code: string; message?: RegExp },
  ) {
    const state = async () => [await list(kind), await tenant().announced()]
    const before = await state()
    await tenant().refused(kind[operation], request, { status: 400, ...refusal })
    assert.deepEqual(await state(), before)
  }
  const refusesNew = (kind: Kind, entitlements: object[], code: string, message?: RegExp) =>
    refuses(kind, 'create', requestOf(kind, entitlements), { code, ...(message && { message }) })
  return { add, list, open, publish, read, refuses, refusesNew, update }
}
