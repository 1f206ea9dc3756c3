import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testConnection } from '../../../test/support/connection.ts'
import { query } from '../../../test/support/databases.ts'
import { nameOf, TIMED_TABLES } from './instants.ts'

/** All columns of instants and of arrays of instants. Partitions are omitted. */
const INSTANTS = `
  select c.table_name || '.' || c.column_name as name
  from information_schema.columns c
    join pg_class on pg_class.oid = format('%I.%I', c.table_schema, c.table_name)::regclass
  where c.table_schema = current_schema() and not relispartition
    and c.udt_name ~ '^_?(timestamptz|timestamp|date|time|timetz)$'
  order by 1`

test('for every instant in the schema it is decided how it is corrected', async () => {
  const found = (await query(testConnection(), INSTANTS)).map(({ name }) => name)
  const decided = TIMED_TABLES.flatMap(({ table, past, others }) =>
    [...past.map(nameOf), ...Object.keys(others)].map((name) => `${nameOf(table)}.${name}`),
  )
  assert.ok(found.length > 50)
  assert.deepEqual(decided.toSorted(), found.toSorted())
})

test('tables of customers are marked as such, and only tables that are corrected by row list columns', async () => {
  const owned = new Set(
    (
      await query(
        testConnection(),
        `select table_name as name from information_schema.columns
         where table_schema = current_schema() and column_name = 'customer_key'`,
      )
    ).map(({ name }) => name),
  )
  // In these tables, rows of an environment may have no customer, or name one only as a position.
  for (const name of ['outbox', 'due_work', 'directory', 'ranking_passes']) owned.delete(name)
  for (const { table, by, isOfCustomers, past } of TIMED_TABLES) {
    assert.equal(isOfCustomers, owned.has(nameOf(table)), nameOf(table))
    if (by === 'row') assert.ok(past.length > 0, nameOf(table))
    if (by === 'rebuild' || by === 'none') assert.equal(past.length, 0, nameOf(table))
  }
})
