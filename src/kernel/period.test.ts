import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Instant, instantFromWire } from './clock.ts'
import {
  addUnits,
  boundToSql,
  contains,
  floorTo,
  LIFETIME,
  type Span,
  type Unit,
  windowAt,
} from './period.ts'

/** Returns the instant of a date-time in UTC, whose last parts may be left out. */
const at = (text: string): Instant => {
  const full = `${text}${'1970-01-01T00:00:00.000'.slice(text.length)}Z`
  const instant = instantFromWire(full)
  assert.ok(Number.isInteger(instant), full)
  return instant
}

const created = '2026-05-18T10:07:42'
const july = '2026-07-04T12:00'

/** An anchor, a span, an instant, and the window that contains it. */
const windows: readonly (readonly [string, Span, string, string, string])[] = [
  // Each start is computed from the anchor. So months from 31 January do not all begin on the 28th.
  ['2026-01-31T10', { unit: 'MONTH', count: 1 }, '2026-02-15', '2026-01-31T10', '2026-02-28T10'],
  ['2026-01-31T10', { unit: 'MONTH', count: 1 }, '2026-02-28T10', '2026-02-28T10', '2026-03-31T10'],
  ['2026-01-31T10', { unit: 'MONTH', count: 1 }, '2026-03-31T09', '2026-02-28T10', '2026-03-31T10'],
  ['2026-01-31T10', { unit: 'MONTH', count: 1 }, '2026-04-01', '2026-03-31T10', '2026-04-30T10'],
  ['2026-01-31T10', { unit: 'MONTH', count: 1 }, '2026-04-30T10', '2026-04-30T10', '2026-05-31T10'],
  ['2028-01-31T10', { unit: 'MONTH', count: 1 }, '2028-03-01', '2028-02-29T10', '2028-03-31T10'],
  ['2026-03-01', { unit: 'MONTH', count: 1 }, '2026-03-17', '2026-03-01', '2026-04-01'],
  // A leap day is 28 February in the years without one.
  ['2028-02-29', { unit: 'YEAR', count: 1 }, '2029-06-01', '2029-02-28', '2030-02-28'],
  ['2028-02-29', { unit: 'YEAR', count: 4 }, '2031-12-31', '2028-02-29', '2032-02-29'],
  ['2028-02-29', { unit: 'YEAR', count: 1 }, '2032-02-28', '2031-02-28', '2032-02-29'],
  ['2024-01-01', { unit: 'WEEK', count: 1 }, '2024-01-03T15', '2024-01-01', '2024-01-08'],
  [
    '2026-05-18T09:20',
    { unit: 'HOUR', count: 1 },
    '2026-05-18T14:05',
    '2026-05-18T13:20',
    '2026-05-18T14:20',
  ],
  // Before the anchor.
  ['2026-03-31', { unit: 'MONTH', count: 1 }, '2026-03-30', '2026-02-28', '2026-03-31'],
  ['2026-03-31', { unit: 'MONTH', count: 3 }, '2025-12-30', '2025-09-30', '2025-12-31'],
  ['2026-05-18', { unit: 'DAY', count: 10 }, '2026-05-17T23:59:59.999', '2026-05-08', '2026-05-18'],
  ['1970-01-01', { unit: 'MINUTE', count: 1 }, '1969-12-31T23:59', '1969-12-31T23:59', '1970'],
]

/** Windows of a budget that was created at `created`, counted from that calendar unit. */
const cadences: readonly (readonly [Unit, number, string, string])[] = [
  ['MINUTE', 1, '2026-07-04T12:00', '2026-07-04T12:01'],
  ['MINUTE', 15, '2026-07-04T11:52', '2026-07-04T12:07'],
  ['HOUR', 1, '2026-07-04T12:00', '2026-07-04T13:00'],
  ['HOUR', 24, '2026-07-04T10:00', '2026-07-05T10:00'],
  ['DAY', 1, '2026-07-04', '2026-07-05'],
  ['DAY', 7, '2026-06-29', '2026-07-06'],
  ['DAY', 10, '2026-06-27', '2026-07-07'],
  ['DAY', 30, '2026-06-17', '2026-07-17'],
  ['WEEK', 1, '2026-06-29', '2026-07-06'],
  ['WEEK', 2, '2026-06-29', '2026-07-13'],
  ['MONTH', 1, '2026-07-01', '2026-08-01'],
  ['MONTH', 3, '2026-05-01', '2026-08-01'],
  ['MONTH', 12, '2026-05-01', '2027-05-01'],
  ['YEAR', 1, '2026-01-01', '2027-01-01'],
]

