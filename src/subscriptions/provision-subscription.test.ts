import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS, lineOf, SHOP, subscriptionFrom } from '../../test/support/subscription-line.ts'
import { comparePlans } from './compare-plans.ts'
import {
  type ProvisionInput,
  provisionSubscription,
  requirePlan,
} from './provision-subscription.ts'
import { requirePlace, SUBSCRIPTION_LIMIT } from './require-place.ts'
import { timeline } from './timeline.ts'
import type { Line, Subscription } from './types.ts'

const START = Date.UTC(2026, 3, 1)
const AT = START + 15 * DAY_MS
const TRIAL_END = AT + 5 * DAY_MS
const END_OF_PERIOD = Date.UTC(2026, 4, 1)
const trial = { at: TRIAL_END, endBehavior: 'CONVERT_TO_PAID', successor: null } as const

const request = (planKey: string, parts: Partial<ProvisionInput> = {}): ProvisionInput => ({
  ...{ key: 'new', id: 'new', planKey, strategy: null, anchor: null },
  ...{ firstPayment: 'NOT_NEEDED', usageCutoff: 'ALWAYS_RESET' },
  ...{ startsAt: null, cancellation: null, ending: null, trial: null, isTrialRefused: false },
  ...parts,
})
const provision = (line: Line, input: ProvisionInput) => {
  const done = provisionSubscription(line, input, { at: AT, packages: SHOP })
  const { line: settled } = timeline(done.line, AT, SHOP)
  return { ...done, line: settled }
}

const free = subscriptionFrom(START, {
  ...{ key: 'free', id: 'free', planKey: '1-free', pricingType: 'FREE' },
  ...{ billingPeriod: null, anchor: null, periodStart: null },
})
const basic = subscriptionFrom(START)
const pro = subscriptionFrom(START, {
  ...{ planKey: '3-pro' },
  pins: [
    { packageKey: '3-pro', version: 1 },
    { packageKey: '2-basic', version: 1 },
  ],
})
const trying = subscriptionFrom(START, {
  ...{ key: 'trial', id: 'trial', status: 'IN_TRIAL', anchor: null, periodStart: null, trial },
})
const waiting = subscriptionFrom(AT + DAY_MS, {
  ...{ key: 'later', id: 'later', status: 'NOT_STARTED', createdAt: START, pins: [] },
})

/** `id plan status (reason)` of each subscription, and `+ update at` for what is pending. */
const shown = (line: Line) =>
  line.subscriptions.map(({ id, status, cancelReason, updates, startsAt }: Subscription) => {
    const pending = updates.filter((each) => each.status === 'SCHEDULED')
    const texts = pending.map(({ at, change }) => ` + ${change.type} in ${(at - AT) / DAY_MS} days`)
    const ahead = startsAt > AT ? ` in ${(startsAt - AT) / DAY_MS} days` : ''
    return `${id} ${status}${cancelReason ? ` (${cancelReason})` : ''}${ahead}${texts.join('')}`
  })
const END = { strategy: 'END_OF_BILLING_PERIOD' } as const
const REPLACED = '(UPGRADE_OR_DOWNGRADE)'

