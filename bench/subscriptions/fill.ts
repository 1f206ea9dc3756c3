import type { World } from '../types.ts'

/** The plan that all customers have, and the feature that it gives. */
export const PLAN = 'bench-moved'
const PRODUCT = 'bench-moved-product'
/** The most rows of an import of customers. */
const IMPORTED = 1000

export const movedCustomer = (number: number): string =>
  `bench-moved-${String(number).padStart(6, '0')}`

/** Creates customers with a subscription to one plan. They are copies of the first one. */
export async function fillSubscriptions(world: World, count: number): Promise<void> {
  await createPlan(world)
  for (let from = 0; from < count; from += IMPORTED) {
    const until = Math.min(from + IMPORTED, count)
    const ids = Array.from({ length: until - from }, (_, index) => movedCustomer(from + index))
    await world.run({
      operation: 'v1.customers.import',
      body: { customers: ids.map((id) => ({ id, name: null, email: null })) },
    })
    if (from === 0)
      await world.run({
        operation: 'v1.subscriptions.provision',
        body: { customerId: movedCustomer(0), planId: PLAN, id: movedCustomer(0) },
      })
    await world.execute(copies(movedCustomer(Math.max(1, from)), movedCustomer(until - 1)))
  }
  await world.execute('vacuum analyze')
}

/** Opens a draft that gives something else. */
export async function prepareVersion(world: World): Promise<void> {
  const params = { id: PLAN }
  await world.run({ operation: 'v1.plans.createDraft', params })
  await world.run({
    operation: 'v1.plans.entitlements.update',
    params: { planId: PLAN, id: PLAN },
    body: { type: 'FEATURE', usageLimit: 2_000_000 },
  })
}

async function createPlan(world: World): Promise<void> {
  const metered = { featureType: 'NUMBER', meterType: 'INCREMENTAL' }
  const named = (id: string) => ({ id, displayName: id })
  await world.run({
    operation: 'v1.features.createFeature',
    body: { ...named(PLAN), ...metered },
  })
  await world.run({ operation: 'v1.products.createProduct', body: named(PRODUCT) })
  await world.run({
    operation: 'v1.plans.create',
    body: { ...named(PLAN), productId: PRODUCT, pricingType: 'PAID' },
  })
  await world.run({
    operation: 'v1.plans.entitlements.create',
    params: { planId: PLAN },
    body: {
      entitlements: [{ id: PLAN, type: 'FEATURE', usageLimit: 1_000_000, resetPeriod: 'MONTH' }],
    },
  })
  await world.run({
    operation: 'v1.plans.publish',
    params: { id: PLAN },
    body: { migrationType: 'NEW_CUSTOMERS' },
  })
}

/** A statement that gives customers, from one id to another, the subscription of the first one. */
const copies = (from: string, to: string): string => `
  with original as (
    select s.*, l.product_key, l.settled_at
    from subscriptions s join subscription_revisions r using (customer_key, subscription_key)
      join subscription_lines l using (customer_key, line_key)
    where s.id = '${movedCustomer(0)}' and r.until is null
  ),
  made as materialized (
    select customer_key, environment_key, id, uuidv7() as line_key, uuidv7() as subscription_key
    from customers where id between '${from}' and '${to}' and id like 'bench-moved-%'
  ),
  named as (
    insert into directory (environment_key, kind, id, customer_key)
    select environment_key, 'subscription', id, customer_key from made
  ),
  lines as (
    insert into subscription_lines (customer_key, line_key, environment_key, product_key,
      settled_at)
    select made.customer_key, line_key, made.environment_key, product_key, settled_at
    from made, original
  ),
  members as (
    insert into subscriptions (customer_key, subscription_key, environment_key, id, plan_key,
      created_at)
    select made.customer_key, made.subscription_key, made.environment_key, made.id, plan_key,
      created_at
    from made, original
  )
  insert into subscription_revisions (customer_key, subscription_key, line_key, environment_key,
    revision, since, status, pricing_type, starts_at, first_payment, billing_period, anchor,
    period_start, usage_anchor, usage_cutoff, content, pins, updates)
  select made.customer_key, made.subscription_key, made.line_key, made.environment_key, r.revision,
    r.since, r.status, r.pricing_type, r.starts_at, r.first_payment, r.billing_period, r.anchor,
    r.period_start, r.usage_anchor, r.usage_cutoff, r.content, r.pins, r.updates
  from made, original join subscription_revisions r using (customer_key, subscription_key)
  where r.until is null`
