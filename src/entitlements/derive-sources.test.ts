import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  heldSubscription,
  holdingOf,
  limited,
  NOW,
  pinOf,
  promotional,
  unlimited,
  values,
} from '../../test/support/entitlement-sources.ts'
import type { Allowance } from '../catalog/features/index.ts'
import type { Given } from '../catalog/packages/entitlements/index.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { deriveSources } from './derive-sources.ts'
import type { HeldSubscription, Holding } from './holding.ts'
import { resolve } from './resolve.ts'
import type { Source } from './types.ts'

/** What a package gives of the feature. null: it takes it away. */
type Give = Allowance | null | Given
type Shop = Record<string, Give>

const given = (give: Give): Given => {
  if (give !== null && 'behavior' in give) return give
  return { behavior: 'Increment', allowance: give, reset: { period: 'MONTH', accordingTo: null } }
}
const overriding = (allowance: Allowance): Given => ({ ...given(allowance), behavior: 'Override' })

/** The sources of the feature `f` for a resource, where packages give what `shop` says. */
const sourcesOf = (holding: Holding, shop: Shop, resourceKey: string | null = null): Source[] =>
  deriveSources(holding, { featureKey: 'f', resourceKey }, ({ pin, featureKey }) =>
    featureKey === 'f' && pin.id in shop ? given(shop[pin.id] ?? null) : null,
  )

/** A subscription to these plans, nearest first, with add-ons by their quantities. */
const subscribed = (
  plans: readonly string[],
  addons: Readonly<Record<string, number>> = {},
  own: Partial<HeldSubscription> = {},
): HeldSubscription =>
  heldSubscription({
    plans: plans.map(pinOf),
    addons: Object.entries(addons).map(([id, quantity]) => ({ pin: pinOf(id), quantity })),
    ...own,
  })

const override = (allowance: Allowance) => ({
  overrides: [{ featureKey: 'f', allowance, reset: null }],
})
const bought = (count: number) => ({ units: [{ featureKey: 'f', quantity: wholeUnits(count) }] })
const calls = { plan: limited(10_000), more: limited(1000) }
const withCalls = subscribed(['plan'], { more: 2 })

type Row = {
  shop?: Shop
  holds: readonly HeldSubscription[]
  promotional?: Allowance
  gives: Partial<Allowance> | 'revoked' | 'nothing'
}
const rows: Record<string, Row> = {
  'an add-on twice': { shop: calls, holds: [withCalls], gives: limited(12_000) },
  'the subscription, which is more than a promotional entitlement': {
    ...{ shop: calls, holds: [withCalls], promotional: limited(11_000), gives: limited(12_000) },
  },
  'a promotional entitlement, which is more than the subscription': {
    ...{ shop: calls, holds: [withCalls], promotional: limited(15_000), gives: limited(15_000) },
  },
  'an unlimited add-on': {
    shop: { plan: limited(5), more: unlimited },
    ...{ holds: [subscribed(['plan'], { more: 1 })], gives: { isUnlimited: true } },
  },
  'a plan in place of its parent, and an add-on': {
    shop: { plan: limited(500), base: limited(100), more: limited(50) },
    ...{ holds: [subscribed(['plan', 'base'], { more: 1 })], gives: limited(550) },
  },
  'the parent': {
    ...{ shop: { base: limited(100) }, holds: [subscribed(['plan', 'base'])], gives: limited(100) },
  },
  'the nearest of several ancestors': {
    shop: { base: limited(100), root: limited(900) },
    ...{ holds: [subscribed(['plan', 'base', 'root'])], gives: limited(100) },
  },
  'a plan that takes away what its parent gives': {
    shop: { plan: null, base: limited(1) },
    ...{ holds: [subscribed(['plan', 'base'])], gives: 'revoked' },
  },
  'a trial beside another product': {
    shop: { starter: limited(100), enterprise: limited(1000) },
    holds: [
      subscribed(['starter']),
      subscribed(['enterprise'], {}, { id: 'trial', isTrial: true }),
    ],
    gives: limited(1000),
  },
  'the values of an add-on': {
    shop: { plan: values('eu'), more: values('us') },
    ...{ holds: [subscribed(['plan'], { more: 1 })], gives: values('eu', 'us') },
  },
  'an own entitlement in place of the plan, and an add-on': {
    shop: { plan: limited(10), more: limited(5) },
    ...{ holds: [subscribed(['plan'], { more: 1 }, override(limited(40)))], gives: limited(45) },
  },
  'an add-on that adds, twice': {
    shop: { plan: limited(10), more: limited(5) },
    ...{ holds: [subscribed(['plan'], { more: 2 })], gives: limited(20) },
  },
  'an add-on that overrides': {
    shop: { plan: limited(10), more: overriding(limited(100)) },
    ...{ holds: [subscribed(['plan'], { more: 1 })], gives: limited(100) },
  },
  'an add-on that overrides, three times': {
    shop: { plan: limited(10), more: overriding(limited(100)) },
    ...{ holds: [subscribed(['plan'], { more: 3 })], gives: limited(300) },
  },
  'the largest of two add-ons that override': {
    shop: { plan: limited(10), one: overriding(limited(100)), two: overriding(limited(60)) },
    ...{ holds: [subscribed(['plan'], { one: 1, two: 2 })], gives: limited(120) },
  },
  'an add-on that overrides, beside one that adds': {
    shop: { plan: limited(10), one: limited(500), two: overriding(limited(100)) },
    ...{ holds: [subscribed(['plan'], { one: 1, two: 1 })], gives: limited(100) },
  },
  'an override that is less than the plan': {
    shop: { plan: limited(50), more: overriding(limited(20)) },
    ...{ holds: [subscribed(['plan'], { more: 1 })], gives: limited(20) },
  },
  'bought units in place of the plan, as soft as it': {
    shop: { plan: limited(1, true), more: limited(5) },
    ...{ holds: [subscribed(['plan'], { more: 1 }, bought(7))], gives: limited(12, true) },
  },
  'an own entitlement in place of bought units': {
    shop: { plan: limited(1) },
    holds: [subscribed(['plan'], {}, { ...bought(7), ...override(limited(3)) })],
    gives: limited(3),
  },
  'the more of two products, not the sum': {
    shop: { one: limited(5), two: limited(6) },
    holds: [subscribed(['one']), subscribed(['two'], {}, { id: 'other' })],
    gives: limited(6),
  },
  'nothing of another feature': { holds: [subscribed(['plan'])], gives: 'nothing' },
}
for (const [name, { shop = {}, holds, promotional: granted, gives }] of Object.entries(rows))
  test(`subscriptions give: ${name}`, () => {
    const derived = sourcesOf(holdingOf({ subscriptions: holds }), shop)
    const sources = granted === undefined ? derived : [...derived, promotional(granted)]
    const { effective, isRevoked } = resolve(sources, NOW)
    if (typeof gives === 'string') {
      assert.equal(effective, null)
      assert.equal(isRevoked, gives === 'revoked')
      return
    }
    for (const [field, value] of Object.entries(gives))
      assert.deepEqual(effective?.[field as keyof Allowance], value, field)
  })

