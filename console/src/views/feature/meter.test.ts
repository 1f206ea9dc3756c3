import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ConditionOperation, MeterCondition } from '../../../../src/api.gen.ts'
import { matches as matchesOnServer } from '../../../../src/catalog/features/match-meter.ts'
import type { Condition } from '../../../../src/catalog/features/types.ts'
import { matches, meterText } from './meter.ts'

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

test('a meter is told in a sentence', () => {
  assert.equal(
    meterText({ aggregation: { function: 'SUM', field: 'tokens' }, filters: [] }),
    'Adds up tokens. Every event counts.',
  )
})
