import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { testConnection } from '../../test/support/connection.ts'
import { until } from '../../test/support/deadline.ts'
import { frozenClock } from '../kernel/clock.ts'
import { MIGRATION_LOCK } from './blockers.ts'
import { type Connection, clientConfig } from './database.ts'
import { migrate, readMigrations } from './migrate.ts'
import { MigrationError } from './migration.ts'
import { MigrationLater } from './waiting.ts'

const clock = frozenClock(0)
const admin = new pg.Client(clientConfig(testConnection()))
await admin.connect()
after(() => admin.end())
let made = 0

/** Creates a database that is dropped when the test ends. */
async function emptyDatabase(t: {
  after(work: () => Promise<unknown>): void
}): Promise<Connection> {
  made += 1
  const name = `migrate_${process.pid}_${made}`
  await admin.query(`create database ${name}`)
  t.after(() => admin.query(`drop database ${name} with (force)`))
  const connection = testConnection()
  if (!('connectionString' in connection)) return { ...connection, database: name }
  const url = new URL(connection.connectionString)
  url.pathname = `/${name}`
  return { connectionString: url.href }
}

async function folderOf(files: Record<string, string>): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'bursar-migrations-'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  after(() => rm(folder, { recursive: true }))
  return pathToFileURL(`${folder}/`)
}

const first = { '0001_a.sql': 'create table a (n integer)' }
const both = { ...first, '0002_b.sql': 'create table b (n integer)' }

test('migrations are applied once and in order, even by servers that start together', async (t) => {
  const connection = await emptyDatabase(t)
  const migrations = await readMigrations(await folderOf(both))
  const results = await Promise.all(
    Array.from({ length: 6 }, () => migrate(connection, migrations, clock)),
  )
  assert.deepEqual(results.flatMap(({ applied }) => applied).sort(), ['0001_a.sql', '0002_b.sql'])
  for (const { current } of results) assert.equal(current, 2)
})

test('a failed migration leaves the earlier ones applied, and nothing of itself', async (t) => {
  const connection = await emptyDatabase(t)
  const broken = { ...first, '0002_b.sql': 'create table b (n integer); select nonsense' }
  await assert.rejects(migrate(connection, await readMigrations(await folderOf(broken)), clock))
  const { applied } = await migrate(connection, await readMigrations(await folderOf(both)), clock)
  assert.deepEqual(applied, ['0002_b.sql'])
})

test('a file that has changed since it was applied is refused', async (t) => {
  const connection = await emptyDatabase(t)
  await migrate(connection, await readMigrations(await folderOf(first)), clock)
  const changed = await readMigrations(await folderOf({ '0001_a.sql': '-- other' }))
  await assert.rejects(
    migrate(connection, changed, clock),
    (error) => error instanceof MigrationError && /0001_a\.sql has changed/.test(error.message),
  )
})

test('a newer schema only warns, unless it is marked as breaking', async (t) => {
  const connection = await emptyDatabase(t)
  await migrate(connection, await readMigrations(await folderOf(both)), clock)
  const older = await readMigrations(await folderOf(first))
  const { warnings, current } = await migrate(connection, older, clock)
  assert.equal(current, 2)
  assert.match(warnings.join(), /newer Bursar \(0002_b\.sql\)/)
  const breaking = { ...both, '0003_c.sql': '--! breaking\nselect 1' }
  await migrate(connection, await readMigrations(await folderOf(breaking)), clock)
  await assert.rejects(
    migrate(connection, older, clock),
    (error) => error instanceof MigrationError && /cannot work with/.test(error.message),
  )
})

test('a gap in the numbers is refused before anything is applied', async () => {
  const folder = await folderOf({ ...first, '0003_c.sql': '' })
  await assert.rejects(readMigrations(folder), /0003_c\.sql should be number 2/)
})

