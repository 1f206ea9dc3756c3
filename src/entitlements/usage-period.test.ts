import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ResetAnchor, ResetPeriod } from '../api.gen.ts'
import { WEEK_ANCHORS } from '../catalog/features/index.ts'
import { contains, LIFETIME } from '../kernel/period.ts'
import type { Reset } from './types.ts'
import { usagePeriod, usageWindow } from './usage-period.ts'

const at = (text: string) => Date.parse(`${text}Z`)

/**
 * Reset period, calendar anchor, start of the source, now; and the anchor, start and end of the
 * usage period.
 */
const periods: readonly (readonly [ResetPeriod, ResetAnchor | null, string, string, string[]])[] = [
  [
    'MONTH',
    'SubscriptionStart',
    '2026-01-31T10:00',
    '2026-04-15T00:00',
    ['2026-01-31T10:00', '2026-03-31T10:00', '2026-04-30T10:00'],
  ],
  [
    'MONTH',
    'SubscriptionStart',
    '2026-01-31T10:00',
    '2026-02-28T09:59',
    ['2026-01-31T10:00', '2026-01-31T10:00', '2026-02-28T10:00'],
  ],
  [
    'MONTH',
    'SubscriptionStart',
    '2026-01-31T10:00',
    '2026-04-30T10:00',
    ['2026-01-31T10:00', '2026-04-30T10:00', '2026-05-31T10:00'],
  ],
  [
    'MONTH',
    null,
    '2026-01-31T10:00',
    '2026-02-28T10:00',
    ['2026-01-31T10:00', '2026-02-28T10:00', '2026-03-31T10:00'],
  ],
  [
    'MONTH',
    'StartOfTheMonth',
    '2026-02-10T08:00',
    '2026-03-17T00:00',
    ['2026-02-01T00:00', '2026-03-01T00:00', '2026-04-01T00:00'],
  ],
  [
    'WEEK',
    'EveryMonday',
    '2024-01-03T15:00',
    '2024-01-05T00:00',
    ['2024-01-01T00:00', '2024-01-01T00:00', '2024-01-08T00:00'],
  ],
  [
    'WEEK',
    'EverySunday',
    '2026-05-18T10:07',
    '2026-05-25T00:00',
    ['2026-05-17T00:00', '2026-05-24T00:00', '2026-05-31T00:00'],
  ],
  [
    'WEEK',
    'SubscriptionStart',
    '2026-05-18T10:07',
    '2026-05-25T10:06',
    ['2026-05-18T10:07', '2026-05-18T10:07', '2026-05-25T10:07'],
  ],
  [
    'DAY',
    null,
    '2026-05-18T10:07',
    '2026-05-20T09:00',
    ['2026-05-18T10:07', '2026-05-19T10:07', '2026-05-20T10:07'],
  ],
  [
    'HOUR',
    null,
    '2026-05-18T09:20',
    '2026-05-18T14:05',
    ['2026-05-18T09:20', '2026-05-18T13:20', '2026-05-18T14:20'],
  ],
  [
    'YEAR',
    'SubscriptionStart',
    '2028-02-29T00:00',
    '2029-03-01T00:00',
    ['2028-02-29T00:00', '2029-02-28T00:00', '2030-02-28T00:00'],
  ],
]

test('usage counts in the period that the table says', () => {
  for (const [period, accordingTo, begun, now, [anchor = '', start = '', end = '']] of periods)
    assert.deepEqual(
      usagePeriod({ reset: { period, accordingTo }, anchor: at(begun) }, at(now)),
      { anchor: at(anchor), window: { start: at(start), end: at(end) } },
      `${period} ${accordingTo} ${begun} ${now}`,
    )
})

test('without a reset, usage counts for all time', () => {
  assert.equal(usagePeriod({ reset: null, anchor: 0 }, at('2026-05-18T10:07')), null)
  assert.equal(
    usageWindow({ reset: null, anchor: 0, countsFrom: 9 }, at('2026-05-18T10:07')),
    LIFETIME,
  )
})

const instant = fc.integer({ min: at('2000-01-01T00:00'), max: at('2100-01-01T00:00') })

test('a week that starts on a given weekday starts at midnight and contains the present', () => {
  fc.assert(
    fc.property(instant, instant, fc.nat({ max: 6 }), (begun, now, day) => {
      const reset: Reset = { period: 'WEEK', accordingTo: WEEK_ANCHORS[day] ?? null }
      const window = usageWindow({ reset, anchor: begun, countsFrom: null }, now)
      assert.ok(contains(window, now))
      assert.equal(new Date(window.start).getUTCDay(), day)
      assert.equal(window.start % 86_400_000, 0)
      assert.equal(window.end - window.start, 7 * 86_400_000)
    }),
  )
})

test('usage that starts again from 0 divides the period in which it does', () => {
  const reset: Reset = { period: 'MONTH', accordingTo: 'StartOfTheMonth' }
  const from = at('2026-05-18T10:07')
  const windowAt = (now: string) => {
    const { start, end } = usageWindow({ reset, anchor: from, countsFrom: from }, at(now))
    return [start, end].map((instant) => new Date(instant).toISOString().slice(0, 16))
  }
  assert.deepEqual(windowAt('2026-05-18T10:07'), ['2026-05-18T10:07', '2026-06-01T00:00'])
  assert.deepEqual(windowAt('2026-05-31T23:59'), ['2026-05-18T10:07', '2026-06-01T00:00'])
  assert.deepEqual(windowAt('2026-05-18T10:06'), ['2026-05-01T00:00', '2026-05-18T10:07'])
  assert.deepEqual(windowAt('2026-06-01T00:00'), ['2026-06-01T00:00', '2026-07-01T00:00'])
  assert.deepEqual(windowAt('2026-04-30T23:59'), ['2026-04-01T00:00', '2026-05-01T00:00'])
})

test('windows follow each other without a gap, and usage starts again from 0 at the given instant', () => {
  const periods = fc.constantFrom(
    'HOUR' as const,
    'DAY' as const,
    'MONTH' as const,
    'YEAR' as const,
  )
  fc.assert(
    fc.property(instant, instant, instant, periods, (anchor, countsFrom, now, period) => {
      const effective = { reset: { period, accordingTo: null }, anchor, countsFrom }
      const window = usageWindow(effective, now)
      assert.ok(contains(window, now))
      assert.ok(!(window.start < countsFrom && countsFrom < window.end))
      assert.equal(usageWindow(effective, window.end).start, window.end)
      assert.equal(usageWindow(effective, window.start - 1).end, window.start)
    }),
  )
})
