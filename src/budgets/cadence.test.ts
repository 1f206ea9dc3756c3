import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Instant, instantFromWire } from '../kernel/clock.ts'
import { inBody } from '../kernel/field.ts'
import { contains } from '../kernel/period.ts'
import { cadenceFromWire, countsAt, windowOf, windowsBetween } from './cadence.ts'

const at = (text: string): Instant => {
  const instant = instantFromWire(`${text}${'1970-01-01T00:00:00.000'.slice(text.length)}Z`)
  assert.ok(Number.isInteger(instant), text)
  return instant
}

const createdAt = at('2026-05-18T10:07:42')
const july = at('2026-07-04T12:00')

/** A cadence, the start of its first window, and its window that contains 4 July, 12:00. */
const windows: readonly (readonly [string, string, string, string])[] = [
  ['PT1M', '2026-05-18T10:07', '2026-07-04T12:00', '2026-07-04T12:01'],
  ['PT1H', '2026-05-18T10', '2026-07-04T12', '2026-07-04T13'],
  ['P1D', '2026-05-18', '2026-07-04', '2026-07-05'],
  ['P1W', '2026-05-18', '2026-06-29', '2026-07-06'],
  ['P1M', '2026-05-01', '2026-07-01', '2026-08-01'],
  ['P3M', '2026-05-01', '2026-05-01', '2026-08-01'],
  ['P10D', '2026-05-18', '2026-06-27', '2026-07-07'],
  ['P30D', '2026-05-18', '2026-06-17', '2026-07-17'],
  ['P1Y', '2026-01-01', '2026-01-01', '2027-01-01'],
  ['P7D', '2026-05-18', '2026-06-29', '2026-07-06'],
  ['P2W', '2026-05-18', '2026-06-29', '2026-07-13'],
  ['P12M', '2026-05-01', '2026-05-01', '2027-05-01'],
  ['PT24H', '2026-05-18T10', '2026-07-04T10', '2026-07-05T10'],
  ['PT15M', '2026-05-18T10:07', '2026-07-04T11:52', '2026-07-04T12:07'],
]

test('a budget created on 18 May, 10:07:42, has the windows of the table on 4 July at noon', () => {
  for (const [cadence, from, start, end] of windows) {
    const budget = { cadence, isLevel: false, createdAt }
    assert.deepEqual(windowOf(budget, july), { start: at(start), end: at(end) }, cadence)
    assert.equal(windowOf(budget, createdAt).start, at(from), cadence)
  }
})

test('a cadence has one unit, is at least one of it, and is at most ten years long', () => {
  for (const [sent, meant] of [
    ['P1Y', 'P1Y'],
    ['P1M', 'P1M'],
    ['MONTH', 'P1M'],
    ['P12M', 'P12M'],
    ['PT1M', 'PT1M'],
    ['P10Y', 'P10Y'],
    ['P120M', 'P120M'],
    ['P521W', 'P521W'],
    ['P3650D', 'P3650D'],
    ['PT87600H', 'PT87600H'],
    ['PT99999M', 'PT99999M'],
  ] as const)
    assert.equal(cadenceFromWire(sent, inBody('cadence')), meant)
  const beyond = ['P11Y', 'P121M', 'P522W', 'P3651D', 'PT87601H']
  const malformed = [
    '',
    'month',
    'monthly',
    'DAY',
    'P',
    'PT',
    'P0M',
    'P01M',
    'P1M10D',
    'P1MT1M',
    'P1.5D',
    'PT30S',
    'P1H',
    'PT1D',
    'p1m',
    ' P1M',
    'P1M\n',
    '-P1M',
    'P10000D',
    'PT100000M',
    'PT5256000M',
    'toString',
    'constructor',
  ]
  for (const text of beyond)
    assert.throws(
      () => cadenceFromWire(text, inBody('cadence')),
      /^ApiError: cadence .*ten years/,
      text,
    )
  for (const text of malformed)
    assert.throws(
      () => cadenceFromWire(text, inBody('cadence')),
      /^ApiError: cadence .*ISO 8601 .*: P<n>Y, .* PT<n>M up to 99999/,
      text,
    )
})

const cadence = fc.constantFrom(...windows.map(([text]) => text), 'P5W', 'P2Y', 'PT99999M', 'P10Y')
const instant = fc.integer({ min: at('1990'), max: at('2190') })

test('windows have no gaps and no overlaps, and usage counts from the creation of the budget on', () => {
  fc.assert(
    fc.property(cadence, instant, instant, (text, made, when) => {
      const budget = { cadence: text, isLevel: false, createdAt: made }
      const window = windowOf(budget, when)
      assert.ok(contains(window, when))
      assert.equal(windowOf(budget, window.end).start, window.end)
      assert.equal(windowOf(budget, window.start - 1).end, window.start)
      assert.ok(contains(windowOf(budget, made), made))
      assert.equal(countsAt(budget, when), when >= made)
    }),
  )
})

test('the windows between two instants begin with that of the first and end with that of the second', () => {
  fc.assert(
    fc.property(cadence, instant, instant, fc.nat(7_200_000), (text, made, from, length) => {
      const budget = { cadence: text, isLevel: false, createdAt: made }
      const found = windowsBetween(budget, from, from + length)
      assert.deepEqual(found[0], windowOf(budget, from))
      assert.deepEqual(found.at(-1), windowOf(budget, from + length))
      for (const [index, window] of found.entries())
        if (index > 0) assert.equal(found[index - 1]?.end, window.start)
    }),
  )
})
