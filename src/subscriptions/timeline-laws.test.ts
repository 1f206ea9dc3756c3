import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addonOf, DAY_MS, packagesOf, planOf } from '../../test/support/subscription-line.ts'
import { ApiError } from '../kernel/errors.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { cancelSubscription } from './cancel-subscription.ts'
import { emptyLine, inTurn, receivePayment } from './change-line.ts'
import { migrateSubscription } from './migrate-subscription.ts'
import { provisionSubscription } from './provision-subscription.ts'
import { timeline } from './timeline.ts'
import type { Line, LineChange, Packages, Successor, Trial } from './types.ts'
import { updateSubscription } from './update-subscription.ts'

const STEP_MS = DAY_MS / 2
const START = Date.UTC(2026, 0, 31, 10, 0, 0, 7)
/** Histories are 400 days long. Few different instants, so that many things fall together. */
const STEPS = 800
const instantOf = (step: number) => START + step * STEP_MS

const PLANS = ['1-free', '2-basic', '3-pro', '5-deal']
const ADDONS = ['more', 'top']
/** Versions and archivals over time. */
const SHOP: Packages = packagesOf(
  planOf('1-free', {}),
  planOf('2-basic', { pricingType: 'PAID', compatibleAddonKeys: ADDONS }),
  planOf(
    '3-pro',
    { pricingType: 'PAID', parentKey: '2-basic', compatibleAddonKeys: ADDONS },
    { pricingType: 'PAID', parentKey: '2-basic', publishedAt: instantOf(59) },
    { pricingType: 'PAID', compatibleAddonKeys: ['more'], publishedAt: instantOf(118) },
  ),
  {
    ...planOf('5-deal', { pricingType: 'CUSTOM', compatibleAddonKeys: ADDONS }),
    archivals: [{ from: instantOf(180), until: instantOf(240) }],
  },
  addonOf('more', { maxQuantity: 3 }, { maxQuantity: 5, publishedAt: instantOf(62) }),
  addonOf('top', { dependencyKeys: ['more'] }),
)
const free: Successor = { key: 'free', id: 'free', planKey: '1-free' }

/** null three times out of four. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary })

const step = fc.integer({ min: 0, max: STEPS })
const ahead = fc.integer({ min: -10, max: 130 })
const addons = fc.uniqueArray(
  fc.record({ addonKey: fc.constantFrom(...ADDONS), quantity: fc.integer({ min: 1, max: 3 }) }),
  { selector: ({ addonKey }) => addonKey },
)
const units = fc
  .integer({ min: 1, max: 4 })
  .map((quantity) => [{ featureKey: 'seats', quantity: wholeUnits(quantity) }])
const strategy = fc.constantFrom(
  ...([null, 'IMMEDIATE', 'END_OF_BILLING_PERIOD', 'END_OF_BILLING_MONTH'] as const),
)
const anchor = fc.constantFrom(...([null, 'UNCHANGED', 'NOW'] as const))
const billingPeriod = fc.constantFrom(undefined, ...(['MONTHLY', 'ANNUALLY'] as const))
const common = { addons, units, strategy, anchor, billingPeriod }
const endBehavior = fc.constantFrom(...(['CONVERT_TO_PAID', 'CANCEL_SUBSCRIPTION'] as const))

const move = fc.oneof(
  fc.record({
    type: fc.constant('provision' as const),
    ...common,
    planKey: fc.constantFrom(...PLANS),
    starts: seldom(ahead),
    ends: seldom(fc.integer({ min: 100, max: 200 })),
    trial: seldom(fc.record({ length: fc.integer({ min: 1, max: 60 }), endBehavior })),
    isTrialRefused: fc.boolean(),
    firstPayment: fc.oneof(
      { weight: 4, arbitrary: fc.constant('NOT_NEEDED' as const) },
      { weight: 1, arbitrary: fc.constant('BEFORE_CHARGE' as const) },
      { weight: 1, arbitrary: fc.constant('BEFORE_TRIAL' as const) },
    ),
    usageCutoff: fc.constantFrom(
      ...(['NEVER_RESET', 'ALWAYS_RESET', 'BILLING_PERIOD_CHANGE'] as const),
    ),
  }),
  fc.record(
    {
      type: fc.constant('update' as const),
      pick: fc.nat(),
      ...common,
      trialEnds: ahead,
      cancels: fc.option(ahead),
    },
    { requiredKeys: ['type', 'pick', 'strategy', 'anchor', 'units'] },
  ),
  fc.record({
    type: fc.constant('cancel' as const),
    pick: fc.nat(),
    time: fc.constantFrom(
      ...([null, 'IMMEDIATE', 'END_OF_BILLING_PERIOD', 'SPECIFIC_DATE'] as const),
    ),
    ends: fc.option(ahead),
  }),
  fc.record({ type: fc.constant('pay' as const), pick: fc.nat() }),
  fc.record({ type: fc.constant('migrate' as const), pick: fc.nat(), isNow: fc.boolean() }),
)
/** Often at the same instant or within the time in which a payment is awaited. */
const gap = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 50 }))
const moves = fc.array(fc.record({ gap, move }), { minLength: 4, maxLength: 14 }).map((list) => {
  let step = 0
  return list.map(({ gap, move }) => {
    step += gap
    return { step, move }
  })
})
type Moves = typeof moves extends fc.Arbitrary<infer T> ? T : never
type Move = Moves[number]['move']

