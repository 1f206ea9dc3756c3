import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { testConnection } from '../../test/support/connection.ts'
import { openDatabase } from './database.ts'
import { row } from './decode.ts'
import { column } from './index.ts'
import { sql } from './sql.ts'
import type { Database } from './types.ts'
import { within } from './within.ts'

const database = openDatabase({ connection: testConnection(), poolSize: 4, onIdleError: () => {} })
const schema = `scratch_within_${process.pid}`
await database.withClient(async (client) => {
  await client.query(`create schema ${schema}`)
  await client.query(`create table ${schema}.numbers (n integer primary key)`)
})
after(async () => {
  await database.withClient((client) => client.query(`drop schema ${schema} cascade`))
  await database.close()
})
beforeEach(() => database.withClient((client) => client.query(`delete from ${schema}.numbers`)))

const numberRow = row({ n: column.integer })
/** The name contains the pid, so that test processes do not share the table. */
const scratch = { text: [`${schema}.numbers`], values: [] }

const put = (db: Database, n: number) =>
  db.transaction((tx) => tx.execute(sql`insert into ${scratch} values (${n}::integer)`))
const found = async (db: Database) =>
  (await db.read.many(numberRow, sql`select n from ${scratch} order by n`)).map(({ n }) => n)

test('parts see each other at once and become durable with the outer transaction', async () => {
  await database.transaction(async (tx) => {
    const inner = within(tx)
    await put(inner, 1)
    await put(inner, 2)
    assert.deepEqual(await found(inner), [1, 2])
    assert.deepEqual(await found(database), [])
  })
  assert.deepEqual(await found(database), [1, 2])
})

test('a part whose work throws is rolled back alone, whatever the reason', async () => {
  await database.transaction(async (tx) => {
    const inner = within(tx)
    await put(inner, 1)
    const refused = inner.transaction(async (part) => {
      await part.execute(sql`insert into ${scratch} values (2)`)
      throw new Error('on purpose')
    })
    await assert.rejects(refused, /on purpose/)
    await assert.rejects(put(inner, 1), { code: '23505' })
    const unseen = inner.transaction(async (part) => {
      await part.execute(sql`insert into ${scratch} values (1)`).catch(() => {})
    })
    await assert.rejects(unseen, { code: '25P02' })
    await put(inner, 3)
  })
  assert.deepEqual(await found(database), [1, 3])
})

test('an outer transaction that throws rolls back its parts', async () => {
  const whole = database.transaction(async (tx) => {
    await put(within(tx), 1)
    throw new Error('on purpose')
  })
  await assert.rejects(whole, /on purpose/)
  assert.deepEqual(await found(database), [])
})

test('a statement after the end of its part is refused', async () => {
  await database.transaction(async (tx) => {
    let late: (() => Promise<number>) | undefined
    await within(tx).transaction(async (part) => {
      late = () => part.execute(sql`insert into ${scratch} values (1)`)
    })
    await assert.rejects(async () => late?.(), /has ended/)
  })
  assert.deepEqual(await found(database), [])
})

test('two parts at once and a connection beside the transaction are defects', async () => {
  await database.transaction(async (tx) => {
    const inner = within(tx)
    const both = await Promise.allSettled([put(inner, 1), put(inner, 2)])
    assert.deepEqual(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    await assert.rejects(
      inner.withClient(async () => {}),
      /connection/,
    )
  })
})
