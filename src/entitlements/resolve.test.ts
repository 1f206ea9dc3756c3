import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addon,
  limited,
  NOW,
  nothing,
  ofSubscription,
  parentPlan,
  plan,
  promotional,
  unlimited,
  values,
} from '../../test/support/entitlement-sources.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { resolve } from './resolve.ts'
import type { Allowance, Source } from './types.ts'

const of = (id: string, isTrial = false) => ({ subscription: { id, isTrial } })
const tenThousand = [plan(limited(10_000)), addon(limited(1000), { quantity: 2 })]
const trial = { ...of('trial', true), endsAt: NOW + 1 }

/**
 * Name, sources, and their combination. null: nothing; `REVOKED`: nothing, because it is revoked.
 */
const cases: readonly (readonly [string, readonly Source[], Allowance | null | 'REVOKED'])[] = [
  ['a plan and two of an add-on add up', tenThousand, limited(12_000)],
  [
    'a promotional entitlement is not added: the subscription gives more',
    [...tenThousand, promotional(limited(11_000))],
    limited(12_000),
  ],
  [
    'a promotional entitlement that gives more counts',
    [...tenThousand, promotional(limited(15_000))],
    limited(15_000),
  ],
  [
    'an unlimited add-on makes the entitlement unlimited',
    [plan(limited(5)), addon(unlimited)],
    { ...limited(5), isUnlimited: true },
  ],
  [
    'a plan replaces its parent, and an add-on adds',
    [parentPlan(limited(100)), plan(limited(500)), addon(limited(50))],
    limited(550),
  ],
  ['a plan revokes what its parent grants', [parentPlan(nothing), plan(null)], 'REVOKED'],
  [
    'of two subscriptions the one that gives more counts',
    [plan(limited(100)), plan(limited(1000), trial)],
    limited(1000),
  ],
  [
    'a source that has ended does not count any more',
    [plan(limited(100)), plan(limited(1000), { ...trial, endsAt: NOW })],
    limited(100),
  ],
  ['values are collected', [plan(values('eu')), addon(values('us'))], values('eu', 'us')],
  [
    'an entitlement of the subscription replaces that of the plan',
    [plan(limited(10)), ofSubscription(limited(40)), addon(limited(5))],
    limited(45),
  ],
  [
    'an override replaces even a higher limit',
    [plan(limited(10)), addon(limited(3), { behavior: 'Override' }), addon(limited(50))],
    limited(3),
  ],
  [
    'of two overrides the more generous counts',
    [
      addon(limited(3), { behavior: 'Override', id: 'a' }),
      addon(limited(4), { behavior: 'Override', id: 'b' }),
    ],
    limited(4),
  ],
  ['an add-on that revokes overrules the plan', [plan(limited(10)), addon(null)], 'REVOKED'],
  [
    'an add-on that revokes is weaker than one that overrides',
    [plan(limited(10)), addon(null, { id: 'a' }), addon(limited(2), { behavior: 'Override' })],
    limited(2),
  ],
  ['an add-on without a plan adds to 0', [addon(limited(5), { quantity: 3 })], limited(15)],
  [
    'an add-on grants what the plan revokes',
    [plan(null), addon(limited(5), { quantity: 2 })],
    limited(10),
  ],
  [
    'the nearest of several parents counts',
    [parentPlan(limited(1)), parentPlan(limited(9), { generation: 2, id: 'root' })],
    limited(1),
  ],
  [
    'an entitlement of the subscription may revoke',
    [plan(limited(10)), ofSubscription(null)],
    'REVOKED',
  ],
  [
    'another subscription may give what one revokes',
    [plan(null), plan(limited(7), of('other'))],
    limited(7),
  ],
  [
    'of equal limits the soft one counts',
    [plan(limited(5)), promotional(limited(5, true))],
    limited(5, true),
  ],
  [
    'a higher hard limit does not make a soft limit hard',
    [plan(limited(5, true)), promotional(limited(9))],
    limited(9, true),
  ],
  ['an add-on adds to a plan without a limit', [plan(nothing), addon(limited(5))], limited(5)],
  ['without sources there is no entitlement', [], null],
  ['a later source does not count', [promotional(limited(5), { startsAt: NOW + 1 })], null],
  ['a source that begins now counts', [promotional(limited(5), { startsAt: NOW })], limited(5)],
  ['a source that ends now is over', [promotional(limited(5), { endsAt: NOW })], null],
]

const increment = (limit: number, quantity = 1) => addon(limited(limit), { quantity })
const override = (limit: number, quantity = 1) =>
  addon(limited(limit), { behavior: 'Override', quantity, id: `override-${limit}` })

