import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCli, urlOf } from '../../test/support/cli-process.ts'
import { newDatabase, query } from '../../test/support/databases.ts'
import { readMigrations } from '../db/index.ts'
import { MIGRATIONS } from '../main.ts'

const names = (await readMigrations(MIGRATIONS)).map(({ name }) => name)

test('migrate brings an empty database up to date, and a second run does nothing', async (t) => {
  const settings = { DATABASE_URL: urlOf(await newDatabase(t)) }
  const first = await runCli(['migrate'], settings)
  assert.equal(first.code, 0, first.stderr)
  const state = `The schema is at migration ${names.length}.\n`
  assert.equal(first.stdout, names.map((name) => `applied ${name}\n`).join('') + state)
  assert.equal((await runCli(['migrate'], settings)).stdout, state)
})

test('any other command brings an empty database up to date, too', async (t) => {
  const settings = { DATABASE_URL: urlOf(await newDatabase(t)) }
  const listed = await runCli(['environment', 'list'], settings)
  assert.equal(listed.code, 0, listed.stderr)
  assert.match(listed.stdout, /^default +Default +PRODUCTION +default$/m)
})

test('a command changes no schema of an older or newer version, and says so', async (t) => {
  const connection = await newDatabase(t)
  const settings = { DATABASE_URL: urlOf(connection) }
  await runCli(['migrate'], settings)
  await query(connection, `delete from schema_migrations where number = ${names.length}`)
  const older = await runCli(['key', 'list'], settings)
  assert.equal(older.code, 1)
  assert.match(older.stderr, /older Bursar \(missing: .*\): run bursar migrate first/)
  const doctor = await runCli(['doctor'], settings)
  assert.match(doctor.stdout, /! migrations +\d+ applied, 1 pending, 0 newer/)

  await query(
    connection,
    `insert into schema_migrations select number + 9000, '9999_later.sql', 'x', true, applied_at
     from schema_migrations where number = 1`,
  )
  await query(
    connection,
    `insert into schema_migrations select ${names.length}, name, checksum, breaking, applied_at
     from schema_migrations where number = 1`,
  )
  const changed = await runCli(['doctor'], settings)
  assert.equal(changed.code, 1)
  assert.match(changed.stdout, /✗ migrations[^\n]*\n +changed since they were applied/)
  await query(connection, `delete from schema_migrations where number = ${names.length}`)
  const newer = await runCli(['migrate'], settings)
  assert.equal(newer.code, 1)
  assert.match(newer.stderr, /migrated by a newer Bursar \(9999_later\.sql\)/)
})
