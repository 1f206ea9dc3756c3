import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS, lineOf, SHOP, subscriptionFrom } from '../../test/support/subscription-line.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { timeline } from './timeline.ts'
import type { FutureUpdate, Line, Subscription, UpdateChange } from './types.ts'
import { type UpdateInput, updateSubscription } from './update-subscription.ts'

const START = Date.UTC(2026, 3, 1)
const AT = START + 15 * DAY_MS
const END_OF_PERIOD = Date.UTC(2026, 4, 1)
const SEATS = 'seats'
const seats = (count: number) => [{ featureKey: SEATS, quantity: wholeUnits(count) }]
const content = { addons: [], units: seats(5), overrides: [], metadata: {} }
const unitsTo = (count: number): UpdateChange => ({
  type: 'UNIT_AMOUNT',
  featureKey: SEATS,
  quantity: wholeUnits(count),
})
const addonTo = (quantity: number): UpdateChange => ({ type: 'ADDON', addonKey: 'more', quantity })
const toFree: UpdateChange = {
  type: 'DOWNGRADE',
  successor: { key: 'next', id: 'next', planKey: '4-other' },
  billingPeriod: 'MONTHLY',
  anchor: null,
  usageCutoff: 'ALWAYS_RESET',
  content,
}
const pending = (change: UpdateChange): FutureUpdate => ({
  status: 'SCHEDULED',
  at: END_OF_PERIOD,
  change,
})

const active = (...updates: readonly UpdateChange[]) =>
  subscriptionFrom(START, { content, updates: updates.map(pending) })
const trial = { at: AT + 5 * DAY_MS, endBehavior: 'CONVERT_TO_PAID', successor: null } as const
const inTrial = subscriptionFrom(START, {
  ...{ status: 'IN_TRIAL', anchor: null, periodStart: null, trial, content },
})
const cancellation = { at: AT + DAY_MS, successor: null }

const update = (line: Line, input: Partial<UpdateInput>) =>
  updateSubscription(
    line,
    'sub',
    { strategy: null, anchor: null, successor: null, ...input },
    { at: AT, packages: SHOP },
  )

/** The number of seats, the add-ons, the period, and what is pending. */
const shown = ({ content, billingPeriod, updates }: Subscription) =>
  [
    `${(content.units[0]?.quantity ?? 0n) / wholeUnits(1)} seats`,
    ...content.addons.map(({ addonKey, quantity }) => `${addonKey} × ${quantity}`),
    ...(billingPeriod === 'MONTHLY' ? [] : [billingPeriod]),
    ...updates
      .filter(({ status }) => status === 'SCHEDULED')
      .map(({ change }) => pendingText(change)),
  ].join(', ')

function pendingText(change: UpdateChange): string {
  if (change.type === 'UNIT_AMOUNT') return `then ${change.quantity / wholeUnits(1)} seats`
  if (change.type === 'ADDON') return `then ${change.addonKey} × ${change.quantity}`
  if (change.type === 'BILLING_PERIOD') return `then ${change.billingPeriod}`
  if (change.type === 'MIGRATE_TO_LATEST') return 'then newer versions'
  const of = (change.content.units[0]?.quantity ?? 0n) / wholeUnits(1)
  return `then ${change.successor.planKey} with ${of} seats`
}

const LATER = { strategy: 'END_OF_BILLING_PERIOD' } as const
const NOW = { strategy: 'IMMEDIATE' } as const
const more = (quantity: number) => ({ addons: [{ addonKey: 'more', quantity }] })

