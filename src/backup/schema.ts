import type pg from 'pg'
import type { Migration } from '../db/index.ts'
import { type AppliedMigration, BackupError, type BackupPartition, quoted } from './format.ts'
import { rowsOf } from './session.ts'

/** A table as the system catalog describes it. */
export type SchemaTable = {
  name: string
  /** The columns that a backup contains; see `COLUMNS`. */
  columns: string[]
  /** The other tables that its foreign keys refer to. */
  parents: string[]
  /** Empty if it is not partitioned. */
  partitions: BackupPartition[]
}

/** Not backed up as a table: the header contains it, and a load applies the migrations. */
const MIGRATIONS_TABLE = 'schema_migrations'
/** Not backed up, because what is restored is another database. Its migration fills it. */
const IDENTITY_TABLE = 'database_identity'
const MADE = /\b(?:create\s+(?:unlogged\s+)?table(?:\s+if\s+not\s+exists)?|rename\s+to)\s+(\w+)/gi

/**
 * Generated columns are omitted, because they are computed again. The number of the writing
 * transaction is omitted, because it is meaningless in another cluster: if it is larger than the
 * newest transaction there, readers of the outbox do not see the row. A loaded row gets the number
 * of the loading transaction.
 */
const COLUMNS = `
  select coalesce(json_agg(a.attname order by a.attnum), '[]')
  from pg_attribute a
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    and pg_get_expr(d.adbin, d.adrelid) is distinct from 'pg_current_xact_id()'`

/**
 * Tables of extensions are omitted. Partitions are, too, because their rows are read from the
 * parent.
 */
const TABLES = `
  select c.relname as name, (${COLUMNS}) as columns, (
    select coalesce(json_agg(distinct p.relname), '[]')
    from pg_constraint f join pg_class p on p.oid = f.confrelid
    where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> f.conrelid
  ) as parents, (
    select coalesce(json_agg(json_build_object('name', p.relname,
      'bound', pg_get_expr(p.relpartbound, p.oid)) order by p.relname), '[]')
    from pg_inherits i join pg_class p on p.oid = i.inhrelid
    where i.inhparent = c.oid
  ) as partitions
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = current_schema() and c.relkind in ('r', 'p') and not c.relispartition
    and not exists (select from pg_depend where objid = c.oid and deptype = 'e')
  order by c.relname collate "C"`

/** Returns all tables of the default schema by name, including those of other programs. */
async function readTables(client: pg.Client): Promise<SchemaTable[]> {
  const rows = await rowsOf(client, TABLES)
  const listOf = <T>(json: string | null | undefined) => JSON.parse(json ?? '[]') as T[]
  return rows.map(({ name, columns, parents, partitions }) => ({
    name: name ?? '',
    columns: listOf<string>(columns),
    parents: listOf<string>(parents),
    partitions: listOf<BackupPartition>(partitions),
  }))
}

/**
 * Returns Bursar's tables, parents first, and the names of other tables in the same schema
 * (`foreign`).
 */
export async function readSchema(
  client: pg.Client,
  migrations: readonly Migration[],
): Promise<{ tables: SchemaTable[]; foreign: string[] }> {
  const made = new Set(
    migrations.flatMap(({ sql }) => [...sql.matchAll(MADE)].map((match) => match[1])),
  )
  const all = (await readTables(client)).filter(
    ({ name }) => name !== MIGRATIONS_TABLE && name !== IDENTITY_TABLE,
  )
  return {
    tables: parentsFirst(all.filter(({ name }) => made.has(name))),
    foreign: all.map(({ name }) => name).filter((name) => !made.has(name)),
  }
}

/** Sorts each table after those that it refers to. Tables in a cycle keep the given order. */
export function parentsFirst(tables: readonly SchemaTable[]): SchemaTable[] {
  const ordered = new Map<string, SchemaTable>()
  let left = [...tables]
  while (left.length > 0) {
    const waiting = new Set(left.map(({ name }) => name))
    const ready = left.filter(({ parents }) => !parents.some((parent) => waiting.has(parent)))
    for (const table of ready.length > 0 ? ready : left) ordered.set(table.name, table)
    left = left.filter(({ name }) => !ordered.has(name))
  }
  return [...ordered.values()]
}

/** Returns the applied migrations in order. The list is empty if Bursar never used the database. */
export async function readApplied(client: pg.Client): Promise<AppliedMigration[]> {
  const there = await rowsOf(client, `select to_regclass('${MIGRATIONS_TABLE}') as name`)
  if (there[0]?.name === null) return []
  const rows = await rowsOf(
    client,
    `select number, name, checksum from ${MIGRATIONS_TABLE} order by number`,
  )
  return rows.map(({ number, name, checksum }) => ({
    number: Number(number),
    name: name ?? '',
    checksum: checksum ?? '',
  }))
}

/** Throws a `BackupError` unless this version has the same migrations that made the schema. */
export function requireKnown(
  what: 'backup' | 'database',
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
): void {
  const known = new Map(migrations.map((migration) => [migration.number, migration]))
  for (const { number, name, checksum } of applied) {
    const file = known.get(number)
    if (file === undefined)
      throw new BackupError(`the ${what} comes from a newer Bursar (${name}): use that version`)
    if (file.checksum !== checksum)
      throw new BackupError(
        `the ${what} was made with a different version of migration ${name}: use the version of Bursar that made it`,
      )
  }
}

/** Returns the names of the tables that have rows. */
export async function tablesWithRows(
  client: pg.Client,
  tables: readonly SchemaTable[],
): Promise<string[]> {
  const found: string[] = []
  for (const { name } of tables) {
    const rows = await rowsOf(client, `select from ${quoted(name)} limit 1`)
    if (rows.length > 0) found.push(name)
  }
  return found
}

export async function lockTables(
  client: pg.Client,
  tables: readonly SchemaTable[],
  mode: 'access share' | 'access exclusive',
): Promise<void> {
  if (tables.length === 0) return
  await client.query(
    `lock table ${tables.map(({ name }) => quoted(name)).join(', ')} in ${mode} mode`,
  )
}
