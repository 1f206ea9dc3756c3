import { test } from 'node:test'
import { type Reader, sql } from '../../src/db/index.ts'
import { required } from '../../src/kernel/assert.ts'
import { customersBehind } from '../../src/subscriptions/customers-behind-store.ts'
import { findLine, loadLines } from '../../src/subscriptions/line-store.ts'
import { listSubscriptions, type SubscriptionFilter } from '../../src/subscriptions/list-store.ts'
import { lookForFeature, lookForSubscribers, wereSold } from '../../src/subscriptions/use-store.ts'
import { readsAtMost } from '../support/plans.ts'
import { subscriptionsIn } from '../support/subscriptions.ts'
import { openWorldApart } from '../support/world.ts'

/** Customers with one subscription each. */
const CUSTOMERS = 5_000
/** Subscriptions of one customer that have ended. */
const ENDED = 2_000
const LIMIT = 20
/** A page is read with one row more, and each row with its revision and its line. */
const MOST = 3 * (LIMIT + 2)
const TABLES = ['subscriptions', 'subscription_revisions', 'subscription_lines']
const world = await openWorldApart()
const { app } = world.bursar
const { open, provision } = subscriptionsIn(world)

async function large() {
  const { scope } = await open()
  await provision({ id: 'a', planId: 'basic' })
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into customers (customer_key, environment_key, id, metadata, created_at, updated_at)
      select gen_random_uuid(), environment_key, id || n, metadata, created_at, updated_at
      from customers, generate_series(1, ${CUSTOMERS}::integer) n where id = 'other'`)
    await tx.execute(sql`
      insert into subscription_lines (customer_key, line_key, environment_key, product_key,
        settled_at)
      select c.customer_key, c.customer_key, l.environment_key, l.product_key, l.settled_at
      from subscription_lines l, customers c where c.id ~ '^other[0-9]'`)
    await tx.execute(sql`
      insert into subscriptions (customer_key, subscription_key, environment_key, id, plan_key,
        created_at)
      select l.customer_key, gen_random_uuid(), s.environment_key, s.id || n, s.plan_key,
        s.created_at
      from subscriptions s, subscription_lines l,
        generate_series(1, case when l.customer_key = l.line_key then 1
          else ${ENDED}::integer end) n`)
    await tx.execute(sql`
      insert into subscription_revisions (customer_key, subscription_key, revision, environment_key,
        line_key, since, status, closed_at, pricing_type, starts_at, first_payment, usage_anchor,
        usage_cutoff, content, pins, updates)
      select s.customer_key, s.subscription_key, 0, s.environment_key, l.line_key, r.since,
        case when l.customer_key = l.line_key then 'ACTIVE' else 'CANCELED' end,
        case when l.customer_key <> l.line_key then r.since end, r.pricing_type, r.starts_at,
        r.first_payment, r.usage_anchor, r.usage_cutoff, r.content, r.pins, r.updates
      from subscription_revisions r, subscriptions s join subscription_lines l using (customer_key)
      where not exists (select from subscription_revisions other
        where other.subscription_key = s.subscription_key)`)
  })
  const [found] = await app.db.read.many(
    ({ customer_key, product_key, plan_key }) => ({
      customerKey: String(customer_key),
      productKey: String(product_key),
      planKey: String(plan_key),
    }),
    sql`
    select customer_key, product_key, plan_key
    from subscription_lines join subscriptions using (customer_key)
    where line_key <> customer_key limit 1`,
  )
  return { scope, ...required(found, 'a line') }
}

const { scope, customerKey, productKey, planKey } = await large()
await app.db.withClient((client) => client.query('analyze'))
const filter: SubscriptionFilter = {
  customerId: null,
  planKey: null,
  resourceId: null,
  pricingTypes: null,
  statuses: null,
  includesDue: false,
  created: { from: null, until: null },
  page: { after: null, before: null, limit: LIMIT },
}

for (const [what, more] of [
  ['all subscriptions', {}],
  ['the subscriptions of a customer', { customerId: 'other7' }],
  ['the subscriptions to a plan', { planKey }],
  ['active subscriptions', { statuses: ['ACTIVE'] }],
  ['subscriptions in trials', { statuses: ['IN_TRIAL'] }],
] as const)
  test(`a page of ${what} reads only what it shows`, () =>
    readsAtMost({ app, tables: TABLES }, MOST, (reader: Reader) =>
      listSubscriptions(reader, scope, { ...filter, ...more }),
    ))

test('the lines of a customer are read without what has ended', () =>
  readsAtMost({ app, tables: TABLES }, MOST, (reader: Reader) => loadLines(reader, customerKey)))

test('a line is read by its place without what has ended', () =>
  readsAtMost({ app, tables: TABLES }, MOST, (reader: Reader) =>
    findLine(reader, customerKey, { productKey, resourceKey: null }),
  ))

/** As many as a step of a task looks at. */
const LOOKED_AT = 2_000

test('customers with an older version are found among few subscriptions', () =>
  readsAtMost({ app, tables: TABLES }, LOOKED_AT, (reader: Reader) =>
    customersBehind(reader, scope, { packageKey: planKey, version: 2 }, null),
  ))

const nowhere = { featureKey: '00000000-0000-0000-0000-000000000001', after: null }

test('subscriptions that give a feature are looked for among few', () =>
  readsAtMost({ app, tables: [...TABLES, 'package_entitlements'] }, LOOKED_AT, (reader: Reader) =>
    lookForFeature(reader, scope, nowhere),
  ))

test('subscriptions to a plan that have not ended are looked for among few', () =>
  readsAtMost({ app, tables: TABLES }, LOOKED_AT, (reader: Reader) =>
    lookForSubscribers(reader, { planKey, before: null }),
  ))

test('whether plans were sold is read of one subscription of each', () =>
  readsAtMost({ app, tables: TABLES }, 1, (reader: Reader) => wereSold(reader, [planKey])))
