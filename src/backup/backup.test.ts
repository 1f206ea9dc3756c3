import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { PassThrough, Readable, Writable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import {
  assertSameContents,
  everythingIn,
  newDatabase,
  query,
  withConnection,
} from '../../test/support/databases.ts'
import { until } from '../../test/support/deadline.ts'
import { type Connection, MigrationError, migrate, readMigrations } from '../db/index.ts'
import type { Migration } from '../db/migration.ts'
import { frozenClock } from '../kernel/clock.ts'
import { MIGRATIONS } from '../main.ts'
import { loadBackup } from './load.ts'
import { verifyBackup } from './read.ts'
import { parentsFirst } from './schema.ts'
import { writeBackup } from './write.ts'

const clock = frozenClock(1_700_000_000_000)
const progress = { start: () => {}, rows: () => {} }

const migrationOf = (sql: string, number = 1): Migration => ({
  number,
  name: `000${number}_m.sql`,
  sql,
  checksum: createHash('sha256').update(sql).digest('hex'),
  breaking: false,
})

const TWO_TABLES = migrationOf(`
  create table parents (parent integer primary key, value text);
  create table children (
    child integer primary key,
    parent integer not null references parents,
    elder integer references children,
    transaction_id xid8 not null default pg_current_xact_id()
  );`)

async function migrated(t: TestContext, ...migrations: Migration[]): Promise<Connection> {
  const connection = await newDatabase(t)
  await migrate(connection, migrations, clock)
  return connection
}

async function backUp(connection: Connection, migrations: Migration[]) {
  const target = new PassThrough()
  const parts: Buffer[] = []
  target.on('data', (part: Buffer) => parts.push(part))
  const now = clock.now()
  const written = await writeBackup({
    connection,
    migrations,
    version: '9.8.7',
    now,
    target,
    progress,
  })
  return { ...written, file: Buffer.concat(parts) }
}

const opened = (file: Buffer) => () => Readable.from([file])

async function load(connection: Connection, file: Buffer, ...migrations: Migration[]) {
  const header = await verifyBackup(opened(file)(), progress)
  return loadBackup({ connection, migrations, clock, open: opened(file), header, progress })
}

const MANY = 20_000
const fillWithMany = (connection: Connection) =>
  query(
    connection,
    `insert into parents select n, repeat(md5(n::text), 20) from generate_series(1, ${MANY}) n;
     insert into children (child, parent, elder)
     select n, n, ${MANY} + 1 - n from generate_series(1, ${MANY}) n`,
  )

test('a restore loads the same rows that the backup read, whatever they contain', async (t) => {
  const kinds = migrationOf(`
    create table "Odd ""name" (
      id integer primary key, "a b" text, bytes bytea, list text[], json jsonb, at timestamptz,
      amount numeric, yes boolean, number xid8 default pg_current_xact_id(),
      twice integer generated always as (id * 2) stored, self integer references "Odd ""name"
    );
    -- Its name is told by a statement, as that of a table without quotes is.
    alter table "Odd ""name" rename to odd;`)
  const awkward = fc.oneof(
    fc.constantFrom('\\.', '\\N', '\\', '\t', '\n\\.\n', '\r\n', '', 'NULL', '\u2028', '{"a":1}'),
    fc.string({ unit: 'grapheme' }),
  )
  const values = fc.record({
    text: fc.option(awkward),
    bytes: fc.uint8Array(),
    list: fc.array(fc.option(awkward)),
    json: fc.dictionary(awkward, awkward),
    amount: fc.bigInt().map(String),
  })
  const storable = (value: unknown) => !JSON.stringify(value).includes('\\u0000')
  await fc.assert(
    fc.asyncProperty(fc.array(values.filter(storable)), async (rows) => {
      const source = await migrated(t, kinds)
      await withConnection(source, async (client) => {
        for (const [id, { text, bytes, list, json, amount }] of rows.entries())
          await client.query(
            'insert into odd values ($1, $2, $3, $4, $5, $6, $7, $8, default, default, $9)',
            [
              id,
              text,
              Buffer.from(bytes),
              list,
              JSON.stringify(json),
              new Date(id * 86_400_123),
              `${amount}.50`,
              id % 2 === 0,
              id === 0 ? null : 0,
            ],
          )
      })
      const { file } = await backUp(source, [kinds])
      const target = await newDatabase(t)
      await load(target, file, kinds)
      const left = 'to_jsonb(odd) - $$number$$'
      const all = `select (${left})::text as row, bytes, amount from odd order by id`
      assert.deepEqual(await query(target, all), await query(source, all))
    }),
    { numRuns: 6 },
  )
})

test('a loaded row gets the number of a transaction of the new cluster', async (t) => {
  const source = await migrated(t, TWO_TABLES)
  await query(
    source,
    `insert into parents values (1, 'a');
     insert into children values (1, 1, null, '123456789012345')`,
  )
  const { file } = await backUp(source, [TWO_TABLES])
  const target = await newDatabase(t)
  await load(target, file, TWO_TABLES)
  const ended = `select transaction_id < pg_snapshot_xmin(pg_current_snapshot()) as ended
    from children`
  await until(
    'no older transaction runs',
    async () => (await query(target, ended))[0]?.ended === 't',
  )
})

test('columns are matched by their names', async (t) => {
  const source = await migrated(t, TWO_TABLES)
  await query(source, `insert into parents values (1, '2')`)
  const { file } = await backUp(source, [TWO_TABLES])
  const target = await migrated(t, TWO_TABLES)
  const swap = `drop constraint parents_pkey cascade, drop column parent,
    add column parent integer primary key`
  await query(target, `alter table parents ${swap}`)
  await load(target, file, TWO_TABLES)
  assert.deepEqual(await query(target, 'select * from parents'), [{ value: '2', parent: '1' }])
})

test('tables of other programs are left out of a backup, are named, and survive a restore', async (t) => {
  const source = await migrated(t, TWO_TABLES)
  await query(source, 'create table others (n serial); insert into others values (1)')
  const { file, foreign, header } = await backUp(source, [TWO_TABLES])
  assert.deepEqual(foreign, ['others'])
  assert.deepEqual(
    header.tables.map(({ name }) => name),
    ['parents', 'children'],
  )
  const target = await newDatabase(t)
  await query(target, 'create table others (n serial); insert into others values (2)')
  await load(target, file, TWO_TABLES)
  assert.deepEqual(await query(target, 'select n from others'), [{ n: '2' }])
})

test('a backup leaves out nothing of the real schema', async (t) => {
  const migrations = await readMigrations(MIGRATIONS)
  const connection = await migrated(t, ...migrations)
  const { header, foreign } = await backUp(connection, migrations)
  assert.deepEqual(foreign, [])
  const kept = header.tables.flatMap(({ name, columns }) =>
    columns.map((each) => `${name}.${each}`),
  )
  const there = await query(
    connection,
    `select c.relname || '.' || a.attname as name, format_type(a.atttypid, null) as type
     from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
       and not c.relispartition and c.relname <> 'schema_migrations' and a.attnum > 0
       and not a.attisdropped and a.attgenerated = ''`,
  )
  const leftOut = there.filter(({ name }) => !kept.includes(name ?? ''))
  assert.deepEqual(leftOut, [
    { name: 'outbox.transaction_id', type: 'xid8' },
    { name: 'database_identity.is_only', type: 'boolean' },
    { name: 'database_identity.database_id', type: 'uuid' },
    { name: 'database_identity.signing_key', type: 'bytea' },
  ])
  const numbers = there.filter(({ type }) => type === 'xid8').map(({ name }) => name)
  assert.deepEqual(numbers, ['outbox.transaction_id'], 'a number of another cluster was kept')
  // Sequences and views need code that a backup does not have.
  const others = await query(
    connection,
    `select relname from pg_class where relnamespace = current_schema()::regnamespace
       and relkind not in ('r', 'p', 'i', 'I')`,
  )
  assert.deepEqual(others, [])
})

const PARTITIONED = migrationOf(`
  create table records (id int primary key, value text) partition by range (id);
  create table records_default partition of records default`)

test('a restore creates partitions that no migration makes', async (t) => {
  const source = await migrated(t, PARTITIONED)
  await query(source, 'create table records_5 partition of records for values from (5) to (9)')
  await query(source, `insert into records values (1, 'a'), (5, 'b'), (9, 'c')`)
  const { file, foreign } = await backUp(source, [PARTITIONED])
  assert.deepEqual(foreign, [])
  const target = await newDatabase(t)
  await load(target, file, PARTITIONED)
  await assertSameContents(target, source)
  assert.deepEqual(await query(target, 'select id from records_5'), [{ id: '5' }])
})

/** A database with the real schema, and another one into which its backup was loaded. */
async function restoredSchema(t: TestContext) {
  const migrations = await readMigrations(MIGRATIONS)
  const source = await migrated(t, ...migrations)
  const { file } = await backUp(source, migrations)
  const target = await newDatabase(t)
  await load(target, file, ...migrations)
  return { source, target }
}

test('a restore creates every constraint and index of the real schema', async (t) => {
  const { source, target } = await restoredSchema(t)
  await assertSameContents(target, source)
})

test('a restored database is another database', async (t) => {
  const { source, target } = await restoredSchema(t)
  const identities = await Promise.all(
    [source, target].map((each) => query(each, 'select * from database_identity')),
  )
  assert.deepEqual(
    identities.map((rows) => rows.length),
    [1, 1],
  )
  const [[before], [after]] = identities as [Record<string, string>[], Record<string, string>[]]
  assert.notEqual(before?.database_id, after?.database_id)
  assert.notEqual(before?.signing_key, after?.signing_key)
})

test('a backup of an earlier version is loaded into its own schema and then migrated', async (t) => {
  const later = migrationOf('update parents set value = value || $$!$$', 2)
  const source = await migrated(t, TWO_TABLES)
  await query(source, `insert into parents values (1, 'a')`)
  const { file } = await backUp(source, [TWO_TABLES, later])
  const target = await newDatabase(t)
  assert.deepEqual(await load(target, file, TWO_TABLES, later), [later.name])
  assert.deepEqual(await query(target, 'select value from parents'), [{ value: 'a!' }])
})

test('a backup that does not fit the database or the program is refused, and nothing is loaded', async (t) => {
  const later = migrationOf('create table later_ones (n integer)', 2)
  const changed = migrationOf(`${TWO_TABLES.sql} -- changed`)
  const source = await migrated(t, TWO_TABLES)
  await query(source, `insert into parents values (1, 'a')`)
  const { file } = await backUp(source, [TWO_TABLES])
  const newer = await backUp(await migrated(t, TWO_TABLES, later), [TWO_TABLES, later])
  await assert.rejects(load(source, file, TWO_TABLES), /already has data \(parents\)/)
  const empty = await newDatabase(t)
  await assert.rejects(load(empty, newer.file, TWO_TABLES), /backup comes from a newer .*0002_m/)
  await assert.rejects(load(empty, file, changed), /a different version of migration 0001_m/)
  assert.deepEqual(Object.keys(await everythingIn(empty)), ['constraints', 'indexes'])
  const ahead = await migrated(t, TWO_TABLES, later)
  await assert.rejects(load(ahead, file, TWO_TABLES, later), /a later schema than the backup/)
  const other = await migrated(t, TWO_TABLES)
  await query(other, 'alter table parents drop column value')
  await assert.rejects(load(other, file, TWO_TABLES), /has other tables or columns/)
})

test('a backup of a database without Bursar or of a newer version is refused', async (t) => {
  const later = migrationOf('select 1', 2)
  await assert.rejects(backUp(await newDatabase(t), [TWO_TABLES]), /contains no schema of Bursar/)
  const newer = await migrated(t, TWO_TABLES, later)
  await assert.rejects(backUp(newer, [TWO_TABLES]), /comes from a newer Bursar \(0002_m\.sql\)/)
})

test('an interrupted load leaves no row and can be repeated', async (t) => {
  const source = await migrated(t, TWO_TABLES)
  await fillWithMany(source)
  const { file, header } = await backUp(source, [TWO_TABLES])
  const target = await newDatabase(t)
  const empty = await migrated(t, TWO_TABLES)
  const loadFrom = (open: () => Readable) =>
    loadBackup({ connection: target, migrations: [TWO_TABLES], clock, open, header, progress })

  const half = file.subarray(0, file.length / 2)
  await assert.rejects(loadFrom(opened(half)), /damaged/)
  await assertSameContents(target, empty)

  async function* untilTheDatabaseIsGone() {
    yield half
    const others = `pid <> pg_backend_pid() and datname = current_database()`
    await query(target, `select pg_terminate_backend(pid) from pg_stat_activity where ${others}`)
    yield file.subarray(half.length)
  }
  const loading = loadFrom(() => Readable.from(untilTheDatabaseIsGone()))
  await assert.rejects(loading, (error) => !(error instanceof MigrationError))
  await assertSameContents(target, empty)

  await load(target, file, TWO_TABLES)
  await assertSameContents(target, source)
})

test('a backup fails if its target accepts no more data or the database goes away', async (t) => {
  const source = await migrated(t, TWO_TABLES)
  await fillWithMany(source)
  const write = (target: Writable) =>
    writeBackup({
      connection: source,
      migrations: [TWO_TABLES],
      version: '',
      now: 0,
      target,
      progress,
    })
  const full = new Writable({
    write: (_part, _encoding, written) => written(new Error('no room')),
  })
  await assert.rejects(write(full), /no room/)
  const others =
    'from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()'
  await until('the connection is gone', async () => {
    return (await query(source, `select pid ${others}`)).length === 0
  })
  let isCut = false
  const cutting = new Writable({
    write: async (_part, _encoding, written) => {
      if (!isCut) await query(source, `select pg_terminate_backend(pid) ${others}`)
      isCut = true
      written()
    },
  })
  await assert.rejects(write(cutting), /terminat|ECONNRESET/)
})

test('tables are sorted after the tables that they refer to, and cycles are possible', () => {
  const table = (name: string, ...parents: string[]) => ({
    name,
    columns: [],
    parents,
    partitions: [],
  })
  const namesOf = (...tables: ReturnType<typeof table>[]) =>
    parentsFirst(tables).map(({ name }) => name)
  assert.deepEqual(namesOf(table('a', 'b'), table('b', 'c', 'elsewhere'), table('c')), [
    'c',
    'b',
    'a',
  ])
  assert.deepEqual(namesOf(table('a', 'b'), table('b', 'a'), table('c')), ['c', 'a', 'b'])
})
