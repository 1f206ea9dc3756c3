import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Aggregation, DimensionValue } from '../../catalog/features/index.ts'
import { ApiError } from '../../kernel/errors.ts'
import { inBody } from '../../kernel/field.ts'
import { quantityFromSql, wholeUnits } from '../../kernel/quantity.ts'
import { aggregateOf, measureEvent } from './measure-event.ts'

const feature = (key: string, aggregation: Aggregation, eventName?: string) => ({
  key,
  meter: {
    aggregation,
    filters:
      eventName === undefined
        ? []
        : [
            {
              conditions: [{ field: 'event_name', operation: 'EQUALS' as const, value: eventName }],
            },
          ],
  },
})
const SUM: Aggregation = { function: 'SUM', field: 'n' }

const measure = (aggregation: Aggregation, dimensions: Record<string, DimensionValue>) =>
  measureEvent([feature('f', aggregation)], { name: 'e', dimensions }, inBody('events', 0)).map(
    ({ amount, mark }) => [amount, mark],
  )

test('an event counts for every feature whose meter it matches, and for no other', () => {
  const features = [
    feature('calls', { function: 'COUNT' }, 'call'),
    feature('all', { function: 'COUNT' }),
    feature('tokens', { function: 'SUM', field: 'tokens' }, 'call'),
    feature('users', { function: 'UNIQUE', field: 'user' }, 'call'),
    feature('other', { function: 'COUNT' }, 'other'),
  ]
  const event = { name: 'call', dimensions: { tokens: 12.5, user: 'ann' } }
  const measured = measureEvent(features, event, inBody('events', 0)).map(
    ({ feature: _, ...each }) => each,
  )
  assert.deepEqual(measured, [
    { featureKey: 'calls', amount: wholeUnits(1), mark: null },
    { featureKey: 'all', amount: wholeUnits(1), mark: null },
    { featureKey: 'tokens', amount: wholeUnits(25) / 2n, mark: null },
    { featureKey: 'users', amount: wholeUnits(1), mark: 'ann' },
  ])
})

const NUMBERS: [DimensionValue, string | null][] = [
  [5, '5'],
  [-3, '-3'],
  [0, '0'],
  ['7.25', '7.25'],
  ['1e2', '100'],
  [0.1 + 0.2, '0.3'],
  [1e-7, '0.0000001'],
  [0.000_000_000_05, '0'],
  [-0.000_000_000_05, '0'],
  [0.000_000_000_15, '0.0000000002'],
  [-0.000_000_000_15, '-0.0000000002'],
  [0.000_000_000_051, '0.0000000001'],
  [0.000_000_000_049, '0'],
  [5e-324, '0'],
  [2 ** 53 - 1, '9007199254740991'],
  [1_234_567.123_456_789, '1234567.123456789'],
  [true, null],
  ['', null],
  ['12 apples', null],
  [' 5', null],
  ['0x10', null],
]
for (const [value, expected] of NUMBERS)
  test(`a meter of numbers reads ${JSON.stringify(value)} as ${expected ?? 'none'}`, () => {
    const measured = expected === null ? [] : [[quantityFromSql(expected), null]]
    assert.deepEqual(measure(SUM, { n: value }), measured)
  })

test('a number is rounded to the nearest quantity', () => {
  const number = fc.double({ min: -(2 ** 53 - 1), max: 2 ** 53 - 1, noNaN: true })
  fc.assert(
    fc.property(number, (n) => {
      const [[amount] = []] = measure(SUM, { n })
      // A double has at most 17 digits, so beyond 10^6 it has no more than 10 exact decimals.
      assert.ok(Math.abs(Number(amount) / 1e10 - n) <= Math.max(Math.abs(n) * 1e-15, 5.1e-11))
    }),
  )
})

for (const value of [2 ** 53, -(2 ** 53), 1e300, '1e400'])
  test(`the number ${value} is out of range and refused`, () => {
    assert.throws(
      () => measure(SUM, { n: value }),
      (error: unknown) =>
        error instanceof ApiError &&
        error.code === 'EntitlementUsageOutOfRangeError' &&
        /events\[0\]\.dimensions\.n/.test(error.message),
    )
  })

test('an event without the field of a meter counts only for COUNT', () => {
  assert.deepEqual(measure({ function: 'COUNT' }, {}), [[wholeUnits(1), null]])
  for (const name of ['SUM', 'MAX', 'MIN', 'AVG', 'UNIQUE'] as const)
    assert.deepEqual(measure({ function: name, field: 'n' }, { N: 1 }), [])
})

test('distinct values are distinguished by their text', () => {
  const marks = [1, '1', 1.5, true, 'true', '', 'event'].map(
    (n) => measure({ ...SUM, function: 'UNIQUE' }, { n })[0]?.[1],
  )
  assert.deepEqual(marks, ['1', '1', '1.5', 'true', 'true', '', 'event'])
})

test('a count is a sum of ones, and so is reported usage', () => {
  assert.equal(aggregateOf(null), 'SUM')
  assert.equal(aggregateOf({ aggregation: { function: 'COUNT' } }), 'SUM')
  for (const name of ['SUM', 'MAX', 'MIN', 'AVG', 'UNIQUE'] as const)
    assert.equal(aggregateOf({ aggregation: { function: name, field: 'n' } }), name)
})
