import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { subscriptionFrom } from '../../test/support/subscription-line.ts'
import { inBody } from '../kernel/field.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { effectOf, scheduleUnits } from './schedule-change.ts'
import { timeline } from './timeline.ts'

const where = inBody('scheduleStrategy')
const ANNUAL_START = Date.parse('2023-06-10T11:22:33.001Z')
const AT = Date.parse('2024-10-20T00:00:00.000Z')
const annual = timeline(
  {
    subscriptions: [subscriptionFrom(ANNUAL_START, { billingPeriod: 'ANNUALLY' })],
    settledAt: ANNUAL_START,
  },
  AT,
  new Map(),
).line.subscriptions[0]

/** The published example. */
const rows = [
  [null, '2024-10-20T00:00:00.000Z'],
  ['IMMEDIATE', '2024-10-20T00:00:00.000Z'],
  ['END_OF_BILLING_MONTH', '2024-11-10T11:22:33.001Z'],
  ['END_OF_BILLING_PERIOD', '2025-06-10T11:22:33.001Z'],
] as const
for (const [strategy, expected] of rows)
  test(`a change of an annual subscription with the strategy ${strategy}`, () => {
    assert.ok(annual)
    assert.equal(new Date(effectOf(annual, strategy, { at: AT, where })).toISOString(), expected)
  })

test('on a monthly subscription both ends are the same', () => {
  const start = Date.UTC(2026, 0, 31)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40_000_000_000 }), (later) => {
      const at = start + later
      const line = { subscriptions: [subscriptionFrom(start)], settledAt: start }
      const [monthly] = timeline(line, at, new Map()).line.subscriptions
      assert.ok(monthly)
      assert.equal(
        effectOf(monthly, 'END_OF_BILLING_MONTH', { at, where }),
        effectOf(monthly, 'END_OF_BILLING_PERIOD', { at, where }),
      )
    }),
    { numRuns: 30 },
  )
})

for (const strategy of ['END_OF_BILLING_PERIOD', 'END_OF_BILLING_MONTH'] as const)
  test(`a subscription without billing periods refuses ${strategy}`, () => {
    const free = subscriptionFrom(AT, { billingPeriod: null, anchor: null, periodStart: null })
    assert.throws(() => effectOf(free, strategy, { at: AT, where }), {
      code: 'SchedulingAtEndOfBillingPeriod',
    })
  })

/** Current, scheduled, asked; then current and scheduled. */
const units = [
  [5, 4, 3, 5, 3],
  [5, 3, 4, 5, 4],
  [5, 3, 3, 5, 3],
  [5, 3, 5, 5, null],
  [5, 3, 6, 6, null],
  [5, null, 3, 3, null],
  [5, null, 5, 5, null],
  [5, null, 6, 6, null],
] as const
for (const [current, scheduled, asked, after, next] of units)
  test(`${current} units, ${scheduled} scheduled, ${asked} asked`, () => {
    const whole = (count: number | null) => (count === null ? null : wholeUnits(count))
    assert.deepEqual(
      scheduleUnits(
        { current: wholeUnits(current), scheduled: whole(scheduled) },
        wholeUnits(asked),
      ),
      { current: wholeUnits(after), scheduled: whole(next) },
    )
  })
