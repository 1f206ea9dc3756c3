import { test } from 'node:test'
import {
  idsTaken,
  listPackages,
  lockPackagesOf,
  peersIn,
} from '../../src/catalog/packages/store.ts'
import { listProducts } from '../../src/catalog/products/store.ts'
import { type Reader, sql } from '../../src/db/index.ts'
import { required } from '../../src/kernel/assert.ts'
import { readsAtMost } from '../support/plans.ts'
import { openWorldApart } from '../support/world.ts'

/** Products, each with one published plan. One also has an add-on, and the versions below. */
const PRODUCTS = 3_000
/** Versions of one plan that were superseded. */
const OLD = 10_000
const LIMIT = 20
/** A page is read with one row more, and each row with its package and its product. */
const MOST = 3 * (LIMIT + 2)
const world = await openWorldApart()
const { app } = world.bursar

async function large() {
  const tenant = await world.tenant()
  const publication = { migrationType: 'NEW_CUSTOMERS' }
  await tenant.ok('v1.products.createProduct', { body: { id: 'app', displayName: 'App' } })
  for (const kind of ['plans', 'addons'] as const) {
    const body = { id: `the-${kind}`, productId: 'app', displayName: kind, pricingType: 'PAID' }
    await tenant.ok(`v1.${kind}.create`, { body })
    const params = { id: body.id }
    await tenant.ok(`v1.${kind}.publish`, { params, body: publication })
  }
  const unchanged = sql`environment_key, display_name, folded_name, metadata, created_at,
    updated_at`
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into products (product_key, id, multiple_subscriptions, start_setup, end_setup,
        cancellation_time, usage_reset_cutoff, ${unchanged})
      select gen_random_uuid(), id || n, multiple_subscriptions, start_setup, end_setup,
        cancellation_time, usage_reset_cutoff, ${unchanged}
      from products, generate_series(1, ${PRODUCTS}::integer) n`)
    await tx.execute(sql`
      insert into packages (package_key, environment_key, product_key, type, id, latest_version,
        created_at, updated_at, archived_with_product)
      select gen_random_uuid(), p.environment_key, copy.product_key, p.type, copy.id, 1,
        p.created_at, p.updated_at, false
      from packages as p, products as copy where p.id = 'the-plans' and copy.id <> 'app'`)
    await tx.execute(sql`
      insert into package_versions (version_key, package_key, version, pricing_type,
        dependency_keys, published_at, listed_type, ${unchanged})
      select gen_random_uuid(), copy.package_key, 1, v.pricing_type, v.dependency_keys,
        v.published_at, 'Plan', v.environment_key, display_name, folded_name, metadata,
        v.created_at, v.updated_at
      from packages as p join package_versions as v using (package_key), packages as copy
      where p.id = 'the-plans' and copy.id like 'app%'`)
    await tx.execute(sql`
      insert into package_versions (version_key, package_key, version, pricing_type,
        dependency_keys, published_at, ${unchanged})
      select gen_random_uuid(), package_key, n + 1, pricing_type, dependency_keys, published_at,
        v.environment_key, display_name, folded_name, metadata, v.created_at, v.updated_at
      from packages as p join package_versions as v using (package_key, environment_key),
        generate_series(1, ${OLD}::integer) n
      where p.id = 'the-plans'`)
  })
  const [{ keys } = { keys: [] }] = await app.db.read.many(
    ({ product_key }) => ({ keys: [String(product_key)] }),
    sql`select product_key from products where id = 'app'`,
  )
  return { scope: tenant.scope, productKey: required(keys[0], 'the product') }
}

const { scope, productKey } = await large()
await app.db.withClient((client) => client.query('analyze'))
const page = { after: null, before: null, limit: LIMIT }
const created = { from: null, until: null }
const all = { productId: null, statuses: null, created, page }

for (const [what, call] of [
  [
    'products',
    (reader: Reader) => listProducts(reader, scope, { id: null, statuses: null, created, page }),
  ],
  ['plans', (reader: Reader) => listPackages(reader, scope, { ...all, type: 'Plan' })],
  ['add-ons', (reader: Reader) => listPackages(reader, scope, { ...all, type: 'Addon' })],
  [
    'the add-ons of a product',
    (reader: Reader) => listPackages(reader, scope, { ...all, type: 'Addon', productId: 'app' }),
  ],
  [
    'the plans of a product',
    (reader: Reader) => listPackages(reader, scope, { ...all, type: 'Plan', productId: 'app' }),
  ],
  ['the links of a product', (reader: Reader) => peersIn(reader, productKey)],
  ['the packages of a product', (reader: Reader) => lockPackagesOf(reader, productKey, 'ACTIVE')],
  [
    'ids that may be taken',
    (reader: Reader) =>
      idsTaken(
        reader,
        scope,
        Array.from({ length: LIMIT }, (_, n) => `app${n}`),
      ),
  ],
] as const)
  test(`${what} are read without reading others`, () =>
    readsAtMost({ app, tables: ['products', 'packages', 'package_versions'] }, MOST, call))