/** Base limit, add-ons, and the limit of both. The vendor's page of calculations, row by row. */
const calculations: readonly (readonly [number, readonly Source[], number])[] = [
  [10, [increment(5, 2)], 20],
  [10, [override(100)], 100],
  [10, [override(100, 3)], 300],
  [10, [override(100), override(60, 2)], 120],
  [10, [increment(500), override(100)], 100],
  [50, [override(20)], 20],
  // The amounts of credits of a period are combined in the same way.
  [100, [increment(50)], 150],
  [100, [override(500)], 500],
]

for (const [base, addons, expected] of calculations) {
  const texts = addons.map(({ behavior, allowance, quantity }) => {
    const units = (allowance?.limit ?? 0n) / wholeUnits(1)
    return `${behavior} ${units} × ${quantity}`
  })
  test(`a plan with ${base} and add-ons with ${texts.join(', ')} give ${expected}`, () => {
    for (const order of [addons, addons.toReversed()])
      assert.equal(
        resolve([plan(limited(base)), ...order], NOW).effective?.limit,
        wholeUnits(expected),
      )
  })
}

for (const [name, sources, expected] of cases)
  test(name, () => {
    const { effective, isRevoked } = resolve(sources, NOW)
    assert.deepEqual(
      effective && {
        limit: effective.limit,
        isUnlimited: effective.isUnlimited,
        isSoft: effective.isSoft,
        enumValues: effective.enumValues,
      },
      expected === 'REVOKED' ? null : expected,
    )
    assert.equal(isRevoked, expected === 'REVOKED')
  })

test('the reset period, the anchor and updatedAt are those of the winning source', () => {
  const monthly = { period: 'MONTH', accordingTo: 'StartOfTheMonth' } as const
  const daily = { period: 'DAY', accordingTo: null } as const
  const sources = [
    plan(limited(5), { reset: monthly, anchor: 1, updatedAt: 10 }),
    addon(limited(1), { reset: daily, anchor: 2, updatedAt: 20 }),
    promotional(limited(4), { reset: daily, anchor: 3, updatedAt: 30 }),
  ]
  const { effective } = resolve(sources, NOW)
  assert.deepEqual([effective?.reset, effective?.anchor, effective?.updatedAt], [monthly, 1, 20])
})

test('of equal sources a subscription wins, then a trial, then a promotional entitlement', () => {
  const sources = [
    promotional(limited(5), { anchor: 3 }),
    plan(limited(5), { ...of('a', true), anchor: 2 }),
    plan(limited(5), { ...of('b'), anchor: 1 }),
  ]
  for (const anchor of [1, 2, 3])
    assert.equal(
      resolve(
        sources.filter((each) => each.anchor >= anchor),
        NOW,
      ).effective?.anchor,
      anchor,
    )
})

test('every source is returned with its contribution and whether it wins', () => {
  const sources = [
    parentPlan(limited(100)),
    plan(limited(5)),
    addon(limited(2), { quantity: 3 }),
    promotional(limited(7)),
  ]
  assert.deepEqual(
    resolve(sources, NOW).parts.map(({ source, contributes, wins }) => [
      source.kind,
      contributes?.limit ?? null,
      wins,
    ]),
    [
      ['PARENT_PLAN', null, false],
      ['PLAN', wholeUnits(5), true],
      ['ADDON', wholeUnits(6), true],
      ['PROMOTIONAL', wholeUnits(7), false],
    ],
  )
})

test('if one source gives the limit and another makes it soft, both win', () => {
  const sources = [plan(limited(5, true)), promotional(limited(9)), promotional(limited(4))]
  const { effective, parts } = resolve(sources, NOW)
  assert.deepEqual([effective?.limit, effective?.isSoft], [wholeUnits(9), true])
  assert.deepEqual(
    parts.map(({ source, wins }) => [source.allowance?.limit, wins]),
    [
      [wholeUnits(5), true],
      [wholeUnits(9), true],
      [wholeUnits(4), false],
    ],
  )
})

const allowance: fc.Arbitrary<Allowance> = fc.record({
  limit: fc.option(fc.bigInt({ min: 0n, max: 5n })),
  isUnlimited: fc.boolean(),
  isSoft: fc.boolean(),
  enumValues: fc.uniqueArray(fc.constantFrom('eu', 'us', 'asia')),
})
const anySubscription = fc
  .constantFrom('sub-1', 'sub-2')
  .map((id) => ({ id, isTrial: id === 'sub-2' }))
const anySource: fc.Arbitrary<Source> = fc
  .record({
    kind: fc.constantFrom('PLAN', 'PARENT_PLAN', 'ADDON', 'SUBSCRIPTION', 'PROMOTIONAL'),
    subscription: anySubscription,
    quantity: fc.integer({ min: 1, max: 3 }),
    behavior: fc.constantFrom('Increment', 'Override'),
    allowance: fc.option(allowance, { freq: 4 }),
    anchor: fc.integer({ min: 0, max: 3 }),
    startsAt: fc.constantFrom(NOW - 1, NOW, NOW + 1),
    endsAt: fc.constantFrom(null, NOW, NOW + 1, NOW + 2),
  })
  .map(({ kind, subscription, ...parts }) =>
    promotional(parts.allowance, {
      ...parts,
      kind,
      subscription: kind === 'PROMOTIONAL' ? null : subscription,
      generation: kind === 'PARENT_PLAN' ? 1 : 0,
    }),
  )
