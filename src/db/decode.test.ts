import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { column, row } from './index.ts'

const pair = row({ first: column.integer, secondOne: column.nullable(column.integer) })

test('a field is decoded from the column with its name in snake case, unless it names another', () => {
  const decode = row({
    customerKey: column.uuid,
    isKeptAsIs: column.boolean,
    key: column.from('some_key', column.uuid),
    pair: column.group(pair),
  })
  const raw = { customer_key: 'c', is_kept_as_is: 't', some_key: 'k', first: '1', second_one: null }
  assert.deepEqual(decode(raw), {
    customerKey: 'c',
    isKeptAsIs: true,
    key: 'k',
    pair: { first: 1, secondOne: null },
  })
})

test('an optional object is null exactly where its column is', () => {
  const decode = row({ pair: column.optional('first', pair) })
  assert.deepEqual(decode({ first: null, second_one: '2' }), { pair: null })
  assert.deepEqual(decode({ first: '1', second_one: '2' }), { pair: { first: 1, secondOne: 2 } })
})

test('a column that the statement does not select fails, however a field names it', () => {
  const fields = {
    ofItsName: row({ someKey: column.nullable(column.uuid) }),
    ofAnotherName: row({ key: column.from('some_key', column.nullable(column.uuid)) }),
    inGroup: row({ of: column.group(row({ someKey: column.nullable(column.uuid) })) }),
    optional: row({ of: column.optional('some_key', row({ id: column.text })) }),
  }
  for (const [name, decode] of Object.entries(fields))
    assert.throws(() => decode({ id: '' }), /the statement selects no column some_key/, name)
})

test('an instant is decoded to the millisecond, in every year that the database shows', () => {
  const last = Date.parse('9999-12-31T23:59:59.999Z')
  const dates = fc.integer({ min: Date.parse('0001-01-01T00:00:00Z'), max: last })
  fc.assert(
    fc.property(
      fc.oneof(
        dates,
        fc.integer({ min: 0, max: 4e9 }).map((s) => s * 1000),
      ),
      (at) => {
        const shown = new Date(Math.min(at, last)).toISOString().replace('T', ' ')
        const text = `${shown.replace(/\.?0*Z$/, '')}+00`
        assert.equal(column.instant(text), Math.min(at, last), text)
      },
    ),
  )
  assert.equal(column.instant('2026-11-29 15:04:05.678912+00') % 1000, 678)
  for (const text of ['', '2026-11-29', '2026-11-29 15:04:05+02', '0044-03-15 00:00:00+00 BC'])
    assert.throws(() => column.instant(text), /not an instant/, text)
})