function make(line: Line, of: Move, { at, index }: { at: number; index: number }): LineChange {
  const moment = { at, packages: SHOP }
  const later = (steps: number) => at + steps * STEP_MS
  if (of.type === 'provision') {
    const starts = of.starts === null ? null : later(of.starts)
    const trial: Trial | null = of.trial && {
      at: (starts ?? at) + of.trial.length * STEP_MS,
      endBehavior: of.trial.endBehavior,
      successor: { ...free, key: `free-${index}` },
    }
    const cancellation = of.ends === null ? null : { at: later(of.ends), successor: null }
    const key = `sub-${index}`
    return provisionSubscription(
      line,
      {
        ...of,
        key,
        id: key,
        startsAt: starts,
        cancellation,
        ending: null,
        trial: of.planKey === '1-free' ? null : trial,
      },
      moment,
    )
  }
  // Most picks are of subscriptions that have not ended, and some are of any.
  const running = line.subscriptions.filter(({ closedAt }) => closedAt === null)
  const choice = of.pick % 5 === 0 || running.length === 0 ? line.subscriptions : running
  const subscription = choice[of.pick % choice.length]
  if (subscription === undefined) return { line, transitions: [] }
  const { key } = subscription
  if (of.type === 'pay')
    return subscription.status === 'PAYMENT_PENDING'
      ? receivePayment(line, key, at)
      : { line, transitions: [] }
  if (of.type === 'migrate')
    return migrateSubscription(line, key, of.isNow ? 'IMMEDIATE' : 'END_OF_BILLING_PERIOD', moment)
  if (of.type === 'cancel') {
    const input = { time: of.time, endsAt: of.ends === null ? null : later(of.ends) }
    const journey = {
      cancellationTime: 'END_OF_BILLING_PERIOD' as const,
      successor: { ...free, key: `free-${index}` },
    }
    return cancelSubscription(
      line,
      key,
      { input: { ...input, action: 'DEFAULT' }, journey },
      moment,
    )
  }
  const { trialEnds, cancels } = of
  const trialEndsAt = trialEnds === undefined ? undefined : later(trialEnds)
  const cancellationAt = cancels === undefined ? undefined : cancels && later(cancels)
  return updateSubscription(
    line,
    key,
    { ...of, trialEndsAt, cancellationAt, successor: null },
    moment,
  )
}