/**
 * Each subscription has at most one plan, one parent and one entitlement of its own. All ids
 * differ.
 */
const anySources = fc
  .uniqueArray(anySource, {
    maxLength: 7,
    selector: ({ kind, subscription }) =>
      ['ADDON', 'PROMOTIONAL'].includes(kind) ? null : `${kind} ${subscription?.id}`,
    comparator: (one, other) => one !== null && one === other,
  })
  .map((sources) => sources.map((each, index) => ({ ...each, id: `id-${index}` })))

test('the order of the sources has no effect', () => {
  fc.assert(
    fc.property(
      anySources.chain((sources) =>
        fc.tuple(
          fc.constant(sources),
          fc.shuffledSubarray(sources, { minLength: sources.length, maxLength: sources.length }),
        ),
      ),
      ([sources, shuffled]) => {
        const [one, other] = [resolve(sources, NOW), resolve(shuffled, NOW)]
        assert.deepEqual(
          { effective: other.effective, isRevoked: other.isRevoked },
          { effective: one.effective, isRevoked: one.isRevoked },
        )
        assert.deepEqual(new Set(other.parts), new Set(one.parts))
      },
    ),
  )
})

/** Whether `after` is in no respect less than `before`. */
function isNoLess(before: Allowance | null, after: Allowance | null): boolean {
  if (before === null) return true
  return (
    after !== null &&
    (after.isUnlimited || !before.isUnlimited) &&
    (after.isSoft || !before.isSoft) &&
    (after.limit ?? 0n) >= (before.limit ?? 0n) &&
    before.enumValues.every((value) => after.enumValues.includes(value))
  )
}

const overrides = (
  { kind, behavior, allowance: given, subscription }: Source,
  sources: readonly Source[],
) =>
  given === null ||
  (kind === 'ADDON' && behavior === 'Override') ||
  // A plan or an own entitlement replaces those that the subscription had.
  (kind !== 'ADDON' &&
    sources.some((each) => subscription !== null && each.subscription?.id === subscription.id))

test('another source never gives a customer less, unless it overrides', () => {
  fc.assert(
    fc.property(anySources, anySource, (sources, another) => {
      fc.pre(!overrides(another, sources))
      const more = [...sources, { ...another, id: 'another' }]
      assert.ok(isNoLess(resolve(sources, NOW).effective, resolve(more, NOW).effective))
    }),
  )
})

test('a higher limit of one source never gives a customer less', () => {
  fc.assert(
    fc.property(anySources, fc.nat(), fc.bigInt({ min: 1n, max: 9n }), (sources, pick, raise) => {
      fc.pre(sources.length > 0)
      const raised = sources.map((each, index) =>
        index === pick % sources.length && each.allowance !== null
          ? {
              ...each,
              allowance: { ...each.allowance, limit: (each.allowance.limit ?? 0n) + raise },
            }
          : each,
      )
      assert.ok(isNoLess(resolve(sources, NOW).effective, resolve(raised, NOW).effective))
    }),
  )
})

test('sources that have not begun or have ended are ignored', () => {
  fc.assert(
    fc.property(anySources, (sources) => {
      const present = sources.filter(
        ({ startsAt, endsAt }) => startsAt <= NOW && (endsAt === null || endsAt > NOW),
      )
      assert.deepEqual(resolve(sources, NOW), resolve(present, NOW))
    }),
  )
})

const byAmount = (one: bigint, other: bigint) => Number(one - other)

test('the effective entitlement is the most generous of all grant sets in each respect', () => {
  fc.assert(
    fc.property(anySources, (sources) => {
      const { effective, parts } = resolve(sources, NOW)
      const bySubscription = Map.groupBy(sources, ({ subscription, id }) => subscription?.id ?? id)
      const offers = [...bySubscription.values()]
        .map((own) => resolve(own, NOW).effective)
        .filter((offer) => offer !== null)
      const limits = offers.map(({ limit }) => limit ?? 0n)
      assert.deepEqual(
        effective && [
          effective.limit ?? 0n,
          effective.isUnlimited,
          effective.isSoft,
          effective.enumValues.toSorted(),
        ],
        offers.length === 0
          ? null
          : [
              limits.toSorted(byAmount).at(-1),
              offers.some(({ isUnlimited }) => isUnlimited),
              offers.some(({ isSoft }) => isSoft),
              [...new Set(offers.flatMap(({ enumValues }) => enumValues))].toSorted(),
            ],
      )
      assert.equal(
        effective !== null,
        parts.some(({ wins }) => wins),
      )
    }),
  )
})