test('the quantity and kind of each source say where it comes from', () => {
  const holding = holdingOf({ subscriptions: [subscribed(['plan', 'base'], { more: 2 })] })
  const shop = { plan: limited(1), base: limited(2), more: overriding(limited(3)) }
  assert.deepEqual(
    sourcesOf(holding, shop).map((source) => [
      ...[source.kind, source.id, source.version, source.generation, source.quantity],
      source.behavior,
    ]),
    [
      ['PLAN', 'plan', 1, 0, 1, 'Increment'],
      ['PARENT_PLAN', 'base', 1, 1, 1, 'Increment'],
      ['ADDON', 'more', 1, 0, 2, 'Override'],
    ],
  )
})

test('sources count from the anchor of usage, and from the revision until the next change', () => {
  const since = NOW - 1000
  const usageAnchor = NOW - 5000
  const holding = holdingOf({
    subscriptions: [subscribed(['plan'], {}, { since, usageAnchor, ...bought(7) })],
    until: NOW + 9,
  })
  const sources = sourcesOf(holding, { plan: limited(1) })
  assert.equal(sources.length, 2)
  for (const { startsAt, endsAt, updatedAt, anchor, countsFrom, reset } of sources) {
    assert.deepEqual([startsAt, endsAt, updatedAt], [since, NOW + 9, since])
    assert.deepEqual([anchor, countsFrom], [usageAnchor, usageAnchor])
    assert.equal(reset?.period, 'MONTH', 'bought units are counted in the periods of the plan')
  }
})

test('a subscription of a resource counts for this resource only, others for all', () => {
  const holding = holdingOf({
    subscriptions: [
      subscribed(['plan'], {}, { id: 'all' }),
      subscribed(['plan'], {}, { id: 'of-r', resourceKey: 'r' }),
    ],
  })
  const countingFor = (resourceKey: string | null) =>
    sourcesOf(holding, { plan: limited(1) }, resourceKey).map((each) => each.subscription?.id)
  assert.deepEqual(countingFor(null), ['all'])
  assert.deepEqual(countingFor('other'), ['all'])
  assert.deepEqual(countingFor('r'), ['all', 'of-r'])
})
