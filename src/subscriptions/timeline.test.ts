import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DAY_MS,
  lineOf,
  packagesOf,
  planOf,
  SHOP,
  subscriptionFrom,
} from '../../test/support/subscription-line.ts'
import { eventsOf } from './announce-transition.ts'
import { currentBillingPeriod } from './billing-period.ts'
import { lineAt, nextChange, nextInstant, timeline } from './timeline.ts'
import type { FutureUpdate, Line, Packages, Subscription, Successor, Transition } from './types.ts'

const START = Date.UTC(2026, 3, 1)
const DUE = Date.UTC(2026, 3, 16)
const successor: Successor = { key: 'next', id: 'next', planKey: '1-free' }
const scheduled = (startsAt: number, parts: Partial<Subscription> = {}): Subscription =>
  subscriptionFrom(startsAt, {
    ...{ key: 'later', id: 'later', planKey: '3-pro', status: 'NOT_STARTED' },
    ...{ anchor: null, periodStart: null, pins: [], createdAt: START },
    ...parts,
  })
const trialUntil = (at: number, parts: Partial<Subscription> = {}): Subscription =>
  subscriptionFrom(START, {
    ...{ status: 'IN_TRIAL', anchor: null, periodStart: null },
    trial: { at, endBehavior: 'CONVERT_TO_PAID', successor: null },
    ...parts,
  })
const ending = { at: DUE, successor: null }
const plan = {
  successor: { key: 'next', id: 'next', planKey: '1-free' },
  billingPeriod: null,
  anchor: null,
  usageCutoff: 'ALWAYS_RESET',
  content: { addons: [], units: [], overrides: [], metadata: {} },
} as const
const downgrade: FutureUpdate = {
  status: 'SCHEDULED',
  at: DUE,
  change: { type: 'DOWNGRADE', ...plan },
}

/** `id: events → status (reason)`, without the starts of periods and the ends of months. */
const told = (transitions: readonly Transition[]): string[] =>
  transitions
    .filter(({ kind }) => !['PERIOD_STARTED', 'BILLING_MONTH_ENDS_SOON'].includes(kind))
    .map((transition) => {
      const { id, status, cancelReason } = transition.after
      const names = eventsOf(transition).map((name) => name.replace('subscription.', ''))
      return `${id}: ${names.join(' + ')} → ${status}${cancelReason ? ` (${cancelReason})` : ''}`
    })

