import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Instant } from '../../kernel/clock.ts'
import { contains, LIFETIME, type Window } from '../../kernel/period.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import type { Aggregate, WindowTotal } from '../types.ts'
import { mustBeMade, totalsHolding, totalsWith, withWindow } from './count-record.ts'
import { NOTHING, usageOf } from './usage-of.ts'

const total = (window: Window, lastAt: Instant, held = 0n): WindowTotal => ({
  window,
  tally: NOTHING,
  held,
  lastAt,
  setAt: null,
})

type TestRecord = { occurredAt: Instant; amount: bigint; mark: string }

const WINDOWS: readonly Window[] = [
  LIFETIME,
  { start: 10, end: 20 },
  { start: 20, end: 30 },
  { start: 15, end: 25 },
]

const EMPTY = WINDOWS.map((window) => total(window, LIFETIME.start))

/** Counts records one by one, in the order of their arrival. */
function countAll(records: readonly TestRecord[]): readonly WindowTotal[] {
  const seen = new Set<string>()
  return records.reduce<readonly WindowTotal[]>(
    (totals, record) =>
      totalsWith(totals, record, (window) => {
        const name = `${window.start} ${record.mark}`
        if (seen.has(name)) return false
        seen.add(name)
        return true
      }),
    EMPTY,
  )
}

/** Computes an aggregate from all records of the window at once. */
function meaning(records: readonly TestRecord[], aggregate: Aggregate): bigint {
  const amounts = records.map(({ amount }) => amount).sort((a, b) => (a < b ? -1 : 1))
  const sum = amounts.reduce((total, amount) => total + amount, 0n)
  switch (aggregate) {
    case 'SUM':
      return sum
    case 'MAX':
      return amounts.at(-1) ?? 0n
    case 'MIN':
      return amounts[0] ?? 0n
    case 'AVG':
      return usageOf({ ...NOTHING, sum, count: BigInt(records.length) }, 'AVG')
    case 'UNIQUE':
      return wholeUnits(new Set(records.map(({ mark }) => mark)).size)
  }
}

const record: fc.Arbitrary<TestRecord> = fc.record({
  occurredAt: fc.integer({ min: 0, max: 40 }),
  amount: fc.bigInt({ min: -1000n, max: 1000n }),
  mark: fc.constantFrom('a', 'b', 'c'),
})

test('in any order, the stored totals are those of all records of the window', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), fc.func(fc.integer()), (records, order) => {
      const shuffled = records
        .map((each, index) => [each, order(index)] as const)
        .sort(([, a], [, b]) => a - b)
        .map(([each]) => each)
      const totals = countAll(records)
      assert.deepEqual(countAll(shuffled), totals)
      for (const { window, tally, lastAt } of totals) {
        const own = records.filter(({ occurredAt }) => contains(window, occurredAt))
        assert.equal(lastAt, Math.max(LIFETIME.start, ...own.map(({ occurredAt }) => occurredAt)))
        for (const aggregate of ['SUM', 'MAX', 'MIN', 'AVG', 'UNIQUE'] as const)
          assert.equal(usageOf(tally, aggregate), meaning(own, aggregate), aggregate)
      }
    }),
  )
})

test('the values 5, 5 and 8 of the users a, a and b have a sum, maximum, minimum, average and count', () => {
  const records = [5, 5, 8].map((amount, index) => ({
    occurredAt: 12,
    amount: wholeUnits(amount),
    mark: index < 2 ? 'a' : 'b',
  }))
  const [{ tally } = { tally: NOTHING }] = countAll(records)
  assert.equal(tally.count, 3n)
  assert.deepEqual(
    (['SUM', 'MAX', 'MIN', 'AVG', 'UNIQUE'] as const).map((name) => usageOf(tally, name)),
    [18, 8, 5, 6, 2].map(wholeUnits),
  )
})

test('a total is needed only if something has occurred or is held since its window began', () => {
  const window = { start: 10, end: 20 }
  assert.equal(mustBeMade([], window), false)
  assert.equal(mustBeMade([total(LIFETIME, 9)], window), false)
  assert.equal(mustBeMade([total(LIFETIME, 10)], window), true)
  assert.equal(mustBeMade([total(LIFETIME, 30)], window), true)
  assert.equal(mustBeMade([total(LIFETIME, 10), total(window, 10)], window), false)
  assert.equal(mustBeMade([total(LIFETIME, 10)], LIFETIME), false)
  assert.equal(mustBeMade([total(LIFETIME, 9, 1n)], window), true)
})

test('a window has a total from its first record on', () => {
  const window = { start: 10, end: 20 }
  const before = [total(LIFETIME, 9)]
  const begun = withWindow(before, window)
  assert.deepEqual(begun, [...before, total(window, LIFETIME.start)])
  assert.equal(withWindow(begun, window), begun)
  assert.throws(() => withWindow([total(LIFETIME, 10)], window), /assertion failed/)
})

test('a held amount is held in the windows that contain its instant, and is no usage', () => {
  const held = totalsHolding(EMPTY, { amount: 7n, occurredAt: 15 })
  assert.deepEqual(
    held.map((each) => each.held),
    [7n, 7n, 0n, 7n],
  )
  assert.deepEqual(totalsHolding(held, { amount: -7n, occurredAt: 15 }), EMPTY)
  const counted = totalsWith(held, { amount: 5n, occurredAt: 24 }, () => false)
  assert.deepEqual(
    counted.map((each) => [each.tally.sum, each.held]),
    [
      [5n, 7n],
      [0n, 7n],
      [5n, 0n],
      [5n, 7n],
    ],
  )
})