type Row = readonly [string, readonly Subscription[], ProvisionInput, readonly string[], string]
const rows: readonly Row[] = [
  ['the first one', [], request('2-basic'), ['new ACTIVE'], 'new now'],
  ['with a trial', [], request('2-basic', { trial }), ['new IN_TRIAL'], 'new now'],
  [
    'a later start',
    [],
    request('2-basic', { startsAt: AT + DAY_MS }),
    ['new NOT_STARTED in 1 days'],
    'new later',
  ],
  [
    'an awaited payment',
    [basic],
    request('3-pro', { firstPayment: 'BEFORE_CHARGE' }),
    ['sub ACTIVE', 'new PAYMENT_PENDING'],
    'new now',
  ],
  [
    'a trial that waits for a payment',
    [],
    request('2-basic', { trial, firstPayment: 'BEFORE_TRIAL' }),
    ['new PAYMENT_PENDING'],
    'new now',
  ],
  ['an earlier start', [], request('2-basic', { startsAt: START }), ['new ACTIVE'], 'new now'],
  [
    'a trial that is over',
    [],
    request('2-basic', { startsAt: START, trial: { ...trial, at: START + DAY_MS } }),
    ['new ACTIVE'],
    'new now',
  ],
  ['an upgrade', [basic], request('3-pro'), [`sub CANCELED ${REPLACED}`, 'new ACTIVE'], 'new now'],
  [
    'a downgrade, which is also immediate',
    [pro],
    request('2-basic'),
    [`sub CANCELED ${REPLACED}`, 'new ACTIVE'],
    'new now',
  ],
  [
    'paid to free',
    [basic],
    request('1-free'),
    [`sub CANCELED ${REPLACED}`, 'new ACTIVE'],
    'new now',
  ],
  [
    'a downgrade at the end of the period',
    [pro],
    request('2-basic', END),
    ['sub ACTIVE + DOWNGRADE in 15 days'],
    'sub later',
  ],
  [
    'an upgrade at the end of the period',
    [basic],
    request('3-pro', END),
    ['sub ACTIVE + PLAN in 15 days'],
    'sub later',
  ],
  ['the same plan, which changes nothing', [basic], request('2-basic'), ['sub ACTIVE'], 'sub now'],
  [
    'the same plan with add-ons',
    [basic],
    request('2-basic', { addons: [{ addonKey: 'more', quantity: 2 }] }),
    ['sub ACTIVE'],
    'sub now',
  ],
  [
    'the same plan with add-ons at the end of the period',
    [basic],
    request('2-basic', { ...END, addons: [{ addonKey: 'more', quantity: 2 }] }),
    ['sub ACTIVE + ADDON in 15 days'],
    'sub later',
  ],
  [
    'a later start beside a running one',
    [basic],
    request('3-pro', { startsAt: AT + DAY_MS }),
    ['sub ACTIVE', 'new NOT_STARTED in 1 days'],
    'new later',
  ],
  [
    'a later start in place of another',
    [waiting],
    request('3-pro', { startsAt: AT + 2 * DAY_MS }),
    [`later CANCELED ${REPLACED} in 1 days`, 'new NOT_STARTED in 2 days'],
    'new later',
  ],
  [
    'a trial beside a running one, even of the same plan',
    [basic],
    request('2-basic', { trial }),
    ['sub ACTIVE', 'new IN_TRIAL'],
    'new now',
  ],
  [
    'a trial in place of another',
    [free, trying],
    request('3-pro', { trial }),
    ['free ACTIVE', `trial CANCELED ${REPLACED}`, 'new IN_TRIAL'],
    'new now',
  ],
  [
    'the plan of the trial: the trial becomes paid now',
    [free, trying],
    request('2-basic'),
    [`free CANCELED ${REPLACED}`, 'trial ACTIVE'],
    'trial now',
  ],
  [
    'another plan during a trial: at its end',
    [trying],
    request('4-other'),
    ['trial IN_TRIAL', 'new NOT_STARTED in 5 days'],
    'new later',
  ],
  [
    'another plan during a trial, without a trial: now',
    [trying],
    request('4-other', { isTrialRefused: true }),
    ['trial CANCELED (TRIAL_CONVERTED)', 'new ACTIVE'],
    'new now',
  ],
  [
    'another plan during a trial, at once',
    [trying],
    request('4-other', { strategy: 'IMMEDIATE' }),
    ['trial CANCELED (TRIAL_CONVERTED)', 'new ACTIVE'],
    'new now',
  ],
  [
    'another plan during a trial, from a date on',
    [trying],
    request('4-other', { startsAt: AT }),
    ['trial CANCELED (TRIAL_CONVERTED)', 'new ACTIVE'],
    'new now',
  ],
  [
    'a free plan during a trial, which goes on',
    [trying],
    request('1-free'),
    ['trial IN_TRIAL', 'new ACTIVE'],
    'new now',
  ],
]
for (const [name, present, input, expected, answer] of rows)
  test(`a subscription is provisioned: ${name}`, () => {
    const { line, key, isScheduled } = provision(lineOf(AT, ...present), input)
    assert.deepEqual(shown(line), expected)
    assert.equal(`${key} ${isScheduled ? 'later' : 'now'}`, answer)
  })

