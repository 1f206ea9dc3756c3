import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { incrementsOf, largestGroups, withoutParts } from './group-usage.ts'
import { INTERVALS, intervalsOf, wholeRange } from './plan-usage.ts'

const NOW = Date.UTC(2026, 4, 18, 10, 7, 42)
const HOUR_MS = 3_600_000

const amounts = fc.array(
  fc.record({
    at: fc.integer({ min: NOW - 200 * HOUR_MS, max: NOW }),
    key: fc.constantFrom(null, 'a', 'b', 'c', 'd'),
    amount: fc.bigInt({ min: -100n, max: 100n }),
  }),
)

test('a range is whole intervals without gaps that contain it', () => {
  const back = fc.integer({ min: 1, max: 150 * HOUR_MS })
  fc.assert(
    fc.property(back, fc.constantFrom(...INTERVALS), (backMs, interval) => {
      const asked = { from: NOW - backMs, to: NOW }
      const range = wholeRange(asked, interval, NOW)
      const starts = intervalsOf(range, interval, false)
      assert.ok(range.start <= asked.from && range.end >= asked.to)
      assert.equal(starts[0], range.start)
      assert.deepEqual(wholeRange({ from: range.start, to: range.end }, interval, NOW), range)
      for (const [index, start] of starts.entries()) {
        const next = starts[index + 1] ?? range.end
        assert.deepEqual(wholeRange({ from: start, to: start + 1 }, interval, NOW), {
          start,
          end: next,
        })
      }
    }),
  )
})

test('increments, groups and the rest add up to everything in the range', () => {
  fc.assert(
    fc.property(amounts, fc.nat(5), (all, limit) => {
      const range = wholeRange({ from: NOW - 250 * HOUR_MS, to: NOW }, 'day', NOW)
      const intervals = { interval: 'day' as const, starts: intervalsOf(range, 'day', false) }
      const sum = all.reduce((total, { amount }) => total + amount, 0n)
      const whole = incrementsOf(intervals, all)
      assert.equal(whole.total, sum)
      assert.equal(
        whole.values.reduce((total, value) => total + value, 0n),
        sum,
      )
      const { top, rest, ungrouped } = largestGroups(all, limit)
      assert.ok(top.length <= limit)
      const named = top.reduce((total, { amount }) => total + amount, 0n)
      assert.equal(named + rest.amount + (ungrouped ?? 0n), sum)
      const parts = top.map(({ key }) =>
        incrementsOf(
          intervals,
          all.filter((each) => each.key === key),
        ),
      )
      assert.equal(withoutParts(whole, parts).total, sum - named)
    }),
  )
})
