import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nothing, rendered, type Sql, sql } from './sql.ts'

const told = (statement: Sql) => {
  const { text, values } = rendered(statement)
  return [text, values]
}

test('values become numbered parameters in order', () => {
  assert.deepEqual(told(sql`select ${1}::int, ${'a'}::text`), [
    'select $1::int, $2::text',
    [1, 'a'],
  ])
})

test('statements are inserted into others, with their parameters renumbered', () => {
  const filter = sql`and name = ${'n'} and size > ${2}`
  assert.deepEqual(told(sql`select ${1} ${filter} limit ${3} ${nothing}`), [
    'select $1 and name = $2 and size > $3 limit $4 ',
    [1, 'n', 2, 3],
  ])
})

test('hostile text is sent as a parameter', () => {
  const hostile = "'; drop table x; --"
  assert.deepEqual(told(sql`select ${hostile}`), ['select $1', [hostile]])
})

/** One template literal whose parts have different texts. */
const placed = (...parts: (Sql | number)[]) => sql`<${parts[0] ?? nothing}|${parts[1] ?? nothing}>`
const inner = (value: number) => sql`(${value})`

test('statements with different parts in one place are told apart, and keep their names', () => {
  const rows: [Sql, string, number[]][] = [
    [placed(1, 2), '<$1|$2>', [1, 2]],
    [placed(inner(1), 2), '<($1)|$2>', [1, 2]],
    [placed(1, inner(2)), '<$1|($2)>', [1, 2]],
    [placed(inner(1), inner(2)), '<($1)|($2)>', [1, 2]],
    [placed(placed(1, 2), 3), '<<$1|$2>|$3>', [1, 2, 3]],
    [placed(1, placed(2, 3)), '<$1|<$2|$3>>', [1, 2, 3]],
    [placed(placed(1), 2), '<<$1|>|$2>', [1, 2]],
    [placed(), '<|>', []],
  ]
  const names = rows.map(([statement, text, values]) => {
    assert.deepEqual(told(statement), [text, values])
    return rendered(statement).name
  })
  assert.equal(new Set(names).size, rows.length)
  assert.deepEqual(
    rows.map(([statement]) => rendered(statement).name),
    names,
  )
  assert.equal(rendered(placed(8, 9)).name, names[0])
})

test('statements with the same text have the same name', () => {
  assert.equal(rendered(sql`select ${1}`).name, rendered(sql`select ${inline(1)}`).name)
})
const inline = (value: number): Sql => sql`${value}`
