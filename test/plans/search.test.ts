import { test } from 'node:test'
import { featuresBeginning } from '../../src/catalog/features/index.ts'
import { packagesBeginning } from '../../src/catalog/packages/index.ts'
import { productsBeginning } from '../../src/catalog/products/index.ts'
import { customersBeginning } from '../../src/customers/index.ts'
import { sql } from '../../src/db/index.ts'
import { entitiesBeginning } from '../../src/entities/index.ts'
import { leaveUnanalysed, readsAtMost } from '../support/plans.ts'
import { openWorldApart } from '../support/world.ts'

/** All have ids and names that begin alike. */
const ROWS = 20_000
/** Of products and of plans: a catalog is small, so fewer. */
const SOLD = 5000
const LIMIT = 20
/** At most five texts of a row are sought. */
const MOST = 5 * LIMIT
const world = await openWorldApart()
const { app } = world.bursar

async function large() {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme', name: 'Acme', email: 'a@b.c' } })
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: [{ id: 'user', displayName: 'User', attributionKeys: [] }] },
  })
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params: { id: 'acme' },
    body: { entities: [{ id: 'ann', entityTypeId: 'user', displayName: 'Ann' }] },
  })
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'sso', displayName: 'SSO', featureType: 'BOOLEAN' },
  })
  await tenant.ok('v1.products.createProduct', { body: { id: 'app', displayName: 'App' } })
  await tenant.ok('v1.plans.create', {
    body: { id: 'pro', displayName: 'Pro', productId: 'app', pricingType: 'PAID' },
  })
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into products select (jsonb_populate_record(products, jsonb_build_object(
        'product_key', gen_random_uuid(), 'id', 'user-' || n,
        'display_name', 'User user user ' || n, 'folded_name', 'user user user ' || n))).*
      from products, generate_series(1, ${SOLD}::integer) n where id = 'app'`)
    await tx.execute(sql`
      insert into packages select (jsonb_populate_record(packages, jsonb_build_object(
        'package_key', gen_random_uuid(), 'id', 'user-' || n))).*
      from packages, generate_series(1, ${SOLD}::integer) n where id = 'pro'`)
    await tx.execute(sql`
      insert into package_versions select (jsonb_populate_record(v, jsonb_build_object(
        'version_key', gen_random_uuid(), 'package_key', p.package_key,
        'display_name', 'User user ' || p.id, 'folded_name', 'user user ' || p.id))).*
      from packages p, package_versions v where p.id like 'user-%' and v.display_name = 'Pro'`)
    await tx.execute(sql`
      insert into customers (customer_key, environment_key, id, name, folded_name, email, metadata,
        created_at, updated_at)
      select gen_random_uuid(), environment_key, 'user-' || n, 'User user user ' || n,
        'user user user ' || n, 'user-' || n || '@example.com', metadata, created_at, updated_at
      from customers, generate_series(1, ${ROWS}::integer) n where id = 'acme'`)
    await tx.execute(sql`
      insert into entities (customer_key, entity_key, environment_key, id, entity_type_key,
        display_name, folded_name, metadata, created_at, updated_at)
      select customer_key, gen_random_uuid(), environment_key, 'user-' || n, entity_type_key,
        'User user user ' || n, 'user user user ' || n, metadata, created_at, updated_at
      from entities, generate_series(1, ${ROWS}::integer) n where id = 'ann'`)
    await tx.execute(sql`
      insert into features (feature_key, environment_key, id, display_name, folded_name,
        feature_type, meter_type, status, metadata, created_at, updated_at)
      select gen_random_uuid(), environment_key, 'user-' || n, 'User user user ' || n,
        'user user user ' || n, feature_type, meter_type, status, metadata, created_at, updated_at
      from features, generate_series(1, ${ROWS}::integer) n where id = 'sso'`)
  })
  return tenant.scope
}

await leaveUnanalysed(app)
const scope = await large()
const tables = ['customers', 'entities', 'features', 'products']

for (const when of [' right after a load', '']) {
  if (when === '')
    test('the tables are analysed', async () => {
      await app.db.withClient((client) => client.query('analyze'))
    })

  for (const text of ['user', 'user-19999', 'nothing'])
    test(`a search for ${text} reads only what it shows${when}`, async () => {
      const sought = { text, limit: LIMIT }
      // Entities are joined with their customers.
      for (const search of [
        ...[customersBeginning, entitiesBeginning, featuresBeginning, productsBeginning],
      ])
        await readsAtMost({ app, tables }, MOST, (reader) => search(reader, scope, sought))
      // Three words of a name are sought, and each hit is joined with its package and version.
      for (const search of Object.values(packagesBeginning.Plan))
        await readsAtMost({ app, tables: ['packages', 'package_versions'] }, 2 * MOST, (reader) =>
          search(reader, scope, sought),
        )
    })
}
