import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { testConnection } from '../../test/support/connection.ts'
import { LIFETIME } from '../kernel/period.ts'
import { openDatabase } from './database.ts'
import { column, row } from './index.ts'
import { columnsOf, numberedRows, type RowColumns, rows, rowsOfAnyNumber } from './rows.ts'
import { rendered, sql } from './sql.ts'

const database = openDatabase({ connection: testConnection(), poolSize: 1, onIdleError: () => {} })
after(() => database.close())

const uuid = fc.uuid()
const text = fc.string({ unit: 'binary' }).filter((each) => !each.includes('\0'))
const integer = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const quantity = fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n })
const instant = fc.integer({ min: 0, max: 4e12 })
const json = fc
  .jsonValue({ noUnicodeString: false })
  .map((value) => JSON.stringify(value))
  .filter((each) => !/\\u0000|\\ud[89a-f]/i.test(each))

const none = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary)
const list = <T>(arbitrary: fc.Arbitrary<T>) => none(fc.array(arbitrary, { maxLength: 4 }))

const item = fc.record({
  uuid: none(uuid),
  text: none(text),
  integer: none(integer),
  bigint: none(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  boolean: none(fc.boolean()),
  numeric: none(quantity),
  timestamptz: none(instant),
  bound: fc.constantFrom(LIFETIME.start, LIFETIME.end),
  jsonb: none(json),
  uuids: list(uuid),
  integers: list(integer),
  numerics: list(quantity),
  instants: list(instant),
  texts: list(none(text)),
})
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never

const columns: RowColumns<Item> = {
  uuid: ['uuid', (each) => each.uuid],
  text: ['text', (each) => each.text],
  integer: ['integer', (each) => each.integer],
  bigint: ['bigint', (each) => each.bigint],
  boolean: ['boolean', (each) => each.boolean],
  numeric: ['numeric', (each) => each.numeric],
  timestamptz: ['timestamptz', (each) => each.timestamptz],
  bound: ['timestamptz', (each) => each.bound],
  jsonb: ['jsonb', (each) => each.jsonb],
  uuids: ['uuid[]', (each) => each.uuids],
  integers: ['integer[]', (each) => each.integers],
  numerics: ['numeric[]', (each) => each.numerics],
  instants: ['timestamptz[]', (each) => each.instants],
  texts: ['text[]', (each) => each.texts],
}

const itemRow = row<Item>({
  uuid: column.nullable(column.uuid),
  text: column.nullable(column.text),
  integer: column.nullable(column.integer),
  bigint: column.nullable(column.bigint),
  boolean: column.nullable(column.boolean),
  numeric: column.nullable(column.quantity),
  timestamptz: column.nullable(column.instant),
  bound: column.bound,
  jsonb: column.nullable(column.text),
  uuids: column.nullable(column.json<string[]>()),
  integers: column.nullable(column.json<number[]>()),
  numerics: (raw) => raw && JSON.parse(raw).map((each: string) => column.quantity(each)),
  instants: column.nullable(column.json<number[]>()),
  texts: column.nullable(column.json<(string | null)[]>()),
})

const types = (of: Item) => ({ ...of, jsonb: of.jsonb && JSON.parse(of.jsonb) })

for (const [name, relation] of Object.entries({ rows, rowsOfAnyNumber, numberedRows }))
  test(`${name}: values of every type arrive unchanged`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 4 }), async (items) => {
        const found = await database.read.many(
          itemRow,
          sql`
          select uuid, text, integer, bigint, boolean, numeric, timestamptz, bound, jsonb,
            to_json(uuids) as uuids, to_json(integers) as integers,
            to_json(numerics::text[]) as numerics, to_json(texts) as texts,
            case when instants is not null then to_json(array(
              select (extract(epoch from at) * 1000)::bigint
              from unnest(instants) with ordinality as of (at, position) order by position
            )) end as instants
          from ${relation(items, columns)} as item`,
        )
        assert.deepEqual(found.map(types), items.map(types))
      }),
      { numRuns: 50 },
    )
  })

const id: RowColumns<string> = { id: ['text', (each) => each] }
const positionRow = row({ id: column.text, position: column.integer })

test('numbered rows count from one', async () => {
  const found = await database.read.many(
    positionRow,
    sql`select id, position from ${numberedRows(['b', 'a', 'b'], id)} as item order by position`,
  )
  assert.deepEqual(found, [
    { id: 'b', position: 1 },
    { id: 'a', position: 2 },
    { id: 'b', position: 3 },
  ])
})

test('columns of fields have the names of the fields in SQL', async () => {
  const columns = columnsOf<{ customerKey: string; usageLimit: bigint | null }>({
    customerKey: 'text',
    usageLimit: 'numeric',
  })
  const items = [
    { customerKey: 'a', usageLimit: 1n },
    { customerKey: 'b', usageLimit: null },
  ]
  const decoded = row({ customerKey: column.text, usageLimit: column.nullable(column.quantity) })
  const found = await database.read.many(
    decoded,
    sql`select * from ${rows(items, columns)} as item`,
  )
  assert.deepEqual(found, items)
})

test('the name of a statement depends on its columns and not on its rows', () => {
  const nameOf = (items: string[], columns: RowColumns<string>) =>
    rendered(sql`select * from ${rows(items, columns)} as item`).name
  const first = nameOf(['a'], id)
  assert.equal(nameOf([], { id: ['text', () => 'another function'] }), first)
  const others = [
    nameOf(['a'], { name: ['text', (each) => each] }),
    nameOf(['a'], { id: ['uuid', (each) => each] }),
    nameOf(['a'], { ...id, name: ['text', (each) => each] }),
    rendered(sql`select * from ${rowsOfAnyNumber(['a'], id)} as item`).name,
    rendered(sql`select * from ${numberedRows(['a'], id)} as item`).name,
  ]
  assert.equal(new Set([first, ...others]).size, 6)
})
