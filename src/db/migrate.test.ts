import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { testConnection } from '../../test/support/connection.ts'
import { frozenClock } from '../kernel/clock.ts'
import { type Connection, clientConfig } from './database.ts'
import { MigrationError, migrate, readMigrations } from './migrate.ts'

const clock = frozenClock(0)
const admin = new pg.Client(clientConfig(testConnection()))
await admin.connect()
after(() => admin.end())
let made = 0

/** A database of its own, dropped when the test ends. */
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

test('files are applied in order, once, whoever starts at the same time', async (t) => {
  const connection = await emptyDatabase(t)
  const migrations = await readMigrations(await folderOf(both))
  const results = await Promise.all(
    Array.from({ length: 6 }, () => migrate(connection, migrations, clock)),
  )
  assert.deepEqual(results.flatMap(({ applied }) => applied).sort(), ['0001_a.sql', '0002_b.sql'])
  for (const { current } of results) assert.equal(current, 2)
})

test('a file that fails leaves the ones before it, and nothing of itself', async (t) => {
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