/** The rows of the table of states that time brings. Everything is due at DUE. */
const rows: readonly (readonly [string, Line, readonly string[]])[] = [
  [
    'an unpaid subscription expires',
    lineOf(START, subscriptionFrom(START, { status: 'PAYMENT_PENDING', paymentUntil: DUE })),
    ['sub: expired → EXPIRED (PENDING_PAYMENT_EXPIRED)'],
  ],
  ['a scheduled subscription starts', lineOf(START, scheduled(DUE)), ['later: updated → ACTIVE']],
  [
    'a scheduled subscription starts with its trial',
    lineOf(
      START,
      scheduled(DUE, {
        trial: { at: DUE + 2 * DAY_MS, endBehavior: 'CONVERT_TO_PAID', successor: null },
      }),
    ),
    ['later: updated + trial_started → IN_TRIAL'],
  ],
  [
    'a scheduled subscription waits for its payment',
    lineOf(START, scheduled(DUE, { firstPayment: 'BEFORE_CHARGE' })),
    ['later: updated → PAYMENT_PENDING'],
  ],
  [
    'a scheduled subscription takes the place of another one',
    lineOf(START, subscriptionFrom(START), scheduled(DUE)),
    ['sub: canceled → CANCELED (UPGRADE_OR_DOWNGRADE)', 'later: updated → ACTIVE'],
  ],
  [
    'a trial becomes paid',
    lineOf(START + 10 * DAY_MS, trialUntil(DUE)),
    ['sub: trial_converted → ACTIVE'],
  ],
  [
    'a trial waits for its payment',
    lineOf(START + 10 * DAY_MS, trialUntil(DUE, { firstPayment: 'BEFORE_CHARGE' })),
    ['sub: trial_converted → PAYMENT_PENDING'],
  ],
  [
    'a trial ends',
    lineOf(
      START + 10 * DAY_MS,
      trialUntil(DUE, { trial: { ...ending, endBehavior: 'CANCEL_SUBSCRIPTION' } }),
    ),
    ['sub: trial_expired → CANCELED (TRIAL_ENDED)'],
  ],
  [
    'a free plan follows a trial',
    lineOf(
      START + 10 * DAY_MS,
      trialUntil(DUE, { trial: { at: DUE, successor, endBehavior: 'CANCEL_SUBSCRIPTION' } }),
    ),
    ['sub: trial_expired → CANCELED (TRIAL_ENDED)', 'next: created → ACTIVE'],
  ],
  [
    'a paid subscription that starts at the end of a trial takes its place',
    lineOf(START + 10 * DAY_MS, trialUntil(DUE), scheduled(DUE, { followsTrial: 'sub' })),
    ['sub: trial_converted → CANCELED (TRIAL_CONVERTED)', 'later: updated → ACTIVE'],
  ],
  [
    'a trial that becomes paid takes the place of another subscription',
    lineOf(
      START + 10 * DAY_MS,
      subscriptionFrom(START, { key: 'old', id: 'old', planKey: '1-free', pricingType: 'FREE' }),
      trialUntil(DUE),
    ),
    ['old: canceled → CANCELED (UPGRADE_OR_DOWNGRADE)', 'sub: trial_converted → ACTIVE'],
  ],
  [
    'a trial takes the place of a trial, and of nothing else',
    lineOf(
      START + 10 * DAY_MS,
      subscriptionFrom(START, { key: 'main', id: 'main' }),
      trialUntil(DUE + DAY_MS),
      scheduled(DUE, {
        trial: { at: DUE + 2 * DAY_MS, endBehavior: 'CONVERT_TO_PAID', successor: null },
      }),
    ),
    [
      'sub: canceled → CANCELED (UPGRADE_OR_DOWNGRADE)',
      'later: updated + trial_started → IN_TRIAL',
    ],
  ],
  [
    'a free subscription leaves a trial as it is',
    lineOf(
      START + 10 * DAY_MS,
      trialUntil(DUE + DAY_MS),
      scheduled(DUE, { planKey: '1-free', pricingType: 'FREE', billingPeriod: null }),
    ),
    ['later: updated → ACTIVE'],
  ],
  [
    'a cancellation takes effect',
    lineOf(START, subscriptionFrom(START, { cancellation: ending })),
    ['sub: canceled → CANCELED (ScheduledCancellation)'],
  ],
  [
    'a free plan follows a cancellation',
    lineOf(START, subscriptionFrom(START, { cancellation: { at: DUE, successor } })),
    ['sub: canceled → CANCELED (ScheduledCancellation)', 'next: created → ACTIVE'],
  ],
  [
    'an agreed end is reached',
    lineOf(START, subscriptionFrom(START, { ending })),
    ['sub: expired → EXPIRED (EXPIRED)'],
  ],
  [
    'a scheduled plan takes the place of the present one',
    lineOf(START, subscriptionFrom(START, { updates: [downgrade] })),
    [
      'sub: updated → ACTIVE',
      'sub: canceled → CANCELED (UPGRADE_OR_DOWNGRADE)',
      'next: created → ACTIVE',
    ],
  ],
  // Several things at one instant.
  [
    'a payment that is late comes before the end',
    lineOf(
      START,
      subscriptionFrom(START, { status: 'PAYMENT_PENDING', paymentUntil: DUE, ending }),
    ),
    ['sub: expired → EXPIRED (PENDING_PAYMENT_EXPIRED)'],
  ],
  [
    'a cancellation comes before an agreed end and an update',
    lineOf(START, subscriptionFrom(START, { cancellation: ending, ending, updates: [downgrade] })),
    ['sub: canceled → CANCELED (ScheduledCancellation)'],
  ],
  [
    'a successor comes before a cancellation, so that no free plan follows',
    lineOf(
      START,
      subscriptionFrom(START, { cancellation: { at: DUE, successor } }),
      scheduled(DUE),
    ),
    ['sub: canceled → CANCELED (UPGRADE_OR_DOWNGRADE)', 'later: updated → ACTIVE'],
  ],
  [
    'the end of a trial comes before a cancellation',
    lineOf(START + 10 * DAY_MS, trialUntil(DUE, { cancellation: ending })),
    ['sub: trial_converted → ACTIVE', 'sub: canceled → CANCELED (ScheduledCancellation)'],
  ],
]

