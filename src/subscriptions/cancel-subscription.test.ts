import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS, lineOf, SHOP, subscriptionFrom } from '../../test/support/subscription-line.ts'
import { type CancelInput, cancelSubscription, type Journey } from './cancel-subscription.ts'
import type { Subscription } from './types.ts'

const START = Date.UTC(2026, 3, 1)
const AT = START + 10 * DAY_MS
const END_OF_PERIOD = Date.UTC(2026, 4, 1)
const plain: CancelInput = { time: null, endsAt: null, action: 'DEFAULT' }
const journey: Journey = { cancellationTime: 'IMMEDIATE', successor: null }
const downgrading: Journey = {
  ...journey,
  successor: { key: 'next', id: 'next', planKey: '1-free' },
}

const active = subscriptionFrom(START)
const free = subscriptionFrom(START, {
  ...{ planKey: '1-free', pricingType: 'FREE', billingPeriod: null },
  ...{ anchor: null, periodStart: null },
})
const inTrial = subscriptionFrom(START, {
  ...{ status: 'IN_TRIAL', anchor: null, periodStart: null },
  trial: { at: AT + 5 * DAY_MS, endBehavior: 'CONVERT_TO_PAID', successor: null },
})
const waiting = subscriptionFrom(AT + DAY_MS, { status: 'NOT_STARTED', pins: [] })
const over = subscriptionFrom(START, { status: 'EXPIRED', closedAt: AT })

const cancel = (of: Subscription, input: Partial<CancelInput>, by: Journey) =>
  cancelSubscription(
    lineOf(AT, of),
    of.key,
    { input: { ...plain, ...input }, journey: by },
    { at: AT, packages: SHOP },
  )

/** `id: status reason closedAt cancellation` of each subscription. */
const shown = (of: Subscription) =>
  [of.id, of.status, of.cancelReason, of.closedAt, of.cancellation?.at ?? null] as const

const now = ['sub', 'CANCELED', 'Immediate', AT, null] as const
const later = (at: number) => ['sub', 'ACTIVE', null, null, at] as const
const next = ['next', 'ACTIVE', null, null, null] as const
const byPeriod: Journey = { ...journey, cancellationTime: 'END_OF_BILLING_PERIOD' }
type Row = readonly [string, Subscription, Partial<CancelInput>, Journey, readonly unknown[]]

const rows: readonly Row[] = [
  ['now', active, { time: 'IMMEDIATE' }, byPeriod, [now]],
  ['as the product prefers: now', active, {}, journey, [now]],
  ['as the product prefers: at the end', active, {}, byPeriod, [later(END_OF_PERIOD)]],
  ['at the end', active, { time: 'END_OF_BILLING_PERIOD' }, journey, [later(END_OF_PERIOD)]],
  ['on a date', active, { time: 'SPECIFIC_DATE', endsAt: AT + 1 }, journey, [later(AT + 1)]],
  [
    'a free one on a date',
    free,
    { time: 'SPECIFIC_DATE', endsAt: AT + 1 },
    journey,
    [later(AT + 1)],
  ],
  ['a free one, where ends are preferred', free, {}, byPeriod, [now]],
  ['a trial', inTrial, { time: 'IMMEDIATE' }, journey, [now]],
  ['a trial, where ends are preferred', inTrial, {}, byPeriod, [now]],
  ['one that has not started', waiting, { time: 'END_OF_BILLING_PERIOD' }, byPeriod, [now]],
  ['and a free plan follows', active, {}, downgrading, [now, next]],
  ['and nothing follows on request', active, { action: 'REVOKE_ENTITLEMENTS' }, downgrading, [now]],
  ['and a plan does not follow itself', free, {}, downgrading, [now]],
  ['and nothing follows what has not started', waiting, {}, downgrading, [now]],
]
for (const [name, of, input, by, expected] of rows)
  test(`a subscription is canceled: ${name}`, () => {
    assert.deepEqual(cancel(of, input, by).line.subscriptions.map(shown), expected)
  })

test('a cancellation that is scheduled already is no change', () => {
  for (const by of [byPeriod, { ...byPeriod, successor: downgrading.successor }]) {
    const { line } = cancel(active, {}, by)
    const again = { input: plain, journey: by }
    const moment = { at: AT, packages: SHOP }
    assert.deepEqual(cancelSubscription(line, 'sub', again, moment), { line, transitions: [] })
  }
})

type Refusal = readonly [string, Subscription, Partial<CancelInput>, string]
const refused: readonly Refusal[] = [
  ['what is over', over, {}, 'SubscriptionAlreadyCanceledOrExpired'],
  [
    'a trial at the end',
    inTrial,
    { time: 'END_OF_BILLING_PERIOD' },
    'TrialMustBeCancelledImmediately',
  ],
  [
    'a trial on a date',
    inTrial,
    { time: 'SPECIFIC_DATE', endsAt: AT + 1 },
    'TrialMustBeCancelledImmediately',
  ],
  [
    'at the end of a period that it does not have',
    free,
    { time: 'END_OF_BILLING_PERIOD' },
    'SubscriptionDoesNotHaveBillingPeriod',
  ],
  ['on no date', active, { time: 'SPECIFIC_DATE' }, 'InvalidCancellationDate'],
  [
    'on a date that is now',
    active,
    { time: 'SPECIFIC_DATE', endsAt: AT },
    'InvalidCancellationDate',
  ],
  ['now with a date', active, { time: 'IMMEDIATE', endsAt: AT + 1 }, 'InvalidArgumentError'],
]
for (const [name, of, input, code] of refused)
  test(`a cancellation is refused: ${name}`, () => {
    assert.throws(() => cancel(of, input, journey), { code })
  })