/** Opens a session that holds a lock, like a backup, until the test ends it. */
async function holding(
  t: TestContext,
  connection: Connection,
  statement: string,
): Promise<{ letGo: () => Promise<void> }> {
  const client = new pg.Client({ ...clientConfig(connection), application_name: 'nightly copy' })
  client.on('error', () => {})
  await client.connect()
  t.after(() => client.end())
  await client.query('begin')
  await client.query(statement)
  return { letGo: async () => void (await client.query('commit')) }
}

const altered = { ...first, '0002_b.sql': 'alter table a add column b integer' }

test('a migration that a long reader blocks lets other statements pass, and ends after the reader', async (t) => {
  const connection = await emptyDatabase(t)
  await migrate(connection, await readMigrations(await folderOf(first)), clock)
  const reader = await holding(t, connection, 'select from a')
  const told: string[] = []
  const migrated = migrate(connection, await readMigrations(await folderOf(altered)), clock, {
    onWait: (what) => told.push(what),
  })
  await until('the wait is told', () => told.length > 0)
  assert.match(told.join(), /waiting for a lock/)
  // The migration is in its pause now, so other statements get the table at once.
  const other = new pg.Client({ ...clientConfig(connection), lock_timeout: 1500 })
  await other.connect()
  await other.query('insert into a values (1)')
  await other.end()
  await reader.letGo()
  assert.deepEqual((await migrated).applied, ['0002_b.sql'])
})

test('a migration that stays blocked names the blocking session and asks to try again', async (t) => {
  const connection = await emptyDatabase(t)
  await migrate(connection, await readMigrations(await folderOf(first)), clock)
  await holding(t, connection, 'select from a')
  const migrations = await readMigrations(await folderOf(altered))
  await assert.rejects(
    migrate(connection, migrations, clock, { patienceMs: 8000 }),
    (error) =>
      error instanceof MigrationLater &&
      /session \d+ \(nightly copy, .* holds; try again/.test(error.message),
  )
})

test('waiting for another migration is reported, and a signal ends the wait', async (t) => {
  const connection = await emptyDatabase(t)
  await holding(t, connection, `select pg_advisory_lock(${MIGRATION_LOCK})`)
  const migrations = await readMigrations(await folderOf(first))
  const stop = new AbortController()
  const told: string[] = []
  const migrated = migrate(connection, migrations, clock, {
    signal: stop.signal,
    onWait: (what) => {
      told.push(what)
      stop.abort(new Error('stopped'))
    },
  })
  await assert.rejects(migrated, /^Error: stopped$/)
  assert.match(told.join(), /session \d+ \(nightly copy, .*, which migrates the schema/)
})

test('a signal ends the wait for a database that does not respond', async (t) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const stop = new AbortController()
  const migrated = migrate(
    { connectionString: `postgres://nobody@127.0.0.1:${port}/none` },
    await readMigrations(await folderOf(first)),
    clock,
    { signal: stop.signal },
  )
  silent.once('connection', () => stop.abort(new Error('stopped')))
  await assert.rejects(migrated, /^Error: stopped$/)
})

test('an up-to-date schema is not written to, so that a standby can be used', async (t) => {
  const connection = await emptyDatabase(t)
  const migrations = await readMigrations(await folderOf(both))
  await migrate(connection, migrations, clock)
  const { name } = await nameOf(connection)
  await admin.query(`alter database ${name} set default_transaction_read_only = on`)
  const { applied } = await migrate(connection, migrations, clock)
  assert.deepEqual(applied, [])
  await assert.rejects(
    migrate(connection, await readMigrations(await folderOf(altered)), clock),
    /0002_b\.sql has changed/,
  )
})

async function nameOf(connection: Connection): Promise<{ name: string }> {
  const client = new pg.Client(clientConfig(connection))
  await client.connect()
  const { rows } = await client.query<{ name: string }>('select current_database() as name')
  await client.end()
  return { name: rows[0]?.name ?? '' }
}