for (const [name, line, expected] of rows)
  test(name, () => {
    assert.deepEqual(told(timeline(line, DUE - 1, SHOP).transitions), [])
    const { transitions } = timeline(line, DUE, SHOP)
    assert.deepEqual(told(transitions), expected)
    assert.ok(transitions.every(({ at }) => at <= DUE))
  })

test('what is scheduled for a subscription is canceled with it', () => {
  const sub = subscriptionFrom(START, {
    cancellation: ending,
    updates: [{ ...downgrade, at: DUE + 1 }],
  })
  const { line } = timeline(lineOf(START, sub), DUE, SHOP)
  assert.deepEqual(
    line.subscriptions[0]?.updates.map(({ status }) => status),
    ['CANCELED'],
  )
})

test('a scheduled plan that is not sold any more fails, and nothing else changes', () => {
  const archivals = [{ from: DUE - 1, until: null }]
  const shop = new Map(SHOP).set('1-free', { ...planOf('1-free', {}), archivals })
  const { line, transitions } = timeline(
    lineOf(START, subscriptionFrom(START, { updates: [downgrade] })),
    DUE,
    shop,
  )
  assert.deepEqual(told(transitions), ['sub: updated → ACTIVE'])
  assert.deepEqual(
    line.subscriptions[0]?.updates.map(({ status }) => status),
    ['FAILED'],
  )
})

test('a subscription gets the versions that are the newest when it starts', () => {
  const pro = planOf(
    '3-pro',
    { pricingType: 'PAID', parentKey: '2-basic' },
    { pricingType: 'PAID', parentKey: '2-basic', publishedAt: DUE - 1 },
    { pricingType: 'PAID', parentKey: '2-basic', publishedAt: DUE },
  )
  const shop = new Map(SHOP).set('3-pro', pro)
  const { line } = timeline(lineOf(START, scheduled(DUE)), DUE + DAY_MS, shop)
  assert.deepEqual(line.subscriptions[0]?.pins, [
    { packageKey: '3-pro', version: 2 },
    { packageKey: '2-basic', version: 1 },
  ])
})

/** Changes of packages at the very instant at which something is due. */
const atThatInstant: readonly (readonly [string, Packages, Packages])[] = [
  [
    'a version that is published',
    SHOP,
    new Map(SHOP).set(
      '3-pro',
      planOf(
        '3-pro',
        { pricingType: 'PAID', parentKey: '2-basic' },
        { pricingType: 'PAID', parentKey: '2-basic', publishedAt: DUE },
      ),
    ),
  ],
  [
    'a plan that is archived',
    SHOP,
    new Map(SHOP).set('1-free', {
      ...planOf('1-free', {}),
      archivals: [{ from: DUE, until: null }],
    }),
  ],
  [
    'a plan that is brought back',
    new Map(SHOP).set('1-free', {
      ...planOf('1-free', {}),
      archivals: [{ from: START, until: null }],
    }),
    new Map(SHOP).set('1-free', {
      ...planOf('1-free', {}),
      archivals: [{ from: START, until: DUE }],
    }),
  ],
]
for (const [what, before, after] of atThatInstant)
  test(`what is due does not meet ${what} at that instant, so that late work comes to the same`, () => {
    for (const subscription of [
      scheduled(DUE),
      subscriptionFrom(START, { updates: [downgrade] }),
    ]) {
      const line = lineOf(START, subscription)
      assert.deepEqual(timeline(line, DUE, after), timeline(line, DUE, before))
    }
  })

