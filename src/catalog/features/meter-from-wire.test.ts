import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Meter, MeterAggregation, MeterCondition } from '../../api.gen.ts'
import type { ApiError } from '../../kernel/errors.ts'
import { METER_SIZE_LIMIT, meterFromWire } from './meter-from-wire.ts'

const count: MeterAggregation = { function: 'COUNT' }
const withCondition = (condition: MeterCondition): Meter => ({
  aggregation: count,
  filters: [{ conditions: [] }, { conditions: [{ field: 'a', operation: 'IS_NULL' }, condition] }],
})
const refusal = (message: RegExp) => (error: ApiError) => {
  assert.deepEqual([error.status, error.code], [400, 'InvalidArgumentError'])
  assert.match(error.message, message)
  return true
}

const aggregations: [wire: MeterAggregation, message: RegExp | null][] = [
  [count, null],
  [{ function: 'COUNT', field: 'x' }, /^meter\.aggregation\.field is not allowed with COUNT/],
  ...(['SUM', 'MAX', 'MIN', 'AVG', 'UNIQUE'] as const).flatMap(
    (name): [MeterAggregation, RegExp | null][] => [
      [{ function: name, field: 'x' }, null],
      [{ function: name }, new RegExp(`^meter\\.aggregation\\.field is required by ${name}`)],
    ],
  ),
]

for (const [aggregation, message] of aggregations)
  test(`the aggregation ${JSON.stringify(aggregation)} is ${message ? 'refused' : 'taken'}`, () => {
    const read = () => meterFromWire({ aggregation, filters: [] })
    if (message) assert.throws(read, refusal(message))
    else assert.deepEqual(read(), { aggregation, filters: [] })
  })

test('a meter may have the maximum size, but no more', () => {
  const sized = (length: number) =>
    withCondition({ field: 'd', operation: 'EQUALS', value: 'x'.repeat(length) })
  const room = METER_SIZE_LIMIT - JSON.stringify(sized(0)).length
  assert.deepEqual(meterFromWire(sized(room)), sized(room))
  const code = 'FeatureConfigurationExceededLimitError'
  assert.throws(() => meterFromWire(sized(room + 1)), { status: 400, code, message: /^meter: / })
})

const at = 'meter\\.filters\\[1\\]\\.conditions\\[1\\]'
const field = 'd'
const conditions: [wire: MeterCondition, message: RegExp | null][] = [
  [{ field, operation: 'EQUALS', value: '' }, null],
  [{ field, operation: 'LESS_THAN', value: '5' }, null],
  [{ field, operation: 'ENDS_WITH' }, new RegExp(`^${at}\\.value is required by ENDS_WITH`)],
  [
    { field, operation: 'NOT_EQUALS', value: 'a', values: ['b'] },
    new RegExp(`^${at}\\.values is not allowed with NOT_EQUALS`),
  ],
  [{ field, operation: 'IN', values: ['a', 'b'] }, null],
  [{ field, operation: 'IN' }, new RegExp(`^${at}\\.values is required by IN`)],
  [
    { field, operation: 'IN', value: 'a', values: ['a'] },
    new RegExp(`^${at}\\.value is not allowed with IN`),
  ],
  [{ field, operation: 'IS_NULL' }, null],
  [{ field, operation: 'IS_NOT_NULL' }, null],
  [
    { field, operation: 'IS_NULL', value: 'a' },
    new RegExp(`^${at}\\.value is not allowed with IS_NULL`),
  ],
  [
    { field, operation: 'IS_NOT_NULL', values: ['a'] },
    new RegExp(`^${at}\\.values is not allowed with IS_NOT_NULL`),
  ],
]

for (const [condition, message] of conditions)
  test(`the condition ${JSON.stringify(condition)} is ${message ? 'refused' : 'taken'}`, () => {
    const read = () => meterFromWire(withCondition(condition))
    if (message) assert.throws(read, refusal(message))
    else assert.deepEqual(read(), withCondition(condition))
  })
