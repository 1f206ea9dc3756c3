import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { testConnection } from '../../test/support/connection.ts'
import { until } from '../../test/support/deadline.ts'
import { openDatabase } from './database.ts'
import { row } from './decode.ts'
import { column } from './index.ts'
import { sql } from './sql.ts'
import type { Database } from './types.ts'

const NEVER = new AbortController().signal
/** Longer than the tests may take: a statement that ends earlier has been cancelled. */
const statementTimeoutMs = 600_000
const sleepRow = row({ pid: column.integer })

function open(poolSize: number): Database {
  const onIdleError = () => {}
  const database = openDatabase({
    connection: testConnection(),
    poolSize,
    statementTimeoutMs,
    onIdleError,
  })
  after(() => database.close())
  return database
}

/** Returns a statement that does not end, and a function that counts the sessions running it. */
function endless(database: Database, name: string) {
  const mark = `endless ${name} ${process.pid}`
  return {
    statement: sql`select set_config('application_name', ${mark}, false), pg_sleep(600), 0 as pid`,
    running: async () => {
      const text = `select 1 from pg_stat_activity where application_name = $1 and state = 'active'`
      const { rows } = await database.withClient((client) => client.query(text, [mark]))
      return rows.length
    },
  }
}

const own = sql`select pg_backend_pid() as pid`
const isolation = row({ transaction_isolation: column.text })

test('when the caller disconnects, the running statement is cancelled and the connection is reusable', async () => {
  const [database, looking] = [open(1), open(1)]
  const { statement, running } = endless(looking, 'cancelled')
  const { pid } = await database.read.one(sleepRow, own)
  const works: Record<string, (db: Database) => Promise<unknown>> = {
    'a statement': (db) => db.read.many(sleepRow, statement),
    'a snapshot': (db) => db.snapshot((reader) => reader.many(sleepRow, statement)),
    'statements that were sent at once': (db) =>
      db.snapshot((reader) =>
        Promise.all([reader.many(sleepRow, statement), reader.many(sleepRow, statement)]),
      ),
    'statements outside of a snapshot': (db) =>
      Promise.all([db.read.many(sleepRow, statement), db.read.many(sleepRow, statement)]),
  }
  for (const [name, work] of Object.entries(works)) {
    const leaving = new AbortController()
    const reading = database.heavy({ caller: 'a', signal: leaving.signal }, work)
    await until(`${name} runs`, async () => (await running()) === 1)
    leaving.abort()
    await assert.rejects(reading, /has disconnected/, name)
    await until(`${name} has ended`, async () => (await running()) === 0)
    assert.deepEqual(database.counts().heavy, { running: 0, waiting: 0 })
    assert.equal((await database.read.one(sleepRow, own)).pid, pid, name)
    const { transaction_isolation } = await database.transaction((tx) =>
      tx.one(isolation, sql`show transaction_isolation`),
    )
    assert.equal(transaction_isolation, 'read committed', name)
  }
})

test('no statement is sent for a caller that disconnected between two statements', async () => {
  const database = open(1)
  const leaving = new AbortController()
  const sent: number[] = []
  const reading = database.heavy({ caller: 'a', signal: leaving.signal }, async (db) => {
    sent.push((await db.read.one(sleepRow, own)).pid)
    leaving.abort()
    sent.push((await db.read.one(sleepRow, own)).pid)
  })
  await assert.rejects(reading, /has disconnected/)
  assert.equal(sent.length, 1)
})

test('heavy reads use only a part of the connections, and other work continues', async () => {
  const [database, looking] = [open(5), open(1)]
  const { statement, running } = endless(looking, 'held')
  const leaving = new AbortController()
  const { signal } = leaving
  const held = ['a', 'a', 'b', 'b', 'c'].map((caller) =>
    database.heavy({ caller, signal }, (db) => db.read.many(sleepRow, statement)),
  )
  for (const each of held) each.catch(() => {})
  await until('they run', async () => (await running()) === 2)
  // Each caller has one read that runs.
  assert.deepEqual(database.counts().heavy, { running: 2, waiting: 3 })
  for (let round = 0; round < 3; round += 1) {
    const others = Array.from({ length: 30 }, () => database.read.one(sleepRow, own))
    assert.equal((await Promise.all(others)).length, 30)
    await database.transaction((tx) => tx.one(sleepRow, own))
  }
  assert.deepEqual(database.counts().heavy, { running: 2, waiting: 3 })
  leaving.abort()
  for (const each of held) await assert.rejects(each, /has disconnected/)
})

test('all statements of a heavy read use one connection, and its snapshots run one after the other', async () => {
  const database = open(5)
  const pids = await database.heavy({ caller: 'a', signal: NEVER }, (db) =>
    Promise.all([
      db.snapshot((reader) => reader.one(sleepRow, own)),
      db.read.one(sleepRow, own),
      db.snapshot((reader) => reader.one(sleepRow, own)),
      db.heavy({ caller: 'a', signal: NEVER }, (inner) => inner.read.one(sleepRow, own)),
    ]),
  )
  assert.equal(new Set(pids.map(({ pid }) => pid)).size, 1)
  await assert.rejects(
    database.heavy({ caller: 'a', signal: NEVER }, (db) =>
      db.read.many(sleepRow, sql`select 1 / 0 as pid`),
    ),
    /division by zero/,
  )
  assert.deepEqual(database.counts().heavy, { running: 0, waiting: 0 })
})