/** Anchor, period, and the starts of the periods that follow, in UTC. */
const cycles = [
  ['2026-01-31T10:00:00.000Z', 'MONTHLY', ['02-28T10:00', '03-31T10:00', '04-30T10:00']],
  ['2028-01-30T23:59:59.999Z', 'MONTHLY', ['02-29T23:59', '03-30T23:59', '04-30T23:59']],
  ['2028-02-29T11:22:33.001Z', 'ANNUALLY', ['02-28T11:22', '02-28T11:22', '02-28T11:22']],
] as const

for (const [anchor, billingPeriod, expected] of cycles)
  test(`periods of a ${billingPeriod} subscription from ${anchor} do not drift`, () => {
    const start = Date.parse(anchor)
    const line = lineOf(start, subscriptionFrom(start, { billingPeriod }))
    const { transitions } = timeline(line, start + 4 * 366 * DAY_MS - 1, SHOP)
    const periods = transitions.filter(({ kind }) => kind === 'PERIOD_STARTED').slice(0, 3)
    assert.deepEqual(
      periods.map(({ at }) => new Date(at).toISOString().slice(5, 16)),
      expected,
    )
    for (const { at, after } of periods) {
      assert.equal(at % 1000, start % 1000)
      assert.equal(currentBillingPeriod(after)?.start, at)
    }
  })

test('the charges of a trial begin at its end, and its usage goes on', () => {
  const { line } = timeline(lineOf(START, trialUntil(DUE)), DUE + DAY_MS, SHOP)
  const [sub] = line.subscriptions
  assert.deepEqual([sub?.anchor, sub?.periodStart, sub?.usageAnchor], [DUE, DUE, START])
})

test('a trial that was over before it began ends now, and its charges begin at its end', () => {
  const { line, transitions } = timeline(lineOf(DUE, trialUntil(DUE - DAY_MS)), DUE, SHOP)
  const [sub] = line.subscriptions
  assert.deepEqual([transitions[0]?.at, sub?.anchor], [DUE, DUE - DAY_MS])
})

test('the end of each month of billing is announced an hour before, also within a year', () => {
  const line = lineOf(START, subscriptionFrom(START, { billingPeriod: 'ANNUALLY' }))
  const { transitions } = timeline(line, Date.UTC(2026, 6, 1), SHOP)
  assert.deepEqual(
    transitions.map(({ kind, at }) => [kind, new Date(at).toISOString()]),
    ['2026-04-30', '2026-05-31', '2026-06-30'].map((day) => [
      'BILLING_MONTH_ENDS_SOON',
      `${day}T23:00:00.000Z`,
    ]),
  )
})

test('the end of a trial is announced 7 days before, if it is longer', () => {
  const noticesUntil = (at: number) =>
    timeline(lineOf(START, trialUntil(at)), at - 1, SHOP).transitions.map(({ at, kind }) => [
      at,
      kind,
    ])
  assert.deepEqual(noticesUntil(DUE), [[DUE - 7 * DAY_MS, 'TRIAL_ENDS_SOON']])
  assert.deepEqual(noticesUntil(START + 7 * DAY_MS), [])
})

test('what a cancellation waits for is the next change, and a period is not', () => {
  const line = lineOf(
    START,
    subscriptionFrom(START, { ending: { at: START + 300 * DAY_MS, successor: null } }),
  )
  assert.equal(nextChange(line), START + 300 * DAY_MS)
  assert.equal(nextInstant(line), Date.UTC(2026, 3, 30, 23))
  assert.equal(nextChange(lineOf(START, subscriptionFrom(START))), null)
})

test('a line that nobody has looked at for a thousand years is settled in bounded steps', () => {
  const line = lineOf(START, subscriptionFrom(START))
  const until = Date.UTC(3026, 3, 1)
  const { transitions, line: after } = timeline(line, until, SHOP)
  assert.ok(transitions.length <= 1001 && after.settledAt < until)
  assert.equal(lineAt(line, until, SHOP).subscriptions[0]?.periodStart, until)
})

test('an empty line stays empty', () => {
  const { line, transitions } = timeline(lineOf(START), DUE, packagesOf())
  assert.deepEqual([line, transitions], [lineOf(DUE), []])
})
