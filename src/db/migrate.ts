import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'
import type { Clock } from '../kernel/clock.ts'
import { type Connection, clientConfig } from './database.ts'

export type Migration = {
  number: number
  name: string
  sql: string
  checksum: string
  breaking: boolean
}
export type Migrated = { applied: string[]; current: number; warnings: string[] }

/** A schema that this version must not touch. The message says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/** Any constant will do; it only has to differ from other users' of the same database. */
const ADVISORY_LOCK = 4_242_001
const FILE = /^(\d{4})_([a-z0-9_]+)\.sql$/
/** A server of the version before cannot work on what a file with this line has changed. */
const BREAKING = /^--! breaking$/m

/** The migrations of a folder in order. Numbers must run from 1 without a gap. */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => FILE.test(name)).sort()
  const migrations = await Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8')
      return {
        number: Number(FILE.exec(name)?.[1]),
        name,
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
        breaking: BREAKING.test(sql),
      }
    }),
  )
  migrations.forEach((migration, index) => {
    if (migration.number !== index + 1)
      throw new MigrationError(`migration ${migration.name} should be number ${index + 1}`)
  })
  return migrations
}

/**
 * Brings the schema up to date, forward only, each file in its own transaction. Servers that start
 * together queue on an advisory lock. Throws `MigrationError` when a file that was applied has
 * changed since, or when a newer version has left a schema that breaks this one.
 */
export async function migrate(
  connection: Connection,
  migrations: Migration[],
  clock: Clock,
): Promise<Migrated> {
  const client = new pg.Client(clientConfig(connection))
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK])
    await createTable(client)
    const done = await readApplied(client)
    const warnings = compare(migrations, done)
    const applied: string[] = []
    for (const migration of migrations.filter(({ number }) => !done.has(number))) {
      await apply(client, migration, clock)
      applied.push(migration.name)
    }
    return { applied, current: Math.max(0, migrations.length, ...done.keys()), warnings }
  } finally {
    await client.end()
  }
}

type Applied = Map<number, { name: string; checksum: string; breaking: boolean }>

const createTable = (client: pg.Client) =>
  client.query(`create table if not exists schema_migrations (
    number integer primary key,
    name text not null,
    checksum text not null,
    breaking boolean not null,
    applied_at timestamptz not null
  )`)

async function readApplied(client: pg.Client): Promise<Applied> {
  const { rows } = await client.query<Record<string, string>>(
    'select number, name, checksum, breaking from schema_migrations order by number',
  )
  return new Map(
    rows.map((row) => [
      Number(row.number),
      { name: row.name ?? '', checksum: row.checksum ?? '', breaking: row.breaking === 't' },
    ]),
  )
}

function compare(migrations: Migration[], applied: Applied): string[] {
  const known = new Map(migrations.map((migration) => [migration.number, migration]))
  const warnings: string[] = []
  for (const [number, row] of applied) {
    const file = known.get(number)
    if (file !== undefined && file.checksum !== row.checksum)
      throw new MigrationError(`migration ${row.name} has changed since it was applied`)
    if (file !== undefined) continue
    if (row.breaking)
      throw new MigrationError(
        `the database was migrated by a newer Bursar (${row.name}), which this version cannot ` +
          'work with: start the newer version',
      )
    warnings.push(`the database was migrated by a newer Bursar (${row.name})`)
  }
  return warnings
}

/** The number is written first: whoever else tries the same file fails on the primary key. */
async function apply(client: pg.Client, migration: Migration, clock: Clock): Promise<void> {
  await client.query('begin')
  try {
    await client.query(`set local lock_timeout = '5s'`)
    await client.query(
      `insert into schema_migrations (number, name, checksum, breaking, applied_at)
       values ($1, $2, $3, $4, to_timestamp($5::double precision / 1000))`,
      [migration.number, migration.name, migration.checksum, migration.breaking, clock.now()],
    )
    await client.query(migration.sql)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}
