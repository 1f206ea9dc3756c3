import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../../src/kernel/errors.ts'
import { wholeUnits } from '../../src/kernel/quantity.ts'
import { eventsOf } from '../../src/subscriptions/announce-transition.ts'
import { currentBillingPeriod } from '../../src/subscriptions/billing-period.ts'
import { cancelSubscription } from '../../src/subscriptions/cancel-subscription.ts'
import { emptyLine } from '../../src/subscriptions/change-line.ts'
import {
  type ProvisionInput,
  provisionSubscription,
} from '../../src/subscriptions/provision-subscription.ts'
import { timeline } from '../../src/subscriptions/timeline.ts'
import type { Line, LineChange, Packages, Subscription } from '../../src/subscriptions/types.ts'
import { updateSubscription } from '../../src/subscriptions/update-subscription.ts'
import { packagesOf, planOf } from '../support/subscription-line.ts'
import { type ModelMove, SubscriptionModel } from './model/subscriptions.ts'
import { instantOf, moveAt, moves, PLANS, START, STEPS } from './subscription-moves.ts'

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

function ruled(line: Line, of: ModelMove, at: number): LineChange {
  const moment = { at, packages: SHOP }
  const strategy = of.atEnd ? ('END_OF_BILLING_PERIOD' as const) : null
  if (of.type === 'units') {
    const units = [{ featureKey: 'seats', quantity: wholeUnits(of.units) }]
    const input = { units, strategy, anchor: null, successor: null }
    return updateSubscription(line, of.id, input, moment)
  }
  if (of.type === 'cancel') {
    const time = of.atEnd === null ? null : of.atEnd ? 'END_OF_BILLING_PERIOD' : 'IMMEDIATE'
    const successor = { key: of.next, id: of.next, planKey: 'free' }
    const journey = { cancellationTime: 'END_OF_BILLING_PERIOD', successor } as const
    const input = { time, endsAt: null, action: 'DEFAULT' } as const
    return cancelSubscription(line, of.id, { input, journey }, moment)
  }
  const { id, plan, startsAt, trial, isTrialRefused } = of
  const next = { key: `${id}-next`, id: `${id}-next`, planKey: 'free' }
  const endBehavior = trial?.converts ? 'CONVERT_TO_PAID' : 'CANCEL_SUBSCRIPTION'
  const input: ProvisionInput = {
    ...{ key: id, id, planKey: plan, startsAt, isTrialRefused, strategy, anchor: null },
    ...{
      cancellation: null,
      ending: null,
      firstPayment: 'NOT_NEEDED',
      usageCutoff: 'ALWAYS_RESET',
    },
    billingPeriod: PLANS[plan]?.period === 12 ? 'ANNUALLY' : 'MONTHLY',
    trial: trial && { at: trial.ends, endBehavior, successor: next },
  }
  return provisionSubscription(line, input, moment)
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
/** Events of one instant have no order here. */
const inOrder = (events: readonly { at: number; what: string }[]) =>
  events.map(({ at, what }) => `${at} ${what}`).toSorted()
const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1)

test('three years of random requests go as a second implementation predicts', () => {
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 90 }), (list, pause) => {
      const model = new SubscriptionModel(PLANS, 'FEATURE')
      let line = emptyLine(START)
      let lived = 0
      const events: { at: number; what: string }[] = []
      const take = (change: LineChange) => {
        line = change.line
        for (const each of change.transitions)
          for (const type of eventsOf(each).filter((name) => !name.endsWith('ends_soon'))) {
            const { planKey, status } = each.after
            events.push({ at: each.at, what: `${type} ${planKey} ${status}` })
          }
      }
      const until = (step: number) => {
        for (; lived <= step; lived += 1) model.live(instantOf(lived))
        const at = instantOf(step)
        take(timeline(line, at, SHOP))
        assert.deepEqual(inOrder(events), inOrder(model.events))
        assert.deepEqual(shown(line).toSorted(byId), predicted(model, at).toSorted(byId))
      }
      let step = 0
      for (const [index, [gap, of]] of list.entries()) {
        if (step + gap > STEPS) break
        for (let look = step + pause; look < step + gap; look += pause) until(look)
        step += gap
        until(step)
        const at = instantOf(step)
        const open = line.subscriptions.filter(({ closedAt }) => closedAt === null)
        const made = moveAt(of, { open, at, index })
        if (made === null) continue
        try {
          take(ruled(line, made, at))
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
