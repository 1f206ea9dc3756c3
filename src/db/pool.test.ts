import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { testConnection } from '../../test/support/connection.ts'
import { newDatabase, query } from '../../test/support/databases.ts'
import { until } from '../../test/support/deadline.ts'
import { openNarrowProxy } from '../../test/support/narrow-proxy.ts'
import { ApiError } from '../kernel/errors.ts'
import { type Connection, openDatabase } from './database.ts'
import { row } from './decode.ts'
import { column } from './index.ts'
import { sql } from './sql.ts'
import type { Database } from './types.ts'

const POOL = 10
const pidRow = row({ pid: column.integer })
const ownPid = sql`select pg_backend_pid() as pid`

type Capacities = { had: number; wanted: number }[]

type PoolTest = { database: Database; capacities: Capacities }

function open(t: TestContext, connection: Connection): PoolTest {
  const capacities: Capacities = []
  const database = openDatabase({
    connection,
    poolSize: POOL,
    onIdleError: () => {},
    onCapacity: (capacity) => capacities.push(capacity),
  })
  t.after(() => database.close())
  return { database, capacities }
}

const isUnavailable = (error: unknown): boolean => error instanceof ApiError && error.status === 503

/** Runs `count` statements at once. Returns the pids of their sessions. */
async function ask(database: Database, count: number): Promise<Set<number>> {
  const asked = Array.from({ length: count }, () =>
    database.transaction(async (tx) => {
      await tx.execute(sql`select pg_sleep(0.002)`)
      return (await tx.one(pidRow, ownPid)).pid
    }),
  )
  return new Set(await Promise.all(asked))
}

test('if the database has fewer connections left than the pool wants, callers share them', async (t) => {
  const { connection, allow } = await openNarrowProxy(t, 3)
  const { database, capacities } = open(t, connection)
  assert.equal((await ask(database, 200)).size, 3)
  await until('news of it', () => capacities.length > 0)
  assert.deepEqual(capacities, [{ had: 3, wanted: POOL }])
  allow(POOL)
  await until('more connections', async () => (await ask(database, 50)).size > 3)
})

test('a caller waits until the database has a connection left', async (t) => {
  const { connection, allow, refused } = await openNarrowProxy(t, 0)
  const { database } = open(t, connection)
  const asked = ask(database, 20)
  asked.catch(() => {})
  await until('a try', () => refused() > 0)
  allow(1)
  assert.equal((await asked).size, 1)
})

test('when one session reports that it is read-only, no existing session is used again', async (t) => {
  const { database } = open(t, testConnection())
  const before = await ask(database, 50)
  await database.withClient((client) => client.query('set default_transaction_read_only = on'))
  const after = await ask(database, 50)
  assert.deepEqual(
    [...after].filter((pid) => before.has(pid)),
    [],
  )
})

test('a write that PostgreSQL refuses as read-only is a 503, and all sessions are discarded', async (t) => {
  const { database } = open(t, testConnection())
  const before = await ask(database, 50)
  const refusing = sql`do $$ begin raise exception using errcode = '25006'; end $$`
  await assert.rejects(
    database.transaction((tx) => tx.execute(refusing)),
    (error) => isUnavailable(error) && /read-only/.test(String(error)),
  )
  const after = await ask(database, 50)
  assert.deepEqual(
    [...after].filter((pid) => before.has(pid)),
    [],
  )
})

test('a read-only database is not read either, until it can be written to', async (t) => {
  const connection = await newDatabase(t)
  const name =
    'database' in connection
      ? connection.database
      : new URL(connection.connectionString).pathname.slice(1)
  await query(testConnection(), `alter database ${name} set default_transaction_read_only = on`)
  const { database } = open(t, connection)
  await assert.rejects(database.read.one(pidRow, ownPid), isUnavailable)
  const reading = openDatabase({ connection, poolSize: 1, onlyReads: true, onIdleError: () => {} })
  t.after(() => reading.close())
  assert.equal((await reading.look()).isWritable, false)
  await query(testConnection(), `alter database ${name} reset default_transaction_read_only`)
  await database.read.one(pidRow, ownPid)
})
