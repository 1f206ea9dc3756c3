import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packagesOf, planOf, SHOP, subscriptionFrom } from '../../test/support/subscription-line.ts'
import { comparePlans } from './compare-plans.ts'
import { pinLatest } from './pin-versions.ts'

const AT = Date.UTC(2026, 3, 1)

/** Some plans that inherit and differ in their pricing. Keys ascend in the order of creation. */
const PACKAGES = packagesOf(
  ...SHOP.values(),
  planOf('6-deal', { pricingType: 'CUSTOM' }),
  planOf('7-top', { pricingType: 'PAID', parentKey: '3-pro' }),
  planOf('8-free', {}),
  planOf('9-base', { pricingType: 'CUSTOM' }),
  planOf('a-child', { pricingType: 'FREE', parentKey: '9-base' }),
)

const rows = [
  ['a plan that inherits from the present one', '2-basic', '3-pro', 'UPGRADE'],
  ['a plan that inherits from it through another', '2-basic', '7-top', 'UPGRADE'],
  ['the plan that the present one inherits from', '3-pro', '2-basic', 'DOWNGRADE'],
  ['an indirect ancestor', '7-top', '2-basic', 'DOWNGRADE'],
  ['a free plan that inherits from a custom one', '9-base', 'a-child', 'UPGRADE'],
  ['another paid plan, whose price is unknown', '2-basic', '4-other', 'NEITHER'],
  ['a custom plan that was created later', '5-deal', '6-deal', 'UPGRADE'],
  ['a custom plan that was created before', '6-deal', '5-deal', 'DOWNGRADE'],
  ['another free plan', '1-free', '8-free', 'NEITHER'],
  ['free to paid', '1-free', '4-other', 'UPGRADE'],
  ['free to custom', '1-free', '5-deal', 'UPGRADE'],
  ['paid to custom', '4-other', '5-deal', 'UPGRADE'],
  ['custom to paid', '5-deal', '4-other', 'DOWNGRADE'],
  ['custom to free', '5-deal', '1-free', 'DOWNGRADE'],
  ['paid to free', '4-other', '1-free', 'DOWNGRADE'],
  ['the same plan', '3-pro', '3-pro', 'NEITHER'],
] as const

for (const [name, from, to, expected] of rows)
  test(`${name}: ${expected}`, () => {
    const pins = pinLatest({ planKey: from, addons: [] }, AT, PACKAGES)
    const pricingType = PACKAGES.get(from)?.versions[0]?.pricingType ?? 'FREE'
    const current = subscriptionFrom(AT, { planKey: from, pricingType, pins })
    assert.equal(comparePlans(current, to, { at: AT, packages: PACKAGES }), expected)
  })
