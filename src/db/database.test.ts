import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, test } from 'node:test'
import { testConnection } from '../../test/support/connection.ts'
import { ApiError } from '../kernel/errors.ts'
import { openDatabase } from './database.ts'
import { row } from './decode.ts'
import { column } from './index.ts'
import { sql } from './sql.ts'
import type { Reader } from './types.ts'

const database = openDatabase({ connection: testConnection(), poolSize: 4, onIdleError: () => {} })
const schema = `scratch_${process.pid}`
const table = `${schema}.numbers`
await database.withClient(async (client) => {
  await client.query(`create schema ${schema}`)
  await client.query(`create table ${table} (id integer primary key, n integer not null)`)
})
after(async () => {
  await database.withClient((client) => client.query(`drop schema ${schema} cascade`))
  await database.close()
})

const numberRow = row({ n: column.integer })
/** The name contains the pid, so that test processes do not share the table. */
const scratch = { text: [table], values: [] }

test('a transaction whose work throws leaves nothing behind', async () => {
  const work = database.transaction(async (tx) => {
    await tx.execute(sql`insert into ${scratch} values (1, 1)`)
    throw new Error('on purpose')
  })
  await assert.rejects(work, /on purpose/)
  assert.deepEqual(await database.read.many(numberRow, sql`select n from ${scratch}`), [])
})

test('a transaction with an ignored failure does not succeed', async () => {
  const work = database.transaction(async (tx) => {
    await tx.execute(sql`insert into ${scratch} values (2, 1)`)
    await tx.execute(sql`insert into ${scratch} values (2, 2)`).catch(() => {})
    return 'done'
  })
  await assert.rejects(work, /failed transaction/)
  const found = await database.read.many(numberRow, sql`select n from ${scratch} where id = 2`)
  assert.deepEqual(found, [])
})

test('a statement in a transaction that has ended is refused', async () => {
  let leaked: (() => Promise<number>) | undefined
  await database.transaction(async (tx) => {
    leaked = () => tx.execute(sql`insert into ${scratch} values (3, 1)`)
  })
  await assert.rejects(async () => leaked?.(), /has ended/)
})

test('a conflict that persists is a 503 and not a 500', async () => {
  const conflict = sql`do $$ begin raise exception using errcode = '40001'; end $$`
  await assert.rejects(
    database.transaction((tx) => tx.execute(conflict)),
    (error) => error instanceof ApiError && error.status === 503 && /busy/.test(error.message),
  )
})

test('two transactions that deadlock both succeed in the end', async () => {
  await database.withClient((client) =>
    client.query(`insert into ${table} values (10, 0), (11, 0)`),
  )
  let waiting = 2
  const release: (() => void)[] = []
  const bothHoldOne = async () => {
    waiting -= 1
    if (waiting === 0) for (const go of release.splice(0)) go()
    else if (waiting > 0) await new Promise<void>((resolve) => release.push(resolve))
  }
  const bump = (first: number, second: number) =>
    database.transaction(async (tx) => {
      await tx.execute(sql`update ${scratch} set n = n + 1 where id = ${first}::integer`)
      await bothHoldOne()
      await tx.execute(sql`update ${scratch} set n = n + 1 where id = ${second}::integer`)
    })
  await Promise.all([bump(10, 11), bump(11, 10)])
  const found = await database.read.many(
    numberRow,
    sql`select n from ${scratch} where id in (10, 11)`,
  )
  assert.deepEqual(found, [{ n: 2 }, { n: 2 }])
})

test('a snapshot sees one instant, despite concurrent writes, and cannot write', async () => {
  const add = (n: number) =>
    database.transaction((tx) => tx.execute(sql`insert into ${scratch} values (${n}::integer, 7)`))
  const seen = (reader: Reader) =>
    reader.many(numberRow, sql`select id as n from ${scratch} where n = 7`)
  await add(20)
  await database.snapshot(async (reader) => {
    assert.deepEqual(await seen(reader), [{ n: 20 }])
    await add(21)
    assert.deepEqual(await seen(reader), [{ n: 20 }])
  })
  assert.deepEqual(await seen(database.read), [{ n: 20 }, { n: 21 }])
  const writing = sql`delete from ${scratch} returning n`
  await assert.rejects(
    database.snapshot((reader) => reader.many(numberRow, writing)),
    { status: 503 },
  )
  assert.equal((await seen(database.read)).length, 2)
})

test('an unreachable database is a 503 with Retry-After', async () => {
  const nowhere = openDatabase({
    connection: { host: '/nowhere', port: 1, user: 'x', database: 'x' },
    poolSize: 1,
    onIdleError: () => {},
  })
  for (const work of [
    () => nowhere.read.many(numberRow, sql`select 1 as n`),
    () => nowhere.transaction((tx) => tx.execute(sql`select 1`)),
  ])
    await assert.rejects(
      work,
      (error) =>
        error instanceof ApiError && error.status === 503 && error.headers['retry-after'] === '1',
    )
  await nowhere.close()
})

test('a connection that the server ends is a 503, and the next statement works again', async () => {
  const work = database.transaction(async (tx) => {
    const { n } = await tx.one(numberRow, sql`select pg_backend_pid() as n`)
    await database.withClient((client) => client.query(`select pg_terminate_backend(${n})`))
    await tx.execute(sql`select 1`)
  })
  await assert.rejects(work, (error) => error instanceof ApiError && error.status === 503)
  assert.deepEqual(await database.read.one(numberRow, sql`select 1 as n`), { n: 1 })
})

/** A message of the PostgreSQL protocol. */
function message(kind: string, body: string): Buffer {
  const head = Buffer.alloc(5, kind)
  head.writeInt32BE(4 + body.length, 1)
  return Buffer.concat([head, Buffer.from(body, 'latin1')])
}

test('a connection that ends right after its greeting is a 503', async () => {
  const greeting = [message('R', '\0\0\0\0'), message('Z', 'I')]
  const end = message('E', 'SFATAL\0C57P01\0Mthe postmaster has gone\0\0')
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(Buffer.concat([...greeting, end])))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dying = openDatabase({
    connection: { host: '127.0.0.1', port, user: 'x', database: 'x' },
    poolSize: 1,
    onIdleError: () => {},
  })
  const work = dying.read.many(numberRow, sql`select 1 as n`)
  await assert.rejects(work, (error) => error instanceof ApiError && error.status === 503)
  await dying.close()
  server.close()
})
