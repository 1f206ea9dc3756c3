import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nothing, numbered, sql } from './sql.ts'

test('values become numbered parameters in order', () => {
  const statement = sql`select ${1}::int, ${'a'}::text`
  assert.equal(numbered(statement), 'select $1::int, $2::text')
  assert.deepEqual(statement.values, [1, 'a'])
})

test('statements are spliced in, with their parameters renumbered', () => {
  const filter = sql`and name = ${'n'} and size > ${2}`
  const statement = sql`select ${1} ${filter} limit ${3} ${nothing}`
  assert.equal(numbered(statement), 'select $1 and name = $2 and size > $3 limit $4 ')
  assert.deepEqual(statement.values, [1, 'n', 2, 3])
})

test('hostile text stays a parameter', () => {
  const statement = sql`select ${"'; drop table x; --"}`
  assert.equal(numbered(statement), 'select $1')
})
