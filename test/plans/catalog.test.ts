import { test } from 'node:test'
import { listPackages, type PackageFilter } from '../../src/catalog/packages/store.ts'
import { listProducts } from '../../src/catalog/products/store.ts'
import { type Reader, sql } from '../../src/db/index.ts'
import { readsAtMost } from '../support/plans.ts'
import { openWorldApart } from '../support/world.ts'

/** Products. Each has a plan and an add-on, with one published version and a draft. */
const ROWS = 5_000
const LIMIT = 20
/**
 * A page is read with one row more. Every second version is of the other type, and a version names
 * its product and is read with its package.
 */
const MOST = 4 * (LIMIT + 2)
const world = await openWorldApart()
const { app } = world.bursar

async function large() {
  const tenant = await world.tenant()
  await tenant.ok('v1.products.createProduct', { body: { id: 'app', displayName: 'App' } })
  for (const type of ['plans', 'addons'] as const) {
    const body = { id: type, productId: 'app', displayName: type, pricingType: 'PAID' }
    await tenant.ok(`v1.${type}.create`, { body })
    const params = { id: type }
    await tenant.ok(`v1.${type}.publish`, { params, body: { migrationType: 'NEW_CUSTOMERS' } })
    await tenant.ok(`v1.${type}.createDraft`, { params })
  }
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into products (product_key, environment_key, id, display_name, folded_name,
        multiple_subscriptions, start_setup, end_setup, cancellation_time, usage_reset_cutoff,
        metadata, created_at, updated_at)
      select gen_random_uuid(), environment_key, id || n, display_name, folded_name,
        multiple_subscriptions, start_setup, end_setup, cancellation_time, usage_reset_cutoff,
        metadata, created_at, updated_at
      from products, generate_series(1, ${ROWS}::integer) n`)
    await tx.execute(sql`
      insert into packages (package_key, environment_key, product_key, type, id, latest_version,
        draft_version, created_at, updated_at, archived_with_product)
      select gen_random_uuid(), p.environment_key, copy.product_key, p.type, p.type || copy.id,
        p.latest_version, p.draft_version, p.created_at, p.updated_at, false
      from packages as p, products as copy where copy.id <> 'app'`)
    await tx.execute(sql`
      insert into package_versions (version_key, package_key, version, environment_key,
        display_name, folded_name, pricing_type, dependency_keys, metadata, created_at, updated_at,
        published_at)
      select gen_random_uuid(), copy.package_key, v.version, v.environment_key, v.display_name,
        v.folded_name, v.pricing_type, v.dependency_keys, v.metadata, v.created_at, v.updated_at,
        v.published_at
      from packages as p join package_versions as v on v.package_key = p.package_key
        join packages as copy on copy.type = p.type and copy.package_key <> p.package_key
      where p.id in ('plans', 'addons')`)
  })
  return tenant.scope
}

const scope = await large()
await app.db.withClient((client) => client.query('analyze'))
const page = { after: null, before: null, limit: LIMIT }
const created = { from: null, until: null }
const filter = (type: PackageFilter['type'], productId: string | null): PackageFilter => ({
  type,
  productId,
  statuses: null,
  created,
  page,
})

for (const [what, call] of [
  [
    'products',
    (reader: Reader) => listProducts(reader, scope, { id: null, statuses: null, created, page }),
  ],
  ['plans', (reader: Reader) => listPackages(reader, scope, filter('Plan', null))],
  ['add-ons', (reader: Reader) => listPackages(reader, scope, filter('Addon', null))],
  [
    'the plans of a product',
    (reader: Reader) => listPackages(reader, scope, filter('Plan', 'app17')),
  ],
] as const)
  test(`a page of ${what} reads only what it shows`, () =>
    readsAtMost({ app, tables: ['products', 'packages', 'package_versions'] }, MOST, call))