const PAST = { startsAt: AT - DAY_MS }
const anchors = [
  ['paid to paid goes on', basic, request('3-pro'), START],
  ['an anchor can begin anew', basic, request('3-pro', { anchor: 'NOW' }), AT],
  ['another length begins anew', basic, request('3-pro', { billingPeriod: 'ANNUALLY' }), AT],
  [
    'another length can go on',
    basic,
    request('3-pro', { billingPeriod: 'ANNUALLY', anchor: 'UNCHANGED' }),
    START,
  ],
  ['free to paid begins', free, request('3-pro'), AT],
  ['free to paid from the past begins there', free, request('3-pro', PAST), AT - DAY_MS],
  [
    'another length from the past begins there',
    basic,
    request('3-pro', { ...PAST, billingPeriod: 'ANNUALLY' }),
    AT - DAY_MS,
  ],
  ['paid to paid from the past goes on', basic, request('3-pro', PAST), START],
  ['from the past, but anew', free, request('3-pro', { ...PAST, anchor: 'NOW' }), AT],
  ['paid to free has no periods', basic, request('1-free'), null],
  ['a trial that becomes paid begins', trying, request('2-basic'), AT],
] as const
for (const [name, present, input, expected] of anchors)
  test(`billing periods: ${name}`, () => {
    const { line, key } = provision(lineOf(AT, present), input)
    assert.equal(line.subscriptions.find((each) => each.key === key)?.anchor, expected)
  })

const cutoffs = [
  ['ALWAYS_RESET', basic, '3-pro', AT],
  ['NEVER_RESET', basic, '3-pro', START],
  ['BILLING_PERIOD_CHANGE', basic, '3-pro', START],
  ['BILLING_PERIOD_CHANGE', free, '3-pro', AT],
  ['BILLING_PERIOD_CHANGE', basic, '1-free', AT],
  ['NEVER_RESET', free, '3-pro', START],
  // The same subscription goes on.
  ['ALWAYS_RESET', trying, '2-basic', START],
] as const
for (const [usageCutoff, present, planKey, expected] of cutoffs)
  test(`usage with ${usageCutoff} from ${present.planKey} to ${planKey}`, () => {
    const { line, key } = provision(lineOf(AT, present), request(planKey, { usageCutoff }))
    assert.equal(line.subscriptions.find((each) => each.key === key)?.usageAnchor, expected)
  })

test('a scheduled change of plan says which way it goes', () => {
  assert.equal(comparePlans(pro, '2-basic', { at: AT, packages: SHOP }), 'DOWNGRADE')
  const { line } = provision(lineOf(AT, pro), request('2-basic', END))
  const after = timeline(line, END_OF_PERIOD, SHOP).line
  assert.deepEqual(shown(after), [`sub CANCELED ${REPLACED}`, 'new ACTIVE in 15 days'])
})

test('a cancellation that is not after the start is refused', () => {
  for (const startsAt of [null, AT + DAY_MS]) {
    const cancellation = { at: startsAt ?? AT, successor: null }
    assert.throws(() => provision(lineOf(AT), request('2-basic', { startsAt, cancellation })), {
      code: 'InvalidCancellationDate',
    })
  }
})

test('a plan must exist, be published and not be archived', () => {
  const plan = SHOP.get('2-basic')
  assert.ok(plan)
  const refused = [
    [null, 'PlanNotFound'],
    [{ ...plan, versions: [] }, 'UnPublishedPackage'],
    [{ ...plan, archivals: [{ from: AT, until: null }] }, 'EntityIsArchivedError'],
  ] as const
  for (const [of, code] of refused) assert.throws(() => requirePlan(of, '2-basic', AT), { code })
  assert.equal(requirePlan(plan, '2-basic', AT).version, 1)
  const archivals = [{ from: START, until: AT }]
  assert.equal(requirePlan({ ...plan, archivals }, '2-basic', AT).version, 1)
})

test('a product says whether a resource is needed, and a customer has a bound', () => {
  const single = { id: 'p', hasMultiple: false }
  const multiple = { id: 'p', hasMultiple: true }
  const refused = [
    [{ product: multiple, resourceId: null, present: 0 }, 'BadUserInput'],
    [{ product: single, resourceId: 'r', present: 0 }, 'BadUserInput'],
    [
      { product: single, resourceId: null, present: SUBSCRIPTION_LIMIT },
      'TooManySubscriptionsPerCustomer',
    ],
  ] as const
  for (const [question, code] of refused) assert.throws(() => requirePlace(question), { code })
  requirePlace({ product: multiple, resourceId: 'r', present: SUBSCRIPTION_LIMIT - 1 })
  requirePlace({ product: single, resourceId: null, present: 0 })
})
