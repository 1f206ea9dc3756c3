import { createEnvironment, createKey } from '../../src/access/index.ts'
import type { OperationCall, World } from '../types.ts'
import type { OpenWorld } from '../world.ts'

/** The most sources: a plan and all add-ons that a subscription can have beside it. */
const SOURCES = [1, 10, 100]
const PLANS = [10, 10_000]
const ID = 'size-sold'

const sourcesOf = (count: number): string => `size-sources-${count}`
const addonOf = (number: number): string => `size-addon-${number}`
const publication = { migrationType: 'NEW_CUSTOMERS' }

/** Creates a customer for each number of sources of one feature: its plan, and add-ons. */
export async function fillSources(world: World): Promise<void> {
  const addons = Array.from({ length: Math.max(...SOURCES) - 1 }, (_, index) => addonOf(index))
  await createProduct(world)
  for (const id of addons) {
    const body = { id, displayName: id, productId: ID, pricingType: 'PAID' }
    await world.run({ operation: 'v1.addons.create', body })
    await world.run({
      operation: 'v1.addons.entitlements.create',
      params: { addonId: id },
      body: entitlements,
    })
    await world.run({ operation: 'v1.addons.publish', params: { id }, body: publication })
  }
  await createPlan(world, addons)
  for (const count of SOURCES)
    await subscribe(
      world,
      sourcesOf(count),
      addons.slice(0, count - 1).map((id) => ({ id, quantity: 1 })),
    )
}

/** Creates an environment for each number of plans. Returns a key of each. */
export async function fillPlans(world: OpenWorld): Promise<ReadonlyMap<number, string>> {
  const keys = new Map<number, string>()
  for (const count of PLANS) {
    const { environmentKey } = await createEnvironment(world.app, { id: `size-plans-${count}` })
    const key = await createKey(world.app, { environmentKey }, { name: ID, kind: 'full-access' })
    keys.set(count, key.secret)
    const inside = world.of({ environmentKey })
    await createProduct(inside)
    await createPlan(inside, [])
    await inside.execute(copies(environmentKey, count))
    await subscribe(inside, ID, [])
  }
  return keys
}

const entitlements = {
  entitlements: [{ id: ID, type: 'FEATURE', usageLimit: 1_000_000, resetPeriod: 'MONTH' }],
}

async function createProduct(world: World): Promise<void> {
  const named = { id: ID, displayName: ID }
  const metered = { featureType: 'NUMBER', meterType: 'INCREMENTAL' }
  await world.run({ operation: 'v1.features.createFeature', body: { ...named, ...metered } })
  await world.run({ operation: 'v1.products.createProduct', body: named })
}

async function createPlan(world: World, compatibleAddonIds: string[]): Promise<void> {
  const plan = { id: ID, displayName: ID, productId: ID, pricingType: 'PAID' }
  const params = { id: ID }
  await world.run({ operation: 'v1.plans.create', body: plan })
  await world.run({ operation: 'v1.plans.update', params, body: { compatibleAddonIds } })
  await world.run({
    operation: 'v1.plans.entitlements.create',
    params: { planId: ID },
    body: entitlements,
  })
  await world.run({ operation: 'v1.plans.publish', params, body: publication })
}

async function subscribe(world: World, customerId: string, addons: object[]): Promise<void> {
  await world.run({ operation: 'v1.customers.provision', body: { id: customerId } })
  const body = { customerId, planId: ID, addons }
  await world.run({ operation: 'v1.subscriptions.provision', body })
}

/** A statement that copies the plan of an environment, with what it gives. */
function copies(environmentKey: string, count: number): string {
  const copied = (table: string, more: string) => `
    insert into ${table}
    select (jsonb_populate_record(original, jsonb_build_object('package_key', made.package_key,
      ${more}))).*
    from made, ${table} original
    where original.environment_key = '${environmentKey}'`
  return `
    with made as materialized (
      select uuidv7() as package_key, n from generate_series(2, ${count}) n
    ),
    plans as (${copied('packages', "'id', 'size-plan-' || n")}),
    versions as (${copied('package_versions', "'version_key', uuidv7()")})
    ${copied('package_entitlements', "'entitlement_key', uuidv7()")}`
}

const checkOf = (id: string, key: string | null): OperationCall => ({
  operation: 'v1.customers.checkEntitlement',
  params: { id },
  query: { featureId: ID, requestedUsage: 10 },
  ...(key !== null && { headers: { 'x-api-key': key } }),
})

/** The subjects that `fillSources` and `fillPlans` have filled. */
export const subjectsOfCatalog = (keys: ReadonlyMap<number, string>) => [
  {
    name: 'sources of an entitlement',
    sizes: SOURCES.map((size) => ({ size, call: checkOf(sourcesOf(size), null) })),
  },
  {
    name: 'plans in the catalog',
    sizes: PLANS.map((size) => ({ size, call: checkOf(ID, keys.get(size) ?? null) })),
  },
]
