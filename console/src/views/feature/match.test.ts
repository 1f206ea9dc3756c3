import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type {
  ConditionOperation,
  MeterAggregation,
  MeterCondition,
} from '../../../../src/api.gen.ts'
import type { Condition } from '../../../../src/catalog/features/index.ts'
import { matches as matchesOnServer } from '../../../../src/catalog/features/match-meter.ts'
import { matches, type Outcome, outcomeOf } from './match.ts'
import { outcomeText } from './texts.ts'

const OPERATIONS: readonly ConditionOperation[] = [
  ...(['EQUALS', 'NOT_EQUALS', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL', 'LESS_THAN'] as const),
  ...(['LESS_THAN_OR_EQUAL', 'IS_NULL', 'IS_NOT_NULL', 'CONTAINS'] as const),
  ...(['STARTS_WITH', 'ENDS_WITH', 'IN'] as const),
]
const text = fc.constantFrom(
  '',
  'a',
  'ab',
  'é',
  '😀',
  '\uffff',
  '7',
  '07',
  '7.0',
  '1e1',
  '10',
  'true',
)
const value = fc.oneof(text, fc.constantFrom(7, 10, 7.5, -1), fc.boolean())
const field = fc.constantFrom('model', 'size', 'event_name', 'eventName', 'absent')
const condition = fc
  .record({ field, operation: fc.constantFrom(...OPERATIONS), value: text, values: fc.array(text) })
  .map(({ operation, ...rest }): MeterCondition => {
    if (operation === 'IN') return { field: rest.field, operation, values: rest.values }
    if (operation.startsWith('IS_')) return { field: rest.field, operation }
    return { field: rest.field, operation, value: rest.value }
  })
const filters = fc.array(fc.record({ conditions: fc.array(condition, { maxLength: 3 }) }), {
  maxLength: 3,
})

test('the page and the server agree on which events count', () => {
  fc.assert(
    fc.property(filters, text, value, value, (all, name, model, size) => {
      const dimensions = { model, size }
      assert.equal(
        matches({ filters: all }, { eventName: name, dimensions }),
        matchesOnServer({ filters: all as { conditions: Condition[] }[] }, { name, dimensions }),
      )
    }),
    { numRuns: 2000 },
  )
})

const OUTCOMES: readonly [
  MeterAggregation,
  dimensions: Record<string, string | number | boolean>,
  Outcome,
  RegExp,
][] = [
  [{ function: 'COUNT' }, {}, { kind: 'one' }, /^Counts as 1/],
  [
    { function: 'SUM', field: 'n' },
    { n: 1200.5 },
    { kind: 'amount', amount: 1200.5, isAdded: true },
    /adds 1,200\.5/,
  ],
  [
    { function: 'SUM', field: 'n' },
    { n: '12' },
    { kind: 'amount', amount: 12, isAdded: true },
    /adds 12/,
  ],
  [
    { function: 'MAX', field: 'n' },
    { n: 3 },
    { kind: 'amount', amount: 3, isAdded: false },
    /the value 3/,
  ],
  [
    { function: 'AVG', field: 'n' },
    { n: true },
    { kind: 'noNumber', field: 'n' },
    /n is no number/,
  ],
  [{ function: 'MIN', field: 'n' }, { n: '' }, { kind: 'noNumber', field: 'n' }, /n is no number/],
  [{ function: 'SUM', field: 'n' }, {}, { kind: 'lacks', field: 'n' }, /it has no n/],
  [
    { function: 'SUM', field: 'n' },
    { n: 2 ** 53 },
    { kind: 'tooLarge', field: 'n' },
    /^Is refused/,
  ],
  [
    { function: 'UNIQUE', field: 'n' },
    { n: 'ann' },
    { kind: 'mark', value: 'ann' },
    /the value "ann"/,
  ],
]

for (const [aggregation, dimensions, outcome, sentence] of OUTCOMES)
  test(`${JSON.stringify(aggregation)} of ${JSON.stringify(dimensions)}: ${outcome.kind}`, () => {
    const event = { eventName: 'call', dimensions }
    assert.deepEqual(outcomeOf({ aggregation, filters: [] }, event), outcome)
    assert.match(outcomeText(outcome), sentence)
  })

test('an event that passes no filter does not count', () => {
  const condition: MeterCondition = { field: 'eventName', operation: 'EQUALS', value: 'other' }
  const filter = { conditions: [condition] }
  const outcome = outcomeOf(
    { aggregation: { function: 'COUNT' }, filters: [filter, filter] },
    { eventName: 'call', dimensions: {} },
  )
  assert.match(outcomeText(outcome), /passes none of 2 filters/)
})
