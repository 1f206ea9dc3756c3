import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DimensionValue, type MeterEvent, matches } from './match-meter.ts'
import type { Condition, MeterFilter } from './types.ts'

const eventOf = (dimensions: MeterEvent['dimensions'], name = 'call'): MeterEvent => ({
  name,
  dimensions,
})
const meterOf = (...filters: Condition[][]) => ({
  filters: filters.map((conditions): MeterFilter => ({ conditions })),
})

type ComparisonOperation = Extract<Condition, { value: string }>['operation']
const compared = (operation: ComparisonOperation, value: string, field = 'd'): Condition => ({
  field,
  operation,
  value,
})

/** The comparisons that are true of a dimension with the same value. */
const SAME: ComparisonOperation[] = [
  'EQUALS',
  'GREATER_THAN_OR_EQUAL',
  'LESS_THAN_OR_EQUAL',
  'CONTAINS',
  'STARTS_WITH',
  'ENDS_WITH',
]

/** A dimension, a value, and the comparisons that are true. All others are false. */
const rows: [actual: DimensionValue, value: string, holds: ComparisonOperation[]][] = [
  ['eu', 'eu', SAME],
  ['eu', 'EU', ['NOT_EQUALS', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL']],
  [
    'eu-west',
    'eu',
    ['NOT_EQUALS', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL', 'CONTAINS', 'STARTS_WITH'],
  ],
  ['eu-west', 'west', ['NOT_EQUALS', 'LESS_THAN', 'LESS_THAN_OR_EQUAL', 'CONTAINS', 'ENDS_WITH']],
  // Two numbers are ordered as numbers, even if they are texts.
  [10, '9', ['NOT_EQUALS', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL']],
  ['10', '9', ['NOT_EQUALS', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL']],
  ['-10', '9', ['NOT_EQUALS', 'LESS_THAN', 'LESS_THAN_OR_EQUAL']],
  ['1e3', '999.5', ['NOT_EQUALS', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL']],
  // A number equals every way to write it, a text equals only itself.
  [1, '1.0', ['EQUALS', 'GREATER_THAN_OR_EQUAL', 'LESS_THAN_OR_EQUAL']],
  ['1', '1.0', ['NOT_EQUALS', 'GREATER_THAN_OR_EQUAL', 'LESS_THAN_OR_EQUAL']],
  [
    '007',
    '7',
    ['NOT_EQUALS', 'GREATER_THAN_OR_EQUAL', 'LESS_THAN_OR_EQUAL', 'CONTAINS', 'ENDS_WITH'],
  ],
  [0.1, '0.1', SAME],
  // If one side is no number, both are compared as texts.
  [10, '9a', ['NOT_EQUALS', 'LESS_THAN', 'LESS_THAN_OR_EQUAL']],
  ['10', ' 9', ['NOT_EQUALS', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL']],
  ['10', '0x9', ['NOT_EQUALS', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL']],
  ['10', 'Infinity', ['NOT_EQUALS', 'LESS_THAN', 'LESS_THAN_OR_EQUAL']],
  ['9', '1e999', ['NOT_EQUALS', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL']],
  [
    '2026-05-18T10:00:00Z',
    '2026-05-18T09:59:59Z',
    ['NOT_EQUALS', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL'],
  ],
  // Texts are ordered by bytes. By UTF-16 units, the second would come first.
  ['\uff5e', '\u{1f600}', ['NOT_EQUALS', 'LESS_THAN', 'LESS_THAN_OR_EQUAL']],
  [true, 'true', SAME],
  [false, 'true', ['NOT_EQUALS', 'LESS_THAN', 'LESS_THAN_OR_EQUAL']],
  // An empty dimension counts as present.
  ['', '', SAME],
  ['', '0', ['NOT_EQUALS', 'LESS_THAN', 'LESS_THAN_OR_EQUAL']],
]

const COMPARED: readonly ComparisonOperation[] = [
  'EQUALS',
  'NOT_EQUALS',
  'GREATER_THAN',
  'GREATER_THAN_OR_EQUAL',
  'LESS_THAN',
  'LESS_THAN_OR_EQUAL',
  'CONTAINS',
  'STARTS_WITH',
  'ENDS_WITH',
]

for (const [actual, value, expected] of rows)
  test(`${JSON.stringify(actual)} against ${JSON.stringify(value)}: ${expected.join(', ')}`, () => {
    const holding = COMPARED.filter((operation) =>
      matches(meterOf([compared(operation, value)]), eventOf({ d: actual })),
    )
    assert.deepEqual(holding, expected)
  })

test('an absent dimension matches only IS_NULL and NOT_EQUALS', () => {
  const all: Condition[] = [
    ...COMPARED.map((operation) => compared(operation, '')),
    { field: 'd', operation: 'IN', values: [''] },
    { field: 'd', operation: 'IS_NULL' },
    { field: 'd', operation: 'IS_NOT_NULL' },
  ]
  const holding = (event: MeterEvent) =>
    all.filter((each) => matches(meterOf([each]), event)).map(({ operation }) => operation)
  assert.deepEqual(holding(eventOf({ other: 1 })), ['NOT_EQUALS', 'IS_NULL'])
  assert.ok(holding(eventOf({ d: '' })).includes('IS_NOT_NULL'))
  for (const field of ['constructor', '__proto__', 'toString'])
    assert.ok(matches(meterOf([{ field, operation: 'IS_NULL' }]), eventOf({})), field)
})

test('event_name and eventName are the name of the event, even if a dimension has that name', () => {
  for (const field of ['event_name', 'eventName']) {
    const meter = meterOf([compared('EQUALS', 'call', field)])
    assert.ok(matches(meter, eventOf({ [field]: 'other' })))
    assert.ok(!matches(meter, eventOf({ [field]: 'call' }, 'other')))
  }
})

test('all conditions of a filter must match, and one matching filter is enough', () => {
  const call = compared('EQUALS', 'call', 'event_name')
  const eu = compared('EQUALS', 'eu', 'region')
  const retry = compared('EQUALS', 'retry', 'event_name')
  const meter = meterOf([call, eu], [retry])
  const cases: [event: MeterEvent, expected: boolean][] = [
    [eventOf({ region: 'eu' }), true],
    [eventOf({ region: 'us' }), false],
    [eventOf({}, 'retry'), true],
    [eventOf({ region: 'eu' }, 'other'), false],
  ]
  for (const [event, expected] of cases) assert.equal(matches(meter, event), expected)
})

test('a meter without filters or with a filter without conditions matches every event', () => {
  for (const meter of [meterOf(), meterOf([]), meterOf([compared('EQUALS', 'no')], [])])
    assert.ok(matches(meter, eventOf({ d: 'yes' })))
})

const field = fc.constantFrom('a', 'b', 'event_name', 'eventName')
const value = fc.oneof(fc.constantFrom('', '1', '1.0', '-2', 'x', 'xy', 'true'), fc.string())
const dimension = fc.oneof(value, fc.boolean(), fc.integer({ min: -3, max: 3 }), fc.double())
const event: fc.Arbitrary<MeterEvent> = fc.record({
  name: value,
  dimensions: fc.dictionary(fc.constantFrom('a', 'b'), dimension, { noNullPrototype: false }),
})
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ field, operation: fc.constantFrom(...COMPARED), value }),
  fc.record({ field, operation: fc.constant('IN' as const), values: fc.array(value) }),
  fc.record({ field, operation: fc.constantFrom('IS_NULL' as const, 'IS_NOT_NULL' as const) }),
)
const conditions = fc.array(condition, { maxLength: 3 })
const filters = fc.array(conditions, { minLength: 1, maxLength: 3 })

test('the order of filters and of conditions does not matter', () => {
  fc.assert(
    fc.property(filters, event, (all, given) => {
      const turned = all.map((each) => each.toReversed()).toReversed()
      assert.equal(matches(meterOf(...turned), given), matches(meterOf(...all), given))
    }),
  )
})

test('another condition never matches more events, and another filter never fewer', () => {
  fc.assert(
    fc.property(filters, condition, conditions, event, (all, one, other, given) => {
      const stricter = all.map((each) => [...each, one])
      const before = matches(meterOf(...all), given)
      if (matches(meterOf(...stricter), given)) assert.ok(before)
      if (before) assert.ok(matches(meterOf(...all, other), given))
    }),
  )
})

test('NOT_EQUALS negates EQUALS, IS_NOT_NULL negates IS_NULL, and IN matches any of its values', () => {
  fc.assert(
    fc.property(field, value, fc.array(value), event, (name, text, texts, given) => {
      const holds = (one: Condition) => matches(meterOf([one]), given)
      const equals = (wanted: string) => holds(compared('EQUALS', wanted, name))
      assert.notEqual(equals(text), holds(compared('NOT_EQUALS', text, name)))
      assert.notEqual(
        holds({ field: name, operation: 'IS_NULL' }),
        holds({ field: name, operation: 'IS_NOT_NULL' }),
      )
      assert.equal(holds({ field: name, operation: 'IN', values: texts }), texts.some(equals))
    }),
  )
})

test('a present field is less than, equal to or greater than a value, and never two of these', () => {
  fc.assert(
    fc.property(dimension, value, (actual, text) => {
      const holds = (operation: ComparisonOperation) =>
        matches(meterOf([compared(operation, text)]), eventOf({ d: actual }))
      assert.notEqual(holds('GREATER_THAN'), holds('LESS_THAN_OR_EQUAL'))
      assert.notEqual(holds('LESS_THAN'), holds('GREATER_THAN_OR_EQUAL'))
      assert.ok(!(holds('LESS_THAN') && holds('GREATER_THAN')))
      if (holds('EQUALS')) assert.ok(holds('LESS_THAN_OR_EQUAL') && !holds('LESS_THAN'))
    }),
  )
})
