import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { type Connection, type Migration, migrate } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import {
  BackupError,
  type BackupHeader,
  type BackupTable,
  copyLine,
  damaged,
  quoted,
} from './format.ts'
import { readBackup } from './read.ts'
import { countRows } from './rows.ts'
import {
  lockTables,
  readApplied,
  readSchema,
  requireKnown,
  type SchemaTable,
  tablesWithRows,
} from './schema.ts'
import { rowsOf, withSession } from './session.ts'
import type { Progress } from './write.ts'

export type LoadOptions = {
  connection: Connection
  /** All migrations of this version. */
  migrations: readonly Migration[]
  clock: Clock
  /** Opens the file at its beginning. */
  open: () => Readable
  /** The header of the file. The file must have been verified. */
  header: BackupHeader
  progress: Progress
}

/** Older versions lack functions that Bursar uses, and are not tested. */
const MIN_SERVER_VERSION = 150_000

/**
 * Loads a backup into a database without data. First migrates the database to the schema of the
 * backup, and after the load applies later migrations. Returns the names of these. All rows are
 * loaded in one transaction, so an interruption leaves all of them or none. Throws a `BackupError`
 * if the backup or the database is not suitable. The database then still has no data.
 */
export async function loadBackup(options: LoadOptions): Promise<string[]> {
  const { connection, clock, header } = options
  const migrations = [...options.migrations]
  requireKnown('backup', header.migrations, migrations)
  const first = migrations.slice(0, header.migrations.length)
  await withSession(connection, (client) => requireEmpty(client, { header, migrations }))
  await migrate(connection, first, clock)
  await withSession(connection, (client) => load(client, options))
  return (await migrate(connection, migrations, clock)).applied
}

/**
 * Throws a `BackupError` unless the database has no rows, and no later schema than the backup. With
 * a later schema, migrations that convert rows would have run before the rows are loaded.
 */
async function requireEmpty(
  client: pg.Client,
  to: { header: BackupHeader; migrations: readonly Migration[] },
): Promise<SchemaTable[]> {
  const [server] = await rowsOf(client, `select current_setting('server_version_num') as version`)
  if (Number(server?.version) < MIN_SERVER_VERSION)
    throw new BackupError('the database is older than PostgreSQL 15')
  const { tables } = await readSchema(client, to.migrations)
  const filled = await tablesWithRows(client, tables)
  if (filled.length > 0)
    throw new BackupError(
      `the database already has data (${filled.join(', ')}): restore into an empty one, such as that of a new data directory`,
    )
  const applied = await readApplied(client)
  requireKnown('database', applied, to.migrations)
  if (applied.length > to.header.migrations.length)
    throw new BackupError(
      'the database has a later schema than the backup: restore into a database without tables',
    )
  return tables
}

/** Locks the tables and checks them again, because a server may have started in the meantime. */
async function load(client: pg.Client, options: LoadOptions): Promise<void> {
  const { header, migrations, progress } = options
  await client.query('begin')
  const locked = await readSchema(client, migrations)
  await lockTables(client, locked.tables, 'access exclusive')
  const tables = await requireEmpty(client, { header, migrations })
  requireSameTables(header, tables)
  await makePartitions(client, header, tables)
  const foreignKeys = await dropForeignKeys(client, tables)
  await readBackup(options.open(), {
    header: (found) => {
      if (JSON.stringify(found) !== JSON.stringify(header))
        throw damaged('it has changed since it was checked')
      progress.start(header.tables.reduce((sum, { rows }) => sum + rows, 0))
    },
    table: (table, rows) => loadTable(client, { table, rows, progress }),
  })
  for (const statement of foreignKeys) await client.query(statement)
  await client.query('commit')
  for (const { name } of tables) await client.query(`analyze ${quoted(name)}`)
}

function requireSameTables(header: BackupHeader, tables: readonly SchemaTable[]): void {
  const shape = (list: readonly Pick<BackupTable, 'name' | 'columns'>[]): string =>
    list
      .map(({ name, columns }) => `${name} (${[...columns].sort().join(', ')})`)
      .sort()
      .join('\n')
  if (shape(header.tables) !== shape(tables))
    throw new BackupError('the backup has other tables or columns than its migrations create')
}

/**
 * Creates the partitions that jobs had added since the migrations. There are no rows yet, so none
 * can be in the default partition instead.
 */
async function makePartitions(
  client: pg.Client,
  header: BackupHeader,
  tables: readonly SchemaTable[],
): Promise<void> {
  const existing = new Set(tables.flatMap(({ partitions }) => partitions.map(({ name }) => name)))
  for (const table of header.tables)
    for (const { name, bound } of table.partitions.filter((each) => !existing.has(each.name)))
      await client.query(`create table ${quoted(name)} partition of ${quoted(table.name)} ${bound}`)
}

async function loadTable(
  client: pg.Client,
  from: { table: BackupTable; rows: AsyncIterable<Buffer>; progress: Progress },
): Promise<void> {
  const { table, rows, progress } = from
  const counted = async function* () {
    for await (const part of rows) {
      yield part
      progress.rows(countRows(part))
    }
  }
  const target = client.query(copyFrom(copyLine(table)))
  await pipeline(Readable.from(counted()), target)
  if (target.rowCount !== table.rows)
    throw new BackupError(`${target.rowCount} of ${table.rows} rows of ${table.name} were loaded`)
}

/**
 * Drops the foreign keys. Returns the statements that add them again. If they were checked during
 * the load, PostgreSQL would need memory for each row of a table. If they are added afterwards, it
 * checks them with one join.
 */
async function dropForeignKeys(
  client: pg.Client,
  tables: readonly SchemaTable[],
): Promise<string[]> {
  const found = await client.query<Record<'table' | 'name' | 'definition', string>>(
    `select c.relname as table, f.conname as name, pg_get_constraintdef(f.oid) as definition
     from pg_constraint f
     join pg_class c on c.oid = f.conrelid
     join pg_namespace n on n.oid = c.relnamespace
     where f.contype = 'f' and f.conparentid = 0
       and n.nspname = current_schema() and c.relname = any($1::text[])`,
    [tables.map(({ name }) => name)],
  )
  for (const { table, name } of found.rows)
    await client.query(`alter table ${quoted(table)} drop constraint ${quoted(name)}`)
  return found.rows.map(
    ({ table, name, definition }) =>
      `alter table ${quoted(table)} add constraint ${quoted(name)} ${definition}`,
  )
}
