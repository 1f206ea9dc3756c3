import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { refusedWith } from '../../../test/support/refused-with.ts'
import { inBody } from '../../kernel/field.ts'
import { LIFETIME, type Window } from '../../kernel/period.ts'
import { type Quantity, wholeUnits } from '../../kernel/quantity.ts'
import { occurredAt } from '../records/occurred-at.ts'
import { AHEAD_LIMIT_MS, type WindowTotal } from '../types.ts'
import { totalsWith, withWindow } from './count-record.ts'
import { amountOfSet, refuseOutOfRange, totalsAfterSet } from './set-value.ts'
import { NOTHING } from './usage-of.ts'

type Step = { behavior: 'DELTA' | 'SET'; value: Quantity; at: number }

const MAY: Window = { start: 100, end: 200 }

const settable = ({ tally, setAt }: WindowTotal) => ({ sum: tally.sum, setAt })
const totalIn = (totals: readonly WindowTotal[], window: Window): WindowTotal =>
  totals.find((total) => total.window === window) as WindowTotal

/** Applies reports one by one, all in `window`. */
const report = (steps: readonly Step[], window: Window): readonly WindowTotal[] =>
  steps.reduce<readonly WindowTotal[]>(
    (totals, { behavior, value, at }) => {
      const set = { value, occurredAt: at }
      const amount =
        behavior === 'SET'
          ? amountOfSet(settable(totalIn(totals, window)), set, inBody('v'))
          : value
      if (amount === null) return totals
      const counted = totalsWith(totals, { amount, occurredAt: at }, () => false)
      return behavior === 'SET' ? totalsAfterSet(counted, at) : counted
    },
    withWindow(withWindow([], LIFETIME), MAY),
  )

const sums = (steps: readonly Step[], window: Window) => [
  totalIn(report(steps, window), LIFETIME).tally.sum,
  totalIn(report(steps, window), MAY).tally.sum,
]
const delta = (value: number, at = 150): Step => ({
  behavior: 'DELTA',
  value: wholeUnits(value),
  at,
})
const set = (value: number, at = 150): Step => ({ behavior: 'SET', value: wholeUnits(value), at })

const SEATS: [string, Step[], number][] = [
  ['deltas add up', [delta(2), delta(3), delta(-1)], 4],
  ['a SET makes usage its value', [delta(4), set(10)], 10],
  ['deltas are added after a SET', [delta(4), set(10), delta(1)], 11],
  ['a lower SET lowers usage', [delta(4), set(10), set(3)], 3],
  ['an older SET is ignored', [set(10, 160), set(3, 159)], 10],
  ['a SET of the same instant counts', [set(10, 160), set(3, 160)], 3],
  ['a delta may be older than the SET', [set(10, 160), delta(1, 120)], 11],
  ['usage may fall below zero, and rise again', [delta(-5), delta(8)], 3],
]
for (const [name, steps, expected] of SEATS)
  test(name, () => {
    assert.deepEqual(sums(steps, LIFETIME), [wholeUnits(expected), wholeUnits(expected)])
  })

test('a SET applies to its window, and other windows keep their own sums', () => {
  const steps = [delta(7, 50), delta(2, 150), set(5, 160)]
  assert.deepEqual(sums(steps, MAY), [wholeUnits(12), wholeUnits(5)])
})

test('a SET applies to every window that contains it, until a later SET', () => {
  const inForce = (steps: readonly Step[]) => report(steps, MAY).map(({ setAt }) => setAt)
  assert.deepEqual(inForce([delta(1, 150)]), [null, null])
  assert.deepEqual(inForce([set(5, 150), delta(1, 190)]), [150, 150])
  assert.deepEqual(inForce([set(5, 150), set(5, 170)]), [170, 170])
  const ofLifetime = report([set(5, 210)], LIFETIME)
  assert.deepEqual(
    ofLifetime.map(({ setAt }) => setAt),
    [210, null],
  )
  const later = totalsAfterSet(ofLifetime, 150)
  assert.deepEqual(
    later.map(({ setAt }) => setAt),
    [210, 150],
  )
})

test('after a SET that counts, the sum of its window is its value', () => {
  const step = fc.record({
    behavior: fc.constantFrom('DELTA' as const, 'SET' as const),
    value: fc.bigInt({ min: -50n, max: 50n }),
    at: fc.integer({ min: 90, max: 210 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), fc.bigInt(-9n, 9n), (steps, value) => {
      const inMay = steps.filter(({ at }) => at >= MAY.start && at < MAY.end)
      assert.equal(sums([...inMay, { behavior: 'SET', value, at: 199 }], MAY)[1], value)
    }),
  )
})

test('a difference or usage beyond the exact whole numbers of JSON is refused', () => {
  const largest = wholeUnits(Number.MAX_SAFE_INTEGER)
  const tally = { ...NOTHING, sum: largest }
  const total = { window: MAY, tally, held: 0n, lastAt: 0, setAt: null }
  assert.equal(
    amountOfSet(settable(total), { value: 0n, occurredAt: 0 }, inBody('value')),
    -largest,
  )
  assert.throws(
    () => amountOfSet(settable(total), { value: -1n, occurredAt: 0 }, inBody('usages', 2, 'value')),
    refusedWith('UsageMeasurementDiffOutOfRangeError', /^usages\[2\]\.value/),
  )
  for (const usage of [largest, -largest]) refuseOutOfRange(usage, inBody('value'))
  for (const usage of [largest + 1n, -largest - 1n])
    assert.throws(
      () => refuseOutOfRange(usage, inBody('usages', 0)),
      refusedWith('EntitlementUsageOutOfRangeError', /^usages\[0\]/),
    )
})

test('the instant of a record is that of its caller, at most an hour ahead and not before 1970', () => {
  const now = AHEAD_LIMIT_MS * 3
  assert.equal(occurredAt(null, now, inBody('createdAt')), now)
  for (const stated of [0, 1, now, now + AHEAD_LIMIT_MS])
    assert.equal(occurredAt(stated, now, inBody('createdAt')), stated)
  for (const stated of [-1, now + AHEAD_LIMIT_MS + 1])
    assert.throws(
      () => occurredAt(stated, now, inBody('events', 1, 'timestamp')),
      refusedWith('InvalidArgumentError', /^events\[1\]\.timestamp/),
    )
})
