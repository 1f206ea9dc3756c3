import assert from 'node:assert/strict'
import { test } from 'node:test'
import { periodAnchor, periodOf, spanOf, windowOf } from './windows.ts'

const CREATED = Date.parse('2026-05-18T10:07:42Z')
const NOON = Date.parse('2026-07-04T12:00Z')
const written = (instant: number): string => new Date(instant).toISOString().replace(':00.000Z', '')

const WINDOWS: Readonly<Record<string, readonly [start: string, end: string]>> = {
  PT1M: ['2026-07-04T12:00', '2026-07-04T12:01'],
  PT1H: ['2026-07-04T12:00', '2026-07-04T13:00'],
  P1D: ['2026-07-04T00:00', '2026-07-05T00:00'],
  P1W: ['2026-06-29T00:00', '2026-07-06T00:00'],
  P1M: ['2026-07-01T00:00', '2026-08-01T00:00'],
  P3M: ['2026-05-01T00:00', '2026-08-01T00:00'],
  P10D: ['2026-06-27T00:00', '2026-07-07T00:00'],
  P30D: ['2026-06-17T00:00', '2026-07-17T00:00'],
  P1Y: ['2026-01-01T00:00', '2027-01-01T00:00'],
  P7D: ['2026-06-29T00:00', '2026-07-06T00:00'],
  P2W: ['2026-06-29T00:00', '2026-07-13T00:00'],
  P12M: ['2026-05-01T00:00', '2027-05-01T00:00'],
  PT24H: ['2026-07-04T10:00', '2026-07-05T10:00'],
  PT15M: ['2026-07-04T11:52', '2026-07-04T12:07'],
  MONTH: ['2026-07-01T00:00', '2026-08-01T00:00'],
}

for (const [cadence, expected] of Object.entries(WINDOWS))
  test(`a budget by ${cadence} counts from ${expected[0]} to ${expected[1]}`, () => {
    const { start, end } = windowOf(cadence, CREATED, NOON)
    assert.deepEqual([written(start), written(end)], expected)
  })

test('an invalid cadence is recognised', () => {
  const wrong = ['monthly', 'P1M10D', 'P0D', 'PT30S', 'p1m', 'P1.5D', 'P11Y', 'PT99999H', '', 'P']
  for (const cadence of wrong) assert.equal(spanOf(cadence), null, cadence)
  for (const cadence of ['P10Y', 'P120M', 'PT99999M']) assert.notEqual(spanOf(cadence), null)
})

test('months of an entitlement are counted from its start, and end on the last day of short months', () => {
  const start = Date.parse('2026-01-31T10:00Z')
  const reset = { unit: 'MONTH', accordingTo: 'SubscriptionStart' } as const
  const days = ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31']
  for (const [index, day] of days.slice(0, -1).entries()) {
    const period = periodOf(reset, start, Date.parse(`${day}T10:00Z`))
    const expected = [`${day}T10:00`, `${days[index + 1]}T10:00`]
    assert.deepEqual([written(period.start), written(period.end)], expected)
    assert.equal(periodOf(reset, start, period.start - 1).end, period.start)
  }
})

test('calendar weeks and months may begin before the entitlement', () => {
  const start = Date.parse('2024-01-03T15:00Z')
  const monday = { unit: 'WEEK', accordingTo: 'EveryMonday' } as const
  const first = { unit: 'MONTH', accordingTo: 'StartOfTheMonth' } as const
  assert.equal(written(periodAnchor(monday, start)), '2024-01-01T00:00')
  assert.equal(written(periodOf(monday, start, start).end), '2024-01-08T00:00')
  assert.equal(written(periodAnchor(first, start)), '2024-01-01T00:00')
  const march = periodOf(first, start, Date.parse('2024-03-17T00:00Z'))
  assert.deepEqual(
    [written(march.start), written(march.end)],
    ['2024-03-01T00:00', '2024-04-01T00:00'],
  )
})

test('hours are counted from the start of the entitlement', () => {
  const hour = { unit: 'HOUR', accordingTo: 'SubscriptionStart' } as const
  const period = periodOf(hour, Date.parse('2024-01-03T09:20Z'), Date.parse('2024-01-03T14:05Z'))
  assert.deepEqual(
    [written(period.start), written(period.end)],
    ['2024-01-03T13:20', '2024-01-03T14:20'],
  )
})