const rows: readonly (readonly [string, Subscription, Partial<UpdateInput>, string])[] = [
  ['more units now', active(), { units: seats(6) }, '6 seats'],
  ['fewer units, also now', active(), { units: seats(4) }, '4 seats'],
  ['fewer units later', active(), { units: seats(4), ...LATER }, '5 seats, then 4 seats'],
  // While fewer units are scheduled.
  ['fewer than scheduled', active(unitsTo(4)), { units: seats(3) }, '5 seats, then 3 seats'],
  ['more than scheduled', active(unitsTo(3)), { units: seats(4) }, '5 seats, then 4 seats'],
  ['as many as there are', active(unitsTo(3)), { units: seats(5) }, '5 seats'],
  ['more than there are', active(unitsTo(3)), { units: seats(6) }, '6 seats'],
  ['fewer at once', active(unitsTo(4)), { units: seats(3), ...NOW }, '3 seats'],
  ['more units later', active(unitsTo(4)), { units: seats(6), ...LATER }, '5 seats, then 6 seats'],
  // While something else is scheduled.
  [
    'a scheduled plan takes over more units',
    active(toFree),
    { units: seats(6) },
    '6 seats, then 4-other with 6 seats',
  ],
  ['other add-ons replace a scheduled plan', active(toFree), more(1), '5 seats, more × 1'],
  [
    'a later change replaces another one',
    active(addonTo(1)),
    { units: seats(4), ...LATER },
    '5 seats, then 4 seats',
  ],
  [
    'what is not mentioned stays scheduled',
    active(addonTo(1)),
    { metadata: { note: 'x' } },
    '5 seats, then more × 1',
  ],
  // Add-ons and periods.
  ['add-ons now', active(), more(2), '5 seats, more × 2'],
  ['add-ons later', active(), { ...more(2), ...LATER }, '5 seats, then more × 2'],
  ['a longer period', active(), { billingPeriod: 'ANNUALLY' }, '5 seats, ANNUALLY'],
  [
    'several parts later',
    active(),
    { ...more(1), units: seats(4), billingPeriod: 'ANNUALLY', ...LATER },
    '5 seats, then more × 1, then 4 seats, then ANNUALLY',
  ],
]
for (const [name, before, input, expected] of rows)
  test(`an update: ${name}`, () => {
    const [after] = update(lineOf(AT, before), input).line.subscriptions
    assert.equal(after && shown(after), expected)
  })

test('add-ons that leave together take effect together, whatever their order', () => {
  const addons = [
    { addonKey: 'more', quantity: 1 },
    { addonKey: 'top', quantity: 1 },
  ]
  const pins = ['2-basic', 'more', 'top'].map((packageKey) => ({ packageKey, version: 1 }))
  const before = subscriptionFrom(START, { content: { ...content, addons }, pins })
  const { line } = update(lineOf(AT, before), { addons: [], ...LATER })
  const [after] = timeline(line, END_OF_PERIOD, SHOP).line.subscriptions
  assert.deepEqual(
    [after?.content.addons, after?.updates.map(({ status }) => status), after?.pins.length],
    [[], ['DONE', 'DONE'], 1],
  )
})

test('a request that changes nothing is no change', () => {
  const line = lineOf(AT, active(addonTo(1)))
  assert.deepEqual(update(line, { units: seats(5), addons: [] }), { line, transitions: [] })
})

test('what is scheduled already is not scheduled again', () => {
  const inputs = [
    { units: seats(4), ...LATER },
    { ...more(2), ...LATER },
    { ...more(1), units: seats(4), billingPeriod: 'ANNUALLY' as const, ...LATER },
  ]
  for (const input of inputs) {
    const { line } = update(lineOf(AT, active()), input)
    assert.deepEqual(update(line, input), { line, transitions: [] })
  }
  const { line } = update(lineOf(AT, active()), { units: seats(4), ...LATER })
  assert.deepEqual(update(line, { units: seats(4) }), { line, transitions: [] })
})

test('a trial is extended, which removes its cancellation, or ends at once', () => {
  const line = lineOf(AT, { ...inTrial, cancellation })
  const endsAt = AT + 20 * DAY_MS
  const [longer] = update(line, { trialEndsAt: endsAt }).line.subscriptions
  assert.deepEqual([longer?.trial?.at, longer?.cancellation], [endsAt, null])
  for (const trialEndsAt of [AT, START]) {
    const { line: ended } = update(line, { trialEndsAt })
    const [sub] = timeline(ended, AT, SHOP).line.subscriptions
    assert.deepEqual([sub?.status, sub?.anchor], ['ACTIVE', AT])
  }
})