test('an instant is in the window that the table says', () => {
  for (const [anchor, span, instant, start, end] of windows)
    assert.deepEqual(
      windowAt(at(anchor), span, at(instant)),
      { start: at(start), end: at(end) },
      `${anchor} ${span.count} ${span.unit} ${instant}`,
    )
})

test('windows are counted from the start of the calendar unit of the creation', () => {
  for (const [unit, count, start, end] of cadences)
    assert.deepEqual(
      windowAt(floorTo(unit, at(created)), { unit, count }, at(july)),
      { start: at(start), end: at(end) },
      `${count} ${unit}`,
    )
})

test('the year 1 is not read as 1901', () => {
  const march = at('0001-03-31')
  assert.equal(addUnits(march, 'MONTH', -1), at('0001-02-28'))
  assert.equal(floorTo('YEAR', march), at('0001-01-01'))
})

test('the ends of the lifetime are infinite, and it contains every instant', () => {
  assert.deepEqual([LIFETIME.start, LIFETIME.end, at('2026-01-31')].map(boundToSql), [
    '-infinity',
    'infinity',
    '2026-01-31T00:00:00.000Z',
  ])
  assert.ok(contains(LIFETIME, at(created)))
})

test('a span without a whole number of units is a defect', () => {
  for (const count of [0, -1, 0.5, Number.NaN])
    assert.throws(() => windowAt(0, { unit: 'DAY', count }, 0))
})

const instant = fc.integer({ min: at('1900'), max: at('2200') })
const span: fc.Arbitrary<Span> = fc.record({
  unit: fc.constantFrom<Unit>('MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'YEAR'),
  count: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4000 })),
})

test('windows have no gaps and no overlaps, and are the same for each instant in them', () => {
  fc.assert(
    fc.property(
      instant,
      span,
      instant,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (a, s, t, f) => {
        const window = windowAt(a, s, t)
        assert.ok(contains(window, t))
        assert.equal(windowAt(a, s, window.end).start, window.end)
        assert.equal(windowAt(a, s, window.start - 1).end, window.start)
        const inside = window.start + Math.floor(f * (window.end - window.start - 1))
        assert.deepEqual(windowAt(a, s, inside), window)
      },
    ),
  )
})

test('the anchor begins a window, and each window begins on the day of the anchor or on the last of its month', () => {
  fc.assert(
    fc.property(instant, span, instant, (a, s, t) => {
      assert.equal(windowAt(a, s, a).start, a)
      if (s.unit !== 'MONTH' && s.unit !== 'YEAR') return
      const start = new Date(windowAt(a, s, t).start)
      const tomorrow = new Date(addUnits(start.getTime(), 'DAY', 1))
      assert.equal(start.getTime() - floorTo('DAY', start.getTime()), a - floorTo('DAY', a))
      assert.ok(
        start.getUTCDate() === new Date(a).getUTCDate() || tomorrow.getUTCDate() === 1,
        start.toISOString(),
      )
    }),
  )
})

/** How many characters of an ISO date-time identify the unit. */
const isoLengths = [
  ['MINUTE', 16],
  ['HOUR', 13],
  ['DAY', 10],
  ['MONTH', 7],
  ['YEAR', 4],
] as const

test('the calendar unit of an instant contains it and begins at the start of that unit', () => {
  fc.assert(
    fc.property(instant, fc.constantFrom(...isoLengths), (t, [unit, length]) => {
      const start = floorTo(unit, t)
      assert.ok(contains({ start, end: addUnits(start, unit, 1) }, t))
      const unitOf = (any: Instant) => new Date(any).toISOString().slice(0, length)
      assert.equal(unitOf(start), unitOf(t))
      assert.notEqual(unitOf(start - 1), unitOf(t))
    }),
  )
})

test('a week begins on the latest Monday up to the instant', () => {
  fc.assert(
    fc.property(instant, (t) => {
      const start = floorTo('WEEK', t)
      assert.equal(new Date(start).getUTCDay(), 1)
      assert.equal(start, floorTo('DAY', start))
      assert.ok(contains({ start, end: addUnits(start, 'WEEK', 1) }, t))
    }),
  )
})
