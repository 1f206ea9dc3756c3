import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { countOne, emptyTally, endedIn, latencyOf, recentTally } from './tally.ts'

test('a percentile is never too low and at most 5 % too high', () => {
  const times = fc.array(fc.double({ min: 0.01, max: 30_000, noNaN: true }), { minLength: 1 })
  fc.assert(
    fc.property(times, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (took, part) => {
      const tally = emptyTally()
      for (const ms of took) countOne(tally, 'granted', ms)
      const exact = took.toSorted((a, b) => a - b)[Math.ceil(took.length * part) - 1] ?? 0
      const shown = latencyOf(tally, part) ?? 0
      assert.ok(shown >= exact * (1 - 1e-9) && shown <= exact * 1.05 * (1 + 1e-9), `${shown}`)
    }),
  )
})

test('a failed request is counted, but its duration is not', () => {
  const tally = emptyTally()
  assert.equal(latencyOf(tally, 0.5), null)
  countOne(tally, 'failed', 30_000)
  assert.equal(latencyOf(tally, 0.5), null)
  countOne(tally, 'denied', 0)
  countOne(tally, 'granted', 1e9)
  assert.equal(endedIn(tally), 3)
  assert.equal(latencyOf(tally, 0.5), 0.01)
})

test('the recent tally drops older seconds and covers less time at the beginning', () => {
  const recent = recentTally(500)
  const count = (nowMs: number) => recent.countOne('granted', 1, nowMs)
  const shown = (nowMs: number) => {
    const { tally, seconds } = recent.sum(nowMs)
    return [tally.granted, seconds]
  }
  count(600)
  // Less than a second counts as one, because the rate of a shorter time is meaningless.
  assert.deepEqual(shown(700), [1, 1])
  count(2600)
  assert.deepEqual(shown(2700), [2, 2.2])
  assert.deepEqual(shown(5400), [2, 4.9])
  // The first second is no longer included.
  assert.deepEqual(shown(5500), [1, 3])
  assert.deepEqual(shown(60_000), [0, 1])
})
