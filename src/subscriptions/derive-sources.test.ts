import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limited, NOW, unlimited, values } from '../../test/support/entitlement-sources.ts'
import {
  addonOf,
  packagesOf,
  planOf,
  subscriptionFrom,
} from '../../test/support/subscription-line.ts'
import type { Allowance } from '../catalog/features/index.ts'
import { resolve } from '../entitlements/index.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { deriveSources } from './derive-sources.ts'
import { pinLatest } from './pin-versions.ts'
import type { Content, PackageEntitlement, Subscription } from './types.ts'

const AT = NOW - 1
const gives = (
  allowance: Allowance | null,
  behavior: PackageEntitlement['behavior'] = 'Increment',
): PackageEntitlement => ({
  featureKey: 'f',
  behavior,
  allowance,
  reset: { period: 'MONTH', accordingTo: null },
})

type Give = Allowance | null | PackageEntitlement
type Shop = { parent?: Give; plan?: Give; addons?: readonly (readonly [Give, number])[] }

/** Returns a subscription to a plan that gives this of one feature, and what it gives together. */
function effective({ parent, plan, addons = [] }: Shop, own: Partial<Content> = {}) {
  const rows = (give: Give | undefined) => {
    if (give === undefined) return []
    return [give !== null && 'featureKey' in give ? give : gives(give)]
  }
  const packages = packagesOf(
    planOf('plan', { parentKey: 'parent', entitlements: rows(plan) }),
    planOf('parent', { entitlements: rows(parent) }),
    ...addons.map(([give], index) => addonOf(`addon-${index}`, { entitlements: rows(give) })),
  )
  const content: Content = {
    ...{ units: [], overrides: [], metadata: {} },
    addons: addons.map(([, quantity], index) => ({ addonKey: `addon-${index}`, quantity })),
    ...own,
  }
  const pins = pinLatest({ planKey: 'plan', addons: content.addons }, AT, packages)
  const subscription = subscriptionFrom(AT, { planKey: 'plan', content, pins })
  const sources = (of: Subscription) =>
    deriveSources(of, packages).map((source) => ({
      ...source,
      ...{ startsAt: AT, endsAt: null, updatedAt: AT },
    }))
  return { subscription, sources, resolution: resolve(sources(subscription), NOW) }
}

const override = (allowance: Allowance) => ({
  overrides: [{ featureKey: 'f', allowance, reset: null }],
})
const bought = (count: number) => ({ units: [{ featureKey: 'f', quantity: wholeUnits(count) }] })

const rows: readonly (readonly [string, Shop, Partial<Content>, Partial<Allowance> | string])[] = [
  ['plan and add-ons', { plan: limited(10), addons: [[limited(1), 2]] }, {}, limited(12)],
  [
    'an unlimited add-on',
    { plan: limited(5), addons: [[unlimited, 1]] },
    {},
    { isUnlimited: true },
  ],
  ['the parent', { parent: limited(100) }, {}, limited(100)],
  [
    'a plan in place of its parent, and an add-on',
    { parent: limited(100), plan: limited(500), addons: [[limited(50), 1]] },
    {},
    limited(550),
  ],
  ['a plan that revokes', { parent: limited(1), plan: null }, {}, 'revoked'],
  [
    'values of an add-on',
    { plan: values('eu'), addons: [[values('us'), 1]] },
    {},
    values('eu', 'us'),
  ],
  [
    'an own entitlement in place of the plan',
    { plan: limited(10), addons: [[limited(5), 1]] },
    override(limited(40)),
    limited(45),
  ],
  [
    'an add-on that overrides, three times',
    { plan: limited(10), addons: [[gives(limited(100), 'Override'), 3]] },
    {},
    limited(300),
  ],
  [
    'bought units in place of the plan, as soft as it',
    { plan: limited(1, true), addons: [[limited(5), 1]] },
    bought(7),
    limited(12, true),
  ],
  [
    'an own entitlement in place of bought units',
    { plan: limited(1) },
    { ...bought(7), ...override(limited(3)) },
    limited(3),
  ],
  ['nothing', {}, {}, 'nothing'],
]
for (const [name, shop, own, expected] of rows)
  test(`a subscription gives: ${name}`, () => {
    const { effective: found, isRevoked } = effective(shop, own).resolution
    if (typeof expected === 'string') {
      assert.equal(found, null)
      assert.equal(isRevoked, expected === 'revoked')
      return
    }
    for (const [field, value] of Object.entries(expected))
      assert.deepEqual(found?.[field as keyof Allowance], value, field)
  })

test('bought units are counted in the periods of the plan', () => {
  const { resolution, subscription } = effective({ plan: limited(1) }, bought(7))
  const { effective: found } = resolution
  assert.deepEqual([found?.reset?.period, found?.anchor], ['MONTH', subscription.usageAnchor])
})

test('only an active subscription and a trial give something', () => {
  const { subscription, sources } = effective({ plan: limited(1) })
  const given = (status: Subscription['status']) => sources({ ...subscription, status })
  for (const status of ['NOT_STARTED', 'PAYMENT_PENDING', 'CANCELED', 'EXPIRED'] as const)
    assert.deepEqual(given(status), [])
  assert.equal(given('ACTIVE')[0]?.subscription?.isTrial, false)
  assert.equal(given('IN_TRIAL')[0]?.subscription?.isTrial, true)
})
