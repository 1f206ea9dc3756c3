import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inBody } from '../kernel/field.ts'
import { quantityFromWire, quantityToWire } from '../kernel/quantity.ts'
import { crossedBy, uncrossedBy } from './cross-thresholds.ts'

const quantity = (value: number) => quantityFromWire(value, inBody('value'))

function fired(
  thresholds: readonly number[],
  budget: { usage: number; limit: number | null; fired?: readonly number[] },
): number[] {
  const reached = {
    usage: quantity(budget.usage),
    usageLimit: budget.limit === null ? null : quantity(budget.limit),
    window: { start: 10, end: 20 },
    fired: (budget.fired ?? []).map(quantity),
  }
  const firedAt = (now: number) =>
    crossedBy(thresholds.map(quantity), reached, now).map(quantityToWire)
  assert.deepEqual(firedAt(20), [], 'the window is over')
  assert.deepEqual(firedAt(10), firedAt(19))
  return firedAt(19)
}

/** Usage, limit, earlier crossed thresholds, and those crossed now, of 50, 80, 100 and 150 %. */
const reached: readonly (readonly [number, number | null, number[], number[]])[] = [
  [0, 10, [], []],
  [4.9999999999, 10, [], []],
  [5, 10, [], [50]],
  [5, 10, [50], []],
  [8, 10, [50], [80]],
  [8, 10, [], [50, 80]],
  [10, 10, [50, 80], [100]],
  [14, 10, [], [50, 80, 100]],
  [99, 10, [], [50, 80, 100, 150]],
  // The usage fell below the threshold and reached it again.
  [5, 10, [50, 80], []],
  // The limit was lowered.
  [8, 4, [50, 80], [100, 150]],
  [1000, null, [], []],
  [0, 0, [], []],
  [0.0000000001, 0, [], [50, 80, 100, 150]],
  [1, 0, [50], [80, 100, 150]],
  [-1, 0, [], []],
  [-10, 10, [], []],
  // A third of it is a little more than 33.3333333333 per cent.
  [1, 3, [], []],
]

test('a threshold is crossed once, when usage reaches it', () => {
  for (const [usage, limit, before, expected] of reached)
    assert.deepEqual(
      fired([100, 50, 150, 80], { usage, limit, fired: before }),
      expected,
      `${usage} of ${limit}, after ${before}`,
    )
  assert.deepEqual(fired([33.3333333333], { usage: 1, limit: 3 }), [33.3333333333])
  assert.deepEqual(fired([33.3333333334], { usage: 1, limit: 3 }), [])
})

test('in any order of reports, each threshold up to the highest usage is crossed exactly once', () => {
  const usages = fc.array(fc.integer({ min: -5, max: 30 }), { minLength: 1 })
  fc.assert(
    fc.property(usages, fc.integer({ min: 0, max: 12 }), (steps, limit) => {
      const thresholds = [10, 50, 99.5, 100, 200]
      const all: number[] = []
      for (const usage of steps) all.push(...fired(thresholds, { usage, limit, fired: all }))
      const most = Math.max(...steps)
      const expected = thresholds.filter((each) => most > 0 && most * 100 >= each * limit)
      assert.deepEqual(
        all.toSorted((one, other) => one - other),
        expected,
      )
    }),
  )
})

test('a threshold that a level has fallen below can be crossed again, and no other can', () => {
  const rearmed = (usage: number, limit: number | null, already: readonly number[]) =>
    uncrossedBy({
      usage: quantity(usage),
      usageLimit: limit === null ? null : quantity(limit),
      fired: already.map(quantity),
    }).map(quantityToWire)
  assert.deepEqual(rearmed(4.9999999999, 10, [50, 80]), [50, 80])
  assert.deepEqual(rearmed(5, 10, [50, 80]), [80])
  assert.deepEqual(rearmed(8, 10, [50, 80]), [])
  assert.deepEqual(rearmed(8, 20, [50, 80]), [50, 80])
  assert.deepEqual(rearmed(1, 0, [50]), [])
  assert.deepEqual(rearmed(0, 0, [50]), [50])
  assert.deepEqual(rearmed(8, null, [50]), [50])
})
