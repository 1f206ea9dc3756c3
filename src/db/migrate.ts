import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type pg from 'pg'
import type { Clock } from '../kernel/clock.ts'
import { applyMigration } from './apply-migration.ts'
import { lockHolder, MIGRATION_LOCK } from './blockers.ts'
import type { Connection } from './database.ts'
import { type Migration, MigrationError } from './migration.ts'
import { openSession } from './migration-session.ts'
import { createMigrationWait, type MigrationWait, type WaitBudget } from './waiting.ts'

export type MigrationResult = { applied: string[]; current: number; warnings: string[] }

const FILE = /^(\d{4})_([a-z0-9_]+)\.sql$/
/** A file with this line makes a schema that servers of the previous version cannot use. */
const BREAKING = /^--! breaking$/m

/**
 * Returns the migrations of a folder in order. Throws a `MigrationError` unless their numbers run
 * from 1 without a gap.
 */
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

/** The pause between two attempts to get the migration lock, in milliseconds. */
const LOCK_PAUSE_MS = 500

/**
 * Brings the schema up to date. Migrations run forward only, each file in its own transaction.
 * Servers that start together migrate one after the other. A schema that is up to date is only
 * read, so this works on a standby.
 *
 * Throws a `MigrationError` if an applied file has changed since, or if a newer version has left a
 * schema that this version cannot use. Throws `MigrationLater` if other sessions hold the needed
 * locks for too long.
 */
export async function migrate(
  connection: Connection,
  migrations: Migration[],
  clock: Clock,
  patience: WaitBudget = {},
): Promise<MigrationResult> {
  const session = await openSession(connection, patience)
  const { client } = session
  try {
    const waiting = createMigrationWait(patience)
    await acquireMigrationLock(client, waiting)
    const done = await readApplied(client)
    const warnings = compare(migrations, done)
    const applied: string[] = []
    for (const migration of migrations.filter(({ number }) => !done.has(number))) {
      await applyMigration(migration, { session, connection, clock, waiting })
      applied.push(migration.name)
    }
    return { applied, current: Math.max(0, migrations.length, ...done.keys()), warnings }
  } catch (error) {
    patience.signal?.throwIfAborted()
    throw error
  } finally {
    await session.end()
  }
}

/** Polls for the lock instead of waiting in PostgreSQL, because polling can be aborted. */
async function acquireMigrationLock(client: pg.Client, waiting: MigrationWait): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: string }>(
      'select pg_try_advisory_lock($1) as taken',
      [MIGRATION_LOCK],
    )
    if (rows[0]?.taken === 't') return
    const holder = (await lockHolder(client)) ?? 'another session'
    await waiting.pause(`${holder}, which migrates the schema`, LOCK_PAUSE_MS)
  }
}

type AppliedMigrations = Map<number, { name: string; checksum: string; breaking: boolean }>

const TABLE = `create table schema_migrations (
    number integer primary key,
    name text not null,
    checksum text not null,
    breaking boolean not null,
    applied_at timestamptz not null
  )`

async function readApplied(client: pg.Client): Promise<AppliedMigrations> {
  const { rows: found } = await client.query<{ there: string }>(
    `select to_regclass('schema_migrations') is not null as there`,
  )
  if (found[0]?.there !== 't') {
    await client.query(TABLE)
    return new Map()
  }
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

function compare(migrations: Migration[], applied: AppliedMigrations): string[] {
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