test('a subscription that waits for the end of a trial moves with it', () => {
  const follower = subscriptionFrom(trial.at, {
    ...{ key: 'later', id: 'later', planKey: '4-other', status: 'NOT_STARTED' },
    ...{ pins: [], followsTrial: 'sub' },
  })
  const line = lineOf(AT, inTrial, follower)
  const endsAt = AT + 20 * DAY_MS
  assert.equal(update(line, { trialEndsAt: endsAt }).line.subscriptions[1]?.startsAt, endsAt)
  const { line: ended } = update(line, { trialEndsAt: AT })
  assert.deepEqual(
    timeline(ended, AT, SHOP).line.subscriptions.map(({ status }) => status),
    ['CANCELED', 'ACTIVE'],
  )
})

test('a cancellation is scheduled and removed', () => {
  const line = lineOf(AT, active())
  const { line: scheduled } = update(line, { cancellationAt: AT + 1 })
  assert.equal(scheduled.subscriptions[0]?.cancellation?.at, AT + 1)
  const { line: removed } = update(scheduled, { cancellationAt: null })
  assert.deepEqual(removed, line)
})

test('a subscription that has not started changes now, and has no versions yet', () => {
  const waiting = subscriptionFrom(AT + DAY_MS, {
    ...{ status: 'NOT_STARTED', pins: [], anchor: null, periodStart: null },
  })
  const input = { ...more(2), billingPeriod: 'ANNUALLY' as const, units: seats(2) }
  const [after] = update(lineOf(AT, waiting), input).line.subscriptions
  assert.equal(after && shown(after), '2 seats, more × 2, ANNUALLY')
  assert.deepEqual([after?.pins, after?.anchor], [[], null])
})

const over = subscriptionFrom(START, { status: 'CANCELED', closedAt: AT })
const unpaid = subscriptionFrom(START, { status: 'PAYMENT_PENDING' })
const waiting = subscriptionFrom(AT + DAY_MS, { status: 'NOT_STARTED', pins: [] })
const free = subscriptionFrom(START, {
  ...{ pricingType: 'FREE', billingPeriod: null, anchor: null, periodStart: null },
})
const refused: readonly (readonly [string, Subscription, Partial<UpdateInput>, string])[] = [
  ['what is over', over, {}, 'SubscriptionAlreadyCanceledOrExpired'],
  ['what is not paid', unpaid, { units: seats(1) }, 'InvalidSubscriptionStatus'],
  ['the end of no trial', active(), { trialEndsAt: AT + 1 }, 'InvalidSubscriptionStatus'],
  ['a past cancellation', active(), { cancellationAt: AT }, 'InvalidCancellationDate'],
  [
    'a cancellation before the start',
    waiting,
    { cancellationAt: AT + 1 },
    'InvalidCancellationDate',
  ],
  [
    'a trial that is canceled later',
    inTrial,
    { cancellationAt: AT + 1 },
    'TrialMustBeCancelledImmediately',
  ],
  ['later, without periods', free, { ...more(1), ...LATER }, 'SchedulingAtEndOfBillingPeriod'],
  ['later, in a trial', inTrial, { ...more(1), ...LATER }, 'SchedulingAtEndOfBillingPeriod'],
  [
    'later, before the start',
    waiting,
    { ...more(1), ...LATER },
    'UnsupportedSubscriptionScheduleType',
  ],
  ['an add-on too often', active(), more(4), 'IncompatibleSubscriptionAddon'],
]
for (const [name, before, input, code] of refused)
  test(`an update is refused: ${name}`, () => {
    assert.throws(() => update(lineOf(AT, before), input), { code })
  })
