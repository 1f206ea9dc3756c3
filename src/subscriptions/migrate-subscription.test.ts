import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DAY_MS,
  lineOf,
  packagesOf,
  planOf,
  subscriptionFrom,
} from '../../test/support/subscription-line.ts'
import { migrateSubscription, moveToPublished } from './migrate-subscription.ts'
import { timeline } from './timeline.ts'
import type { Packages, PricingType, Subscription } from './types.ts'

const START = Date.UTC(2026, 3, 1)
const AT = START + 15 * DAY_MS
const END_OF_PERIOD = Date.UTC(2026, 4, 1)
const shopWith = (newest: PricingType, first: PricingType = 'PAID'): Packages =>
  packagesOf(
    planOf(
      'plan',
      { pricingType: first, parentKey: 'base' },
      { pricingType: newest, parentKey: 'base', publishedAt: START + 1 },
    ),
    planOf('base', {}, { publishedAt: START + 1, parentKey: 'root' }, { publishedAt: AT + DAY_MS }),
    planOf('root', {}, { publishedAt: START + 1 }),
  )
const SHOP = shopWith('PAID')
const pin = (packageKey: string, version: number) => ({ packageKey, version })
const sub = (parts: Partial<Subscription> = {}) =>
  subscriptionFrom(START, { planKey: 'plan', pins: [pin('plan', 1), pin('base', 1)], ...parts })
const latest = [pin('plan', 2), pin('base', 2), pin('root', 2)]

test('a migration takes the newest versions of the plan and all that it inherits from', () => {
  const { line } = migrateSubscription(lineOf(AT, sub()), 'sub', 'IMMEDIATE', {
    at: AT,
    packages: SHOP,
  })
  assert.deepEqual(line.subscriptions[0]?.pins, latest)
})

test('a migration at the end of the period takes the versions of then', () => {
  const moment = { at: AT, packages: SHOP }
  const { line } = migrateSubscription(lineOf(AT, sub()), 'sub', 'END_OF_BILLING_PERIOD', moment)
  assert.deepEqual(line.subscriptions[0]?.pins, sub().pins)
  assert.throws(() => migrateSubscription(line, 'sub', 'IMMEDIATE', moment), {
    code: 'ScheduledMigrationAlreadyExistsError',
  })
  const [after] = timeline(line, END_OF_PERIOD, SHOP).line.subscriptions
  assert.deepEqual(after?.pins, [pin('plan', 2), pin('base', 3)])
})

/** The pricing type of the plan at the end of the period, and the update with the pins then. */
const becomes = [
  ['PAID', 'DONE', 'PAID', 2],
  ['CUSTOM', 'DONE', 'CUSTOM', 2],
  ['FREE', 'FAILED', 'PAID', 1],
] as const
for (const [type, status, pricingType, version] of becomes)
  test(`a scheduled migration meets a plan that is ${type} by then`, () => {
    const changed = packagesOf(
      planOf(
        'plan',
        { pricingType: 'PAID', parentKey: 'base' },
        { pricingType: type, parentKey: 'base', publishedAt: AT + DAY_MS },
      ),
      planOf('base', {}, { publishedAt: START + 1 }),
    )
    const moment = { at: AT, packages: changed }
    const before = lineOf(AT, sub({ pricingType: 'PAID' }))
    const { line } = migrateSubscription(before, 'sub', 'END_OF_BILLING_PERIOD', moment)
    const [after] = timeline(line, END_OF_PERIOD, changed).line.subscriptions
    assert.deepEqual(
      [after?.updates[0]?.status, after?.pricingType, after?.pins[0]?.version],
      [status, pricingType, version],
    )
  })

const refused: readonly (readonly [string, Subscription, Packages, string])[] = [
  ['the newest versions are there', sub({ pins: latest }), SHOP, 'SubscriptionAlreadyOnLatestPlan'],
  ['over', sub({ status: 'CANCELED' }), SHOP, 'SubscriptionAlreadyCanceledOrExpired'],
  ['not started', sub({ status: 'NOT_STARTED' }), SHOP, 'InvalidSubscriptionStatus'],
  ['free to paid', sub({ pricingType: 'FREE' }), SHOP, 'InvalidArgumentError'],
  ['free to custom', sub({ pricingType: 'FREE' }), shopWith('CUSTOM'), 'InvalidArgumentError'],
  ['custom to paid', sub({ pricingType: 'CUSTOM' }), SHOP, 'InvalidArgumentError'],
  ['paid to free', sub(), shopWith('FREE'), 'InvalidArgumentError'],
]
for (const [name, before, packages, code] of refused)
  test(`a migration is refused: ${name}`, () => {
    const line = lineOf(AT, before)
    assert.throws(() => migrateSubscription(line, 'sub', 'IMMEDIATE', { at: AT, packages }), {
      code,
    })
  })

test('a paid subscription may become a custom one', () => {
  const moment = { at: AT, packages: shopWith('CUSTOM') }
  const { line } = migrateSubscription(lineOf(AT, sub()), 'sub', 'IMMEDIATE', moment)
  assert.equal(line.subscriptions[0]?.pricingType, 'CUSTOM')
})

/** The version that was published for all, and the pins after it. */
const published = [
  [pin('plan', 2), [pin('plan', 2), pin('base', 1)]],
  [pin('base', 2), [pin('plan', 1), pin('base', 2), pin('root', 2)]],
  [pin('plan', 1), [pin('plan', 1), pin('base', 1)]],
  [pin('root', 2), [pin('plan', 1), pin('base', 1)]],
] as const
for (const [to, expected] of published)
  test(`version ${to.version} of ${to.packageKey} is published for all customers`, () => {
    const moment = { at: AT, packages: SHOP }
    const { line } = moveToPublished(lineOf(AT, sub()), 'sub', to, moment)
    assert.deepEqual(line.subscriptions[0]?.pins, expected)
    assert.deepEqual(moveToPublished(line, 'sub', to, moment).transitions, [])
  })
