import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { testConnection } from '../../test/support/connection.ts'
import { instantToWire } from '../kernel/clock.ts'
import { quantityToSql } from '../kernel/quantity.ts'
import { arrayOfArrays, arrayOfJson, bareArray } from './bare-array.ts'
import { openDatabase } from './database.ts'
import { row } from './decode.ts'
import { column } from './index.ts'
import { sql } from './sql.ts'

const database = openDatabase({ connection: testConnection(), poolSize: 1, onIdleError: () => {} })
after(() => database.close())

const arrayRow = row({ elements: column.json<(string | null)[]>() })

const read = (parameter: string) =>
  database.read.one(arrayRow, sql`select to_json(${parameter}::text[]) as elements`)

const uuid = fc.uuid()
const instant = fc.integer({ min: 0, max: 4e12 }).map(instantToWire)
const quantity = fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(quantityToSql)
const elements = fc.array(fc.option(fc.oneof(uuid, instant, quantity)), { maxLength: 5 })

test('keys, instants and numbers arrive as they are, and so does what is missing', async () => {
  await fc.assert(
    fc.asyncProperty(elements, async (sent) => {
      assert.deepEqual((await read(bareArray(sent))).elements, sent)
    }),
  )
})

test('arrays of them arrive one by one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(elements), { maxLength: 4 }), async (sent) => {
      const texts = sent.map((each) => each && bareArray(each))
      assert.deepEqual((await read(arrayOfArrays(texts))).elements, texts)
      for (const [index, text] of texts.entries())
        if (text !== null) assert.deepEqual((await read(text)).elements, sent[index])
    }),
  )
})

test('JSON arrives as it is, whatever it holds', async () => {
  const json = fc
    .jsonValue({ noUnicodeString: false })
    .map((value) => JSON.stringify(value))
    .filter((text) => !/\\ud[89a-f]/i.test(text))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(json), { maxLength: 5 }), async (sent) => {
      assert.deepEqual((await read(arrayOfJson(sent))).elements, sent)
    }),
  )
})
