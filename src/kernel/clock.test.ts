import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instantToWire } from './clock.ts'

const FIRST = Date.UTC(1, 0)
const LAST = Date.UTC(9999, 11)
const HOUR = 3_600_000
const instant = fc.oneof(
  fc.integer({ min: FIRST, max: LAST }),
  fc.integer({ min: FIRST / HOUR, max: LAST / HOUR }).map((hours) => Math.trunc(hours) * HOUR),
)

test('the text of an instant does not depend on which others were converted before', () => {
  fc.assert(
    fc.property(fc.array(instant, { maxLength: 200 }), (instants) => {
      for (const each of [...instants, ...instants])
        assert.equal(instantToWire(each), new Date(each).toISOString())
    }),
  )
  for (const none of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    assert.throws(() => instantToWire(none), RangeError)
})
