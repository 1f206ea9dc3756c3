import assert from 'node:assert/strict'
import pg from 'pg'
import { type Connection, clientConfig } from '../../src/db/index.ts'
import { required } from '../../src/kernel/assert.ts'
import { MIGRATED_VARIABLE, testConnection } from './connection.ts'

type TestContext = { after(work: () => Promise<unknown>): void }
export type Row = Record<string, string | null>

let made = 0

/** Creates an empty database on the PostgreSQL of this run. It is dropped when the test ends. */
export const newDatabase = (t: TestContext): Promise<Connection> => databaseLike(t, null)

/**
 * Creates a database with the schema and an identity of its own, but no data. Copying the schema
 * takes a tenth of the time of all migrations. Dropped as above.
 */
export async function newMigratedDatabase(t: TestContext): Promise<Connection> {
  const template = required(process.env[MIGRATED_VARIABLE], MIGRATED_VARIABLE)
  const connection = await databaseLike(t, template)
  await query(
    connection,
    'update database_identity set database_id = default, signing_key = default',
  )
  return connection
}

async function databaseLike(t: TestContext, template: string | null): Promise<Connection> {
  made += 1
  const name = `own_${process.pid}_${made}`
  const like = template === null ? '' : ` template ${template} strategy file_copy`
  await query(testConnection(), `create database ${name}${like}`)
  t.after(() => query(testConnection(), `drop database ${name} with (force)`))
  const connection = testConnection()
  if (!('connectionString' in connection)) return { ...connection, database: name }
  const url = new URL(connection.connectionString)
  url.pathname = `/${name}`
  return { connectionString: url.href }
}

/** Runs statements on a new connection. Returns the rows of the last one as text. */
export async function query(connection: Connection, text: string): Promise<Row[]> {
  return withConnection(connection, async (client) => {
    const result = await client.query<Row>(text)
    return (Array.isArray(result) ? result.at(-1) : result).rows
  })
}

export async function withConnection<T>(
  connection: Connection,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(clientConfig(connection))
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/**
 * Columns that are not compared: what clusters and databases give themselves, and the instants of
 * migrations.
 */
const OF_THE_CLUSTER = ['transaction_id', 'applied_at', 'database_id', 'signing_key']

/**
 * Returns everything in the default schema as text: the rows of each table, constraints and
 * indexes. `not null` is left out, because it is a constraint only since PostgreSQL 18.
 */
export async function everythingIn(connection: Connection): Promise<Record<string, string[]>> {
  return withConnection(connection, async (client) => {
    const lines = async (text: string): Promise<string[]> =>
      (await client.query<{ line: string }>(text)).rows.map(({ line }) => line)
    const found: Record<string, string[]> = {
      constraints: await lines(`
        select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) as line
        from pg_constraint
        where connamespace = current_schema()::regnamespace and contype <> 'n' order by 1`),
      indexes: await lines(
        `select indexdef as line from pg_indexes where schemaname = current_schema() order by 1`,
      ),
    }
    const tables = await lines(`
      select quote_ident(relname) as line from pg_class
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') order by 1`)
    const left = OF_THE_CLUSTER.map((column) => ` - '${column}'`).join('')
    for (const table of tables)
      found[table] = await lines(
        `select (to_jsonb(t)${left})::text as line from ${table} t order by 1`,
      )
    return found
  })
}

/** Reports only the first line that differs. Comparing all at once would take too much memory. */
export async function assertSameContents(actual: Connection, expected: Connection): Promise<void> {
  const [left, right] = [await everythingIn(actual), await everythingIn(expected)]
  assert.deepEqual(Object.keys(left), Object.keys(right))
  for (const [name, lines] of Object.entries(right)) {
    const found = left[name] ?? []
    const at = lines.findIndex((line, index) => line !== found[index])
    if (at >= 0) assert.equal(found[at], lines[at], `${name}, line ${at}`)
    assert.equal(found.length, lines.length, name)
  }
}