/** Plays moves, and looks at the line at other instants, too. What is refused changes nothing. */
function play(
  list: Moves,
  looks: readonly number[] = [],
  packages = (_: number) => SHOP,
): LineChange {
  let change: LineChange = { line: emptyLine(START), transitions: [] }
  const settle = (at: number) => {
    change = inTurn(change, (line) => timeline(line, at, packages(at)))
  }
  for (const [index, { step, move }] of list.entries()) {
    const at = instantOf(step)
    for (const look of looks.filter((each) => each < at)) settle(look)
    settle(at)
    try {
      change = inTurn(change, (line) => make(line, move, { at, index }))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
    }
    settle(at)
  }
  for (const look of looks) settle(look)
  settle(instantOf(STEPS))
  return change
}

const looks = fc.array(fc.integer({ min: START, max: instantOf(STEPS) }), { maxLength: 10 })

test('when and how often a line is looked at changes nothing', () => {
  fc.assert(
    fc.property(moves, looks, step, (list, others, twice) => {
      const at = [...others, instantOf(twice), instantOf(twice)]
      const sorted = at.toSorted((one, other) => one - other)
      assert.deepEqual(play(list, sorted), play(list))
      // In any order: an earlier instant changes nothing.
      assert.deepEqual(play(list, at), play(list))
    }),
    { numRuns: 300 },
  )
})

test('versions that are published later change nothing that has happened', () => {
  const knownAt = (at: number): Packages =>
    new Map(
      [...SHOP].map(([key, each]) => [
        key,
        {
          ...each,
          versions: each.versions.filter(({ publishedAt }) => publishedAt <= at),
          archivals: each.archivals
            .filter(({ from }) => from <= at)
            .map(({ from, until }) => ({
              from,
              until: until !== null && until <= at ? until : null,
            })),
        },
      ]),
    )
  fc.assert(
    fc.property(moves, (list) => {
      const steps = Array.from({ length: STEPS + 1 }, (_, index) => instantOf(index))
      assert.deepEqual(play(list, steps, knownAt), play(list))
    }),
    { numRuns: 30 },
  )
})

test('at most one subscription is in force, one is a trial, and one is scheduled', () => {
  fc.assert(
    fc.property(moves, looks, (list, others) => {
      for (const until of [...others, instantOf(STEPS)]) {
        const { line } = play(
          list.filter(({ step }) => instantOf(step) <= until),
          [until],
        )
        for (const status of ['ACTIVE', 'IN_TRIAL', 'NOT_STARTED'])
          assert.ok(line.subscriptions.filter((each) => each.status === status).length <= 1)
      }
    }),
    { numRuns: 100 },
  )
})

test('each transition begins where the one before it ended, and what is over stays over', () => {
  fc.assert(
    fc.property(moves, looks, (list, others) => {
      const { line, transitions } = play(list, others)
      const states = new Map<string, object>()
      let last = START
      for (const { at, before, after } of transitions) {
        assert.ok(at >= last)
        assert.equal(before, states.get(after.key) ?? null)
        assert.ok(before === null || !['CANCELED', 'EXPIRED'].includes(before.status))
        states.set(after.key, after)
        last = at
      }
      assert.deepEqual([...states.values()], line.subscriptions)
    }),
    { numRuns: 300 },
  )
})

test('what gives access has pins for its plan and its add-ons, and what is over has nothing pending', () => {
  fc.assert(
    fc.property(moves, (list) => {
      for (const { after } of play(list).transitions) {
        const { status, pins, content, planKey, updates, closedAt } = after
        if (status === 'ACTIVE' || status === 'IN_TRIAL') {
          assert.equal(pins[0]?.packageKey, planKey)
          const pinned = pins.map(({ packageKey }) => packageKey)
          assert.equal(new Set(pinned).size, pinned.length)
          for (const { addonKey } of content.addons) assert.ok(pinned.includes(addonKey))
        }
        const isOver = status === 'CANCELED' || status === 'EXPIRED'
        assert.equal(isOver, closedAt !== null)
        if (isOver) assert.ok(!updates.some((update) => update.status === 'SCHEDULED'))
      }
    }),
    { numRuns: 300 },
  )
})
