import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { testConnection } from '../../test/support/connection.ts'
import { openDatabase } from './database.ts'
import { row } from './decode.ts'
import { column } from './index.ts'
import { sql } from './sql.ts'

function open(t: TestContext) {
  const database = openDatabase({
    connection: testConnection(),
    poolSize: 2,
    onIdleError: () => {},
  })
  t.after(() => database.close())
  return database
}

const pairRow = row({ name: column.text, value: column.nullable(column.text) })

test('rows arrive by the names of their columns, each time that a statement is sent', async (t) => {
  const { read } = open(t)
  const pairs = (value: string | null) =>
    read.many(
      pairRow,
      sql`select name, ${value}::text as value from unnest(array['a', 'b']) as name`,
    )
  for (const value of ['x', null, '', 'ü'])
    assert.deepEqual(await pairs(value), [
      { name: 'a', value },
      { name: 'b', value },
    ])
})

test('a statement returns how many rows it changed', async (t) => {
  await open(t).transaction(async (tx) => {
    assert.equal(await tx.execute(sql`create temp table counted (n integer) on commit drop`), 0)
    assert.equal(await tx.execute(sql`insert into counted select generate_series(1, 12)`), 12)
    assert.equal(await tx.execute(sql`update counted set n = n where n > ${3}::integer`), 9)
    assert.equal(await tx.execute(sql`delete from counted where n > ${12}::integer`), 0)
    assert.equal(await tx.execute(sql`select n from counted`), 12)
  })
})

test('the error of a statement names the code that has sent it', async (t) => {
  const { read } = open(t)
  async function askWrongly() {
    await read.many(pairRow, sql`select 1 / 0 as name`)
  }
  await assert.rejects(askWrongly, ({ message, stack = '' }: Error) => {
    assert.match(message, /division by zero/)
    assert.match(stack, /askWrongly/)
    return true
  })
})
