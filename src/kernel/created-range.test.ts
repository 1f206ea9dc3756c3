import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createdRange } from './created-range.ts'

const at = (text: string) => Date.parse(text)

test('bounds are exact, even for fractions of a millisecond', () => {
  const whole = at('2026-05-18T10:07:42.123Z')
  const cases = [
    ['2026-05-18T10:07:42.123Z', whole, whole + 1],
    ['2026-05-18T10:07:42.123000000Z', whole, whole + 1],
    ['2026-05-18T10:07:42.1230001Z', whole + 1, whole + 1],
    ['2026-05-18T10:07:42.1229999Z', whole, whole],
    ['2026-05-18t10:07:42.123z', whole, whole + 1],
    ['2026-05-18 12:07:42.123+02:00', whole, whole + 1],
    ['2026-05-18T06:37:42.123-0330', whole, whole + 1],
    ['2026-05-18T15:07:42.123+05', whole, whole + 1],
  ] as const
  for (const [text, reached, passed] of cases) {
    assert.deepEqual(createdRange({ gte: text }), { from: reached, until: null }, text)
    assert.deepEqual(createdRange({ gt: text }), { from: passed, until: null }, text)
    assert.deepEqual(createdRange({ lt: text }), { from: null, until: reached }, text)
    assert.deepEqual(createdRange({ lte: text }), { from: null, until: passed }, text)
  }
})

test('fractions of any length, leap seconds and the first and last years are read', () => {
  const from = (gte: string) => createdRange({ gte }).from
  assert.equal(from('2026-05-18T10:07:42Z'), at('2026-05-18T10:07:42.000Z'))
  assert.equal(from('2026-05-18T10:07:42.5Z'), at('2026-05-18T10:07:42.500Z'))
  assert.equal(from('2016-12-31T23:59:60Z'), at('2017-01-01T00:00:00Z'))
  assert.equal(from('0001-01-01T00:00:00Z'), at('0001-01-01T00:00:00Z'))
  assert.equal(from('9999-12-31T23:59:59.999Z'), at('9999-12-31T23:59:59.999Z'))
})

test('an absent filter is unbounded, and of two bounds on one side the narrower one applies', () => {
  assert.deepEqual(createdRange(undefined), { from: null, until: null })
  assert.deepEqual(createdRange({}), { from: null, until: null })
  const early = '2026-01-01T00:00:00Z'
  const late = '2026-02-01T00:00:00Z'
  assert.deepEqual(createdRange({ gt: early, gte: late, lt: early, lte: late }), {
    from: at(late),
    until: at(early),
  })
})

test('a whole millisecond is in the range exactly if it matches the filter', () => {
  const instant = fc.integer({ min: 0, max: 4_102_444_800_000 })
  const bound = fc.option(
    fc.tuple(instant, fc.integer({ min: 0, max: 999 })).map(([ms, micros]) => ({ ms, micros })),
    { nil: undefined },
  )
  type Bound = { ms: number; micros: number }
  const text = ({ ms, micros }: Bound) =>
    `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`
  const distance = (now: number, { ms, micros }: Bound) => (now - ms) * 1000 - micros
  fc.assert(
    fc.property(
      fc.record({ gt: bound, gte: bound, lt: bound, lte: bound }),
      instant,
      (filter, any) => {
        const { gt, gte, lt, lte } = filter
        const sent = Object.fromEntries(
          Object.entries(filter).flatMap(([name, value]) => (value ? [[name, text(value)]] : [])),
        )
        const { from, until } = createdRange(sent)
        const near = [gt, gte, lt, lte].flatMap((b) => (b ? [b.ms - 1, b.ms, b.ms + 1] : []))
        for (const now of [any, ...near]) {
          const wanted =
            (gt === undefined || distance(now, gt) > 0) &&
            (gte === undefined || distance(now, gte) >= 0) &&
            (lt === undefined || distance(now, lt) < 0) &&
            (lte === undefined || distance(now, lte) <= 0)
          assert.equal((from === null || now >= from) && (until === null || now < until), wanted)
        }
      },
    ),
  )
})
