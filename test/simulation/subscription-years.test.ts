import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../../src/kernel/errors.ts'
import { wholeUnits } from '../../src/kernel/quantity.ts'
import { currentBillingPeriod } from '../../src/subscriptions/billing-period.ts'
import { cancelSubscription } from '../../src/subscriptions/cancel-subscription.ts'
import { emptyLine } from '../../src/subscriptions/change-line.ts'
import {
  type ProvisionInput,
  provisionSubscription,
} from '../../src/subscriptions/provision-subscription.ts'
import { timeline } from '../../src/subscriptions/timeline.ts'
import type { Line, Packages, Subscription } from '../../src/subscriptions/types.ts'
import { updateSubscription } from '../../src/subscriptions/update-subscription.ts'
import { packagesOf, planOf } from '../support/subscription-line.ts'
import { type ModelMove, type ModelPlans, SubscriptionModel } from './model/subscriptions.ts'

/** Three years in steps of half a day. All instants are whole steps. */
const STEP_MS = 43_200_000
const START = Date.parse('2027-01-31T10:00:00.007Z')
const STEPS = 3 * 366 * 2
const instantOf = (step: number) => START + step * STEP_MS

const PLANS: ModelPlans = {
  free: { rank: 0, period: null, parent: null, published: [0] },
  basic: { rank: 1, period: 1, parent: null, published: [0, instantOf(900)] },
  pro: { rank: 1, period: 12, parent: 'basic', published: [0, instantOf(500), instantOf(1500)] },
  other: { rank: 1, period: 1, parent: null, published: [0] },
}
const SHOP: Packages = packagesOf(
  ...Object.entries(PLANS).map(([id, { rank, parent, published }]) =>
    planOf(
      id,
      ...published.map((publishedAt) => ({
        publishedAt,
        parentKey: parent,
        pricingType: rank === 0 ? ('FREE' as const) : ('PAID' as const),
      })),
    ),
  ),
)

const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary })
const ahead = fc.integer({ min: 1, max: 120 })
const move = fc.oneof(
  fc.record({
    type: fc.constant('provision' as const),
    plan: fc.constantFrom(...Object.keys(PLANS)),
    starts: seldom(ahead),
    atEnd: fc.boolean(),
    trial: seldom(fc.record({ length: ahead, converts: fc.boolean() })),
    isTrialRefused: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('cancel' as const),
    pick: fc.nat(),
    atEnd: fc.constantFrom(true, false, null),
  }),
  fc.record({
    type: fc.constant('units' as const),
    pick: fc.nat(),
    units: fc.integer({ min: 1, max: 5 }),
    atEnd: fc.boolean(),
  }),
)
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never
const moves = fc.array(fc.tuple(fc.integer({ min: 0, max: 140 }), move), {
  minLength: 10,
  maxLength: 40,
})

/** Returns the move with ids and instants; null if it is about no subscription. */
function moveAt(
  of: Move,
  { line, at, index }: { line: Line; at: number; index: number },
): ModelMove | null {
  if (of.type === 'provision') {
    const startsAt = of.starts === null ? null : at + of.starts * STEP_MS
    const trial = of.plan === 'free' ? null : of.trial
    const ends = trial && (startsAt ?? at) + trial.length * STEP_MS
    return {
      ...{ type: 'provision', id: `sub-${index}`, plan: of.plan, startsAt, atEnd: of.atEnd },
      trial: trial && ends !== null ? { ends, converts: trial.converts } : null,
      isTrialRefused: of.isTrialRefused,
    }
  }
  const open = line.subscriptions.filter(({ closedAt }) => closedAt === null)
  const id = open[of.pick % open.length]?.id
  if (id === undefined) return null
  return of.type === 'cancel'
    ? { type: 'cancel', id, atEnd: of.atEnd, next: `free-${index}` }
    : { type: 'units', id, units: of.units, atEnd: of.atEnd }
}

function ruled(line: Line, of: ModelMove, at: number): Line {
  const moment = { at, packages: SHOP }
  const strategy = of.atEnd ? ('END_OF_BILLING_PERIOD' as const) : null
  if (of.type === 'units') {
    const units = [{ featureKey: 'seats', quantity: wholeUnits(of.units) }]
    const input = { units, strategy, anchor: null, successor: null }
    return updateSubscription(line, of.id, input, moment).line
  }
  if (of.type === 'cancel') {
    const time = of.atEnd === null ? null : of.atEnd ? 'END_OF_BILLING_PERIOD' : 'IMMEDIATE'
    const successor = { key: of.next, id: of.next, planKey: 'free' }
    const journey = { cancellationTime: 'END_OF_BILLING_PERIOD', successor } as const
    const input = { time, endsAt: null, action: 'DEFAULT' } as const
    return cancelSubscription(line, of.id, { input, journey }, moment).line
  }
  const { id, plan, startsAt, trial, isTrialRefused } = of
  const next = { key: `${id}-next`, id: `${id}-next`, planKey: 'free' }
  const endBehavior = trial?.converts ? 'CONVERT_TO_PAID' : 'CANCEL_SUBSCRIPTION'
  const input: ProvisionInput = {
    ...{ key: id, id, planKey: plan, startsAt, isTrialRefused, strategy, anchor: null },
    ...{ cancellation: null, firstPayment: 'NOT_NEEDED', usageCutoff: 'ALWAYS_RESET' },
    billingPeriod: PLANS[plan]?.period === 12 ? 'ANNUALLY' : 'MONTHLY',
    trial: trial && { at: trial.ends, endBehavior, successor: next },
  }
  return provisionSubscription(line, input, moment).line
}

const unitsOf = ({ content }: Subscription) =>
  Number((content.units[0]?.quantity ?? 0n) / wholeUnits(1))
const shown = (line: Line) =>
  line.subscriptions.map((each) => {
    const period = each.status === 'ACTIVE' ? currentBillingPeriod(each) : null
    return {
      ...{ id: each.id, status: each.status, reason: each.cancelReason, units: unitsOf(each) },
      pins: each.pins.map(({ packageKey, version }) => `${packageKey}@${version}`).join(' '),
      period: period && [period.start, period.end],
    }
  })
const predicted = (model: SubscriptionModel, at: number) =>
  model.all.map((each) => ({
    ...{ id: each.id, status: each.status, reason: each.reason, units: each.units },
    pins: each.pins,
    period: model.period(each, at),
  }))
const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1)

test('three years of random requests go as a second implementation predicts', () => {
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 90 }), (list, pause) => {
      const model = new SubscriptionModel(PLANS)
      let line = emptyLine(START)
      let lived = 0
      const until = (step: number) => {
        for (; lived <= step; lived += 1) model.live(instantOf(lived))
        line = timeline(line, instantOf(step), SHOP).line
        const at = instantOf(step)
        assert.deepEqual(shown(line).toSorted(byId), predicted(model, at).toSorted(byId))
      }
      let step = 0
      for (const [index, [gap, of]] of list.entries()) {
        if (step + gap > STEPS) break
        for (let look = step + pause; look < step + gap; look += pause) until(look)
        step += gap
        until(step)
        const at = instantOf(step)
        const made = moveAt(of, { line, at, index })
        if (made === null) continue
        try {
          line = ruled(line, made, at)
          assert.ok(model.make(made, at), `not predicted: ${JSON.stringify(made)}`)
        } catch (error) {
          if (!(error instanceof ApiError)) throw error
          assert.ok(!model.make(made, at), `refused: ${error.message}`)
        }
        model.live(at)
        until(step)
      }
      until(STEPS)
    }),
    { numRuns: 100 },
  )
})
