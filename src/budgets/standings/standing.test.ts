import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instantFromWire } from '../../kernel/clock.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import { exhaustsAt, PARTS_OF_WINDOW, paceOf } from './pace.ts'
import { type CountedBudget, type Standing, standingOf, tightestOf } from './standing.ts'

const START = instantFromWire('2026-05-01T00:00:00Z')
const NOW = instantFromWire('2026-05-11T00:00:00Z')
const END = instantFromWire('2026-06-01T00:00:00Z')
const DAY = 86_400_000

const budget = (more: Partial<CountedBudget> = {}): CountedBudget => ({
  assignmentKey: 'budget',
  revision: 1,
  entityKey: 'entity',
  entityId: 'eng',
  displayName: null,
  capabilityKey: 'tokens',
  scopeEntityIds: [],
  usageLimit: wholeUnits(100),
  cadence: 'P1M',
  isLevel: false,
  createdAt: instantFromWire('2026-01-10T00:00:00Z'),
  counter: null,
  ...more,
})

const used = (usage: number, held = 0, windowStart = START) => ({
  windowStart,
  usage: wholeUnits(usage),
  held: wholeUnits(held),
})

const standing = (more: Partial<CountedBudget>, divide: number | null = null): Standing =>
  standingOf(budget(more), {
    transformation: divide === null ? null : { divide, round: 'UP' },
    now: NOW,
  })

const units = (quantity: bigint | null) => (quantity === null ? null : Number(quantity) / 1e10)
const shown = ({ currentUsage, holds, remaining, utilization, exhaustsAt: end }: Standing) => [
  ...[currentUsage, holds, remaining, utilization].map(units),
  end === null ? null : (end - NOW) / DAY,
]

/** Usage, holds, remaining, utilization, and the days until the limit is reached. */
const TABLE: [string, Partial<CountedBudget>, number | null, (number | null)[]][] = [
  ['nothing used', {}, null, [0, 0, 100, 0, null]],
  ['half the limit in ten days', { counter: used(50) }, null, [50, 0, 50, 0.5, 10]],
  ['holds count as used', { counter: used(50, 10) }, null, [50, 10, 40, 0.5, 8]],
  ['the window ends first', { counter: used(20) }, null, [20, 0, 80, 0.2, null]],
  ['all used', { counter: used(100) }, null, [100, 0, 0, 1, 0]],
  ['more than all', { counter: used(130) }, null, [130, 0, 0, 1.3, 0]],
  ['all held', { counter: used(0, 100) }, null, [0, 100, 0, 0, 0]],
  ['corrected below zero', { counter: used(-5) }, null, [0, 0, 105, 0, null]],
  ['a window that is over', { counter: used(70, 0, START - 30 * DAY) }, null, [0, 0, 100, 0, null]],
  ['no limit', { usageLimit: null, counter: used(50) }, null, [50, 0, null, null, null]],
  ['a limit of 0', { usageLimit: 0n }, null, [0, 0, 0, 1, 0]],
  ['a level', { isLevel: true, counter: used(50, 0, 0) }, null, [50, 0, 50, 0.5, null]],
  ['a level at its limit', { isLevel: true, counter: used(100, 0, 0) }, null, [100, 0, 0, 1, 0]],
  ['started units', { usageLimit: wholeUnits(4), counter: used(2500) }, 1000, [3, 0, 1, 0.75, 6]],
  [
    'created in this window',
    { createdAt: NOW - 2 * DAY, counter: used(50) },
    null,
    [50, 0, 50, 0.5, 2],
  ],
  [
    'a burst after the creation counts as a 24th of the window',
    { createdAt: NOW - 28_000, counter: used(50) },
    null,
    [50, 0, 50, 0.5, 31 / 24],
  ],
  ['created now', { createdAt: NOW, counter: used(50) }, null, [50, 0, 50, 0.5, 31 / 24]],
  [
    'a burst after the start of the window counts as a 24th of it',
    { cadence: 'P1D', counter: used(75, 0, NOW) },
    null,
    [75, 0, 25, 0.75, 1 / 3 / 24],
  ],
]
for (const [name, more, divide, expected] of TABLE)
  test(`how a budget stands: ${name}`, () => {
    assert.deepEqual(shown(standing(more, divide)), expected)
  })

test('utilization has ten decimals, halves rounded up', () => {
  const of = (usage: number, limit: number) =>
    standing({ usageLimit: wholeUnits(limit), counter: used(usage) }).utilization
  assert.equal(of(1, 3), 3_333_333_333n)
  assert.equal(of(2, 3), 6_666_666_667n)
})

test('the end is the first millisecond in which the pace reaches the limit', () => {
  const quantity = fc.bigInt({ min: 1n, max: 10n ** 25n })
  fc.assert(
    fc.property(
      quantity,
      quantity,
      fc.integer({ min: 1, max: END - START - 1 }),
      (left, usage, ms) => {
        const now = START + ms
        const window = { start: START, end: END }
        const pace = paceOf({ window, createdAt: START, usage, now })
        const end = exhaustsAt({ left, pace, windowEnd: END, now })
        const spanMs = Math.max(ms, (END - START) / PARTS_OF_WINDOW)
        /** Whether usage at this pace has reached what is left. */
        const isReached = (at: number) => usage * BigInt(at - now) >= left * BigInt(spanMs)
        if (end === null) assert.ok(!isReached(END - 1))
        else assert.ok(end < END && isReached(end) && !isReached(end - 1))
      },
    ),
  )
})

test('a pace has all usage of the window, and extends over at least a 24th of it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('PT1M', 'PT7M', 'PT1H', 'P1D', 'P3W', 'P1M', 'P1Y'),
      fc.integer({ min: 0, max: 400 * DAY }),
      fc.integer({ min: 0, max: 400 * DAY }),
      (cadence, ageMs, usage) => {
        const createdAt = NOW - ageMs
        const { window, pace } = standing({ cadence, createdAt, counter: used(usage) })
        assert.ok(pace !== null && pace.until === NOW)
        const leastMs = (window.end - window.start) / PARTS_OF_WINDOW
        assert.ok(Number.isInteger(leastMs) && pace.until - pace.from >= leastMs)
        assert.ok(pace.from <= Math.max(window.start, createdAt))
        // It begins before the usage that it has only if that is too recent.
        if (pace.until - pace.from > leastMs)
          assert.equal(pace.from, Math.max(window.start, createdAt))
      },
    ),
  )
})

test('the tightest of several has the least remaining, whatever the limits are', () => {
  const of = (usageLimit: number | null, usage: number) =>
    standing({
      usageLimit: usageLimit === null ? null : wholeUnits(usageLimit),
      counter: used(usage),
    })
  const [wide, tight, unlimited] = [of(1000, 10), of(100_000, 99_999), of(null, 5)]
  assert.equal(tightestOf([unlimited, wide, tight]), tight)
  assert.equal(tightestOf([wide, of(1000, 10)]), wide)
  assert.equal(tightestOf([unlimited]), null)
  assert.equal(tightestOf([]), null)
})
