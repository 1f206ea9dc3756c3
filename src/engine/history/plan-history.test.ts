import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../../kernel/errors.ts'
import { addUnits, LIFETIME, type Window, windowAt } from '../../kernel/period.ts'
import { planHistory, refuseRange } from './plan-history.ts'

const at = (text: string) => Date.parse(`${text}Z`)
const monthly = (anchor: number) => (instant: number) =>
  windowAt(anchor, { unit: 'MONTH', count: 1 }, instant)
const never = (): Window => LIFETIME

const cutsOf = (start: string, end: string, periodAt = never as (at: number) => Window) => {
  const plan = planHistory({ start: at(start), end: at(end) }, periodAt)
  return plan.segments.map(({ window, isFirst }) =>
    [new Date(window.start).toISOString().slice(0, 16), ...(isFirst ? ['reset'] : [])].join(' '),
  )
}

test('up to two days are divided into hours, up to 92 days into days, longer ranges into months', () => {
  assert.deepEqual(cutsOf('2026-05-01T10:20', '2026-05-01T12:00'), [
    '2026-05-01T10:20',
    '2026-05-01T11:00',
  ])
  assert.equal(cutsOf('2026-05-01T00:00', '2026-05-03T00:00').length, 48)
  assert.equal(cutsOf('2026-05-01T00:00', '2026-05-03T00:01').length, 3)
  assert.equal(cutsOf('2026-05-01T00:00', '2026-08-01T00:00').length, 92)
  assert.deepEqual(cutsOf('2026-05-15T00:00', '2026-08-20T00:00'), [
    '2026-05-15T00:00',
    '2026-06-01T00:00',
    '2026-07-01T00:00',
    '2026-08-01T00:00',
  ])
})

test('a history is divided where periods begin, including a period that begins at its start', () => {
  const periodAt = monthly(at('2026-01-31T10:20'))
  assert.deepEqual(cutsOf('2026-02-27T00:00', '2026-03-01T00:01', periodAt), [
    '2026-02-27T00:00',
    '2026-02-28T00:00',
    '2026-02-28T10:20 reset',
    '2026-03-01T00:00',
  ])
  const plan = planHistory({ start: at('2026-02-27T00:00'), end: at('2026-02-28T00:00') }, periodAt)
  assert.deepEqual(plan.before, { start: at('2026-01-31T10:20'), end: at('2026-02-27T00:00') })
  const begun = planHistory(
    { start: at('2026-02-28T10:20'), end: at('2026-02-28T10:21') },
    periodAt,
  )
  assert.equal(begun.before, null)
  assert.equal(begun.segments[0]?.isFirst, true)
  assert.deepEqual(planHistory({ start: 5, end: 6 }, never).before, {
    start: LIFETIME.start,
    end: 5,
  })
})

test('the segments of a history are contiguous from its start to its end', () => {
  const range = fc
    .tuple(fc.integer({ min: 0, max: 3e12 }), fc.integer({ min: 1, max: 3e11 }))
    .map(([start, length]) => ({ start, end: start + length }))
  fc.assert(
    fc.property(range, fc.integer({ min: 0, max: 3e12 }), (asked, anchor) => {
      const { before, segments } = planHistory(asked, monthly(anchor))
      const stretches = [...(before === null ? [] : [before]), ...segments.map((s) => s.window)]
      stretches.forEach(({ start, end }, index) => {
        assert.ok(start < end)
        assert.equal(end, stretches[index + 1]?.start ?? asked.end)
        const period = monthly(anchor)(start)
        assert.ok(end <= period.end, 'a stretch lies in one period')
      })
      assert.equal(segments[0]?.window.start, asked.start)
      const isReset = (start: number) => monthly(anchor)(start).start === start
      for (const { window, isFirst } of segments) assert.equal(isFirst, isReset(window.start))
    }),
  )
})

const impossible = (error: unknown) =>
  error instanceof ApiError && error.code === 'InvalidArgumentError'

test('a range that is empty, too long, or has too many resets is refused', () => {
  const start = at('2026-05-01T00:00')
  const tenYears = addUnits(start, 'YEAR', 10)
  refuseRange({ start, end: tenYears }, 0)
  assert.equal(planHistory({ start, end: tenYears }, never).segments.length, 120)
  for (const range of [
    { start, end: start },
    { start, end: start - 1 },
    { start: -1, end: start },
    { start, end: tenYears + 2 },
  ])
    assert.throws(() => refuseRange(range, 0), impossible)
  const hourly = (instant: number) => windowAt(0, { unit: 'HOUR', count: 1 }, instant)
  assert.throws(() => planHistory({ start, end: addUnits(start, 'YEAR', 1) }, hourly), impossible)
})
