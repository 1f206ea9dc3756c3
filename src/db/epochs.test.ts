import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { testConnection } from '../../test/support/connection.ts'
import { newDatabase, query } from '../../test/support/databases.ts'
import { until } from '../../test/support/deadline.ts'
import { ApiError } from '../kernel/errors.ts'
import { type Connection, openDatabase } from './database.ts'
import { row } from './decode.ts'
import { createEpochs, perEpoch } from './epochs.ts'
import { column } from './index.ts'
import { listen } from './listen.ts'
import { sql } from './sql.ts'

const pidRow = row({ pid: column.integer })
const ownPid = sql`select pg_backend_pid() as pid`

function open(t: TestContext, connection: Connection) {
  const database = openDatabase({ connection, poolSize: 4, onIdleError: () => {} })
  t.after(() => database.close())
  return database
}

test('an epoch begins whenever sessions lead to another database', () => {
  const epochs = createEpochs()
  const first = epochs.current()
  let begun = 0
  const stop = epochs.onNew(() => {
    begun += 1
  })
  for (const database of ['a', 'a']) epochs.observe(database)
  assert.equal(epochs.current(), first)
  const seen = new Set([first])
  for (const database of ['b', 'a']) {
    epochs.observe(database)
    seen.add(epochs.current())
  }
  stop()
  epochs.observe('c')
  assert.deepEqual([seen.size, begun], [3, 2])
})

test('a value of an earlier epoch is not found in a later one, even if it is added late', () => {
  const epochs = createEpochs()
  const memoryOf = perEpoch(() => new Map<string, string>())
  epochs.observe('former')
  const before = memoryOf({ epochs })
  before.set('acme', 'key')
  assert.equal(memoryOf({ epochs }).get('acme'), 'key')
  epochs.observe('present')
  before.set('globex', 'key')
  assert.equal(memoryOf({ epochs }).size, 0)
})

test('sessions of an earlier database are not used again', async (t) => {
  const database = open(t, testConnection())
  const pids = async () => {
    const asked = Array.from({ length: 4 }, () =>
      database.transaction(async (tx) => {
        await tx.execute(sql`select pg_sleep(0.01)`)
        return (await tx.one(pidRow, ownPid)).pid
      }),
    )
    return Promise.all(asked)
  }
  const before = new Set(await pids())
  database.epochs.observe('another')
  const after = await pids()
  assert.deepEqual(
    after.filter((pid) => before.has(pid)),
    [],
  )
})

test('a transaction that began on an earlier database is not committed and is a 503', async (t) => {
  const connection = await newDatabase(t)
  await query(connection, 'create table numbers (n integer)')
  const database = open(t, connection)
  const work = database.transaction(async (tx) => {
    await tx.execute(sql`insert into numbers values (1)`)
    database.epochs.observe('another')
  })
  await assert.rejects(
    work,
    (error) =>
      error instanceof ApiError && error.status === 503 && /nothing was/.test(error.message),
  )
  assert.deepEqual(await query(connection, 'select n from numbers'), [])
  await database.transaction((tx) => tx.execute(sql`insert into numbers values (2)`))
  assert.deepEqual(await query(connection, 'select n from numbers'), [{ n: '2' }])
})

test('a statement on an earlier database counts only if the present one has its row', async (t) => {
  const connection = await newDatabase(t)
  await query(connection, 'create table numbers (n integer)')
  for (const isFound of [true, false]) {
    const database = open(t, connection)
    await database.look()
    const looked: boolean[] = []
    const isDurable = async () => {
      looked.push(isFound)
      return isFound
    }
    const statement = sql`with late as materialized (select pg_sleep(0.5))
      insert into numbers select 1 from late`
    const writing = database.write(statement, { isDurable })
    await until('the statement runs', async () => {
      const running = `select from pg_stat_activity where state = 'active'
        and datname = current_database() and query like 'with late%'`
      return (await query(connection, running)).length === 1
    })
    database.epochs.observe('another')
    await writing
    assert.deepEqual(looked, [isFound])
  }
  // Once by the first database, twice by the second, because there it was not found.
  assert.equal((await query(connection, 'select n from numbers')).length, 3)
})

test('a database that takes over the name of another one begins an epoch', async (t) => {
  const [former, present] = [await newDatabase(t), await newDatabase(t)]
  const nameOf = async (of: Connection) =>
    (await query(of, 'select current_database() as name'))[0]?.name ?? ''
  const [name, other] = [await nameOf(former), await nameOf(present)]
  const database = open(t, former)
  await database.look()
  const epoch = database.epochs.current()
  await database.look()
  assert.equal(database.epochs.current(), epoch)
  await query(
    testConnection(),
    `alter database ${name} with allow_connections false;
     select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
  )
  await until('all sessions have ended', async () => {
    const sessions = `select from pg_stat_activity where datname = '${name}'`
    return (await query(testConnection(), sessions)).length === 0
  })
  await query(testConnection(), `alter database ${name} rename to ${name}_lost`)
  await query(testConnection(), `alter database ${other} rename to ${name}`)
  await until('an answer', () =>
    database.look().then(
      () => true,
      () => false,
    ),
  )
  assert.notEqual(database.epochs.current(), epoch)
  await query(testConnection(), `alter database ${name}_lost rename to ${other}`)
})

test('a listener reconnects when an epoch begins', async (t) => {
  const epochs = createEpochs()
  const states: boolean[] = []
  const listener = listen({ connection: testConnection(), epochs }, 'epochs', {
    notification: () => {},
    state: (listening) => states.push(listening),
  })
  t.after(() => listener.stop())
  await until('news are heard', () => states.length === 1)
  epochs.observe('another')
  assert.deepEqual(states, [true, false])
  await until('news are heard again', () => states.length === 3)
  assert.deepEqual(states, [true, false, true])
})
