import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld } from '../support/world.ts'

const { app } = (await openWorld()).bursar
const query = (text: string) =>
  app.db.withClient(async (client) => (await client.query<Record<string, string>>(text)).rows)

/** Small tables that belong to an environment or to no environment. */
const NOT_OF_CUSTOMERS = [
  'accounts',
  'api_keys',
  'catalog_versions',
  'currencies',
  'database_identity',
  'decision_minutes',
  'directory',
  'entity_types',
  'environment_heads',
  'environment_roles',
  'environment_settings',
  'environments',
  'features',
  'idempotency_answers',
  'integrations',
  'members',
  'package_archivals',
  'package_entitlements',
  'package_versions',
  'packages',
  'products',
  'ranking_passes',
  'schema_migrations',
  'sign_in_codes',
  'signing_secrets',
  'tasks',
  'threshold_configs',
]

test('every table of customer data has customer_key in its primary key and all unique indexes', async () => {
  const indexes = await query(`
    select t.relname as table, i.relname as index,
      exists (select from unnest(x.indkey) as k
        join pg_attribute a on a.attrelid = t.oid and a.attnum = k
        where a.attname = 'customer_key')::text as keyed
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
      join pg_namespace n on n.oid = t.relnamespace
    where n.nspname = 'public' and x.indisunique`)
  const checked = indexes.filter(({ table }) => !NOT_OF_CUSTOMERS.includes(table ?? ''))
  assert.ok(checked.length >= 5)
  for (const { table, index, keyed } of checked) assert.equal(keyed, 'true', `${table}: ${index}`)
})

test('no foreign key refers to another customer', async () => {
  const keys = await query(`
    select c.conname as name, t.relname as from, r.relname as to,
      (select string_agg(a.attname, ',') from unnest(c.conkey) as k
        join pg_attribute a on a.attrelid = t.oid and a.attnum = k) as columns
    from pg_constraint c join pg_class t on t.oid = c.conrelid
      join pg_class r on r.oid = c.confrelid
    where c.contype = 'f'`)
  assert.ok(keys.length > 0)
  for (const { name, to, columns } of keys)
    if (!NOT_OF_CUSTOMERS.includes(to ?? ''))
      assert.match(columns ?? '', /customer_key/, name ?? '')
})

test('every table has the environment of its rows', async () => {
  const tables = await query(`
    select t.table_name as name, exists (select from information_schema.columns c
        where c.table_name = t.table_name and c.column_name = 'environment_key')::text as owned
    from information_schema.tables t where t.table_schema = 'public'`)
  for (const { name, owned } of tables)
    if (!['accounts', 'database_identity', 'members', 'schema_migrations'].includes(name ?? ''))
      assert.equal(owned, 'true', name)
})

test('texts that are ids have the collation C', async () => {
  const columns = await query(`
    select table_name || '.' || column_name as name, collation_name as collation
    from information_schema.columns
    where table_schema = 'public' and data_type = 'text'
      and column_name in ('id', 'integration_id')`)
  for (const { name, collation } of columns) assert.equal(collation, 'C', name)
})
