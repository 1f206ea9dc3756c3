import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  limited,
  NOW,
  nothing,
  unlimited,
  unsubscribed,
  values,
} from '../../test/support/entitlement-sources.ts'
import type { AccessDeniedReason } from '../api.gen.ts'
import { type Quantity, wholeUnits } from '../kernel/quantity.ts'
import { type DecisionQuery, decide, decideCredit } from './decide.ts'
import type { Allowance, Request } from './types.ts'

type Feature = NonNullable<DecisionQuery['feature']>
const feature = (parts: Partial<Feature> = {}): Feature => ({
  featureType: 'NUMBER',
  meterType: 'INCREMENTAL',
  unitTransformation: null,
  ...parts,
})
const resolutionOf = (allowance: Allowance | null): DecisionQuery['resolution'] => ({
  effective: allowance && {
    ...allowance,
    reset: null,
    anchor: NOW,
    countsFrom: null,
    updatedAt: NOW,
  },
  isRevoked: false,
})
const requesting = (usage: number | null, values: string[] | null = null): Request => ({
  usage: usage === null ? null : wholeUnits(usage),
  values,
  defaultUsage: 0n,
})
const asking = (parts: Partial<DecisionQuery> = {}): DecisionQuery => ({
  subject: { customer: 'ACTIVE', isResourceKnown: true, hasActiveSubscription: true },
  feature: feature(),
  resolution: resolutionOf(limited(10)),
  usage: wholeUnits(9),
  request: requesting(1),
  ...parts,
})

/** A query that every rule would deny. */
const worst = asking({
  subject: { customer: null, isResourceKnown: false, hasActiveSubscription: false },
  feature: null,
  resolution: { effective: null, isRevoked: true },
  request: requesting(2, ['eu']),
})
/** Each repair removes the cause of the denial before it, and nothing else. */
const repairs: readonly (readonly [AccessDeniedReason, (asked: DecisionQuery) => DecisionQuery])[] =
  [
    ['CustomerNotFound', (asked) => asked],
    [
      'CustomerIsArchived',
      (asked) => ({ ...asked, subject: { ...asked.subject, customer: 'ARCHIVED' } }),
    ],
    [
      'CustomerResourceNotFound',
      (asked) => ({ ...asked, subject: { ...asked.subject, customer: 'ACTIVE' } }),
    ],
    [
      'FeatureNotFound',
      (asked) => ({ ...asked, subject: { ...asked.subject, isResourceKnown: true } }),
    ],
    ['Revoked', (asked) => ({ ...asked, feature: feature() })],
    ['NoActiveSubscription', (asked) => ({ ...asked, resolution: resolutionOf(null) })],
    [
      'NoFeatureEntitlementInSubscription',
      (asked) => ({ ...asked, subject: { ...asked.subject, hasActiveSubscription: true } }),
    ],
    ['FeatureTypeMismatch', (asked) => ({ ...asked, resolution: resolutionOf(limited(10)) })],
    [
      'RequestedUsageExceedingLimit',
      (asked) => ({ ...asked, request: { ...asked.request, values: null } }),
    ],
  ]

test('of several reasons to deny, the first in the list is returned', () => {
  let asked = worst
  for (const [reason, repair] of repairs) {
    asked = repair(asked)
    assert.deepEqual([decide(asked).isGranted, decide(asked).accessDeniedReason], [false, reason])
  }
})

test('the values of an ENUM are compared after the type of the request', () => {
  const asked = asking({
    feature: feature({ featureType: 'ENUM', meterType: 'None' }),
    resolution: resolutionOf(values('eu', 'us')),
    request: requesting(1, ['asia']),
  })
  assert.equal(decide(asked).accessDeniedReason, 'FeatureTypeMismatch')
  const withoutUsage = { ...asked, request: requesting(null, ['asia']) }
  assert.equal(decide(withoutUsage).accessDeniedReason, 'RequestedValuesMismatch')
})

const thousands = {
  divide: 1000,
  round: 'UP',
  featureUnits: null,
  featureUnitsPlural: null,
} as const

/** Name, allowance, usage, request, and whether it is granted. */
const metered: readonly (readonly [string, Allowance, number, number | null, boolean])[] = [
  ['the last one', limited(10), 9, 1, true],
  ['one too many', limited(10), 9, 2, false],
  ['zero at the limit', limited(10), 10, 0, true],
  ['no amount at the limit', limited(10), 10, null, true],
  ['zero beyond the limit', limited(10), 11, 0, false],
  ['one without a limit', nothing, 0, 1, false],
  ['zero without a limit', nothing, 0, 0, true],
  ['beyond a soft limit', limited(10, true), 99, 5, true],
  ['unlimited', unlimited, 99, 5, true],
  ['usage below zero makes room', limited(10), -5, 15, true],
  ['usage below zero, one too many', limited(10), -5, 16, false],
]
for (const [name, allowance, usage, requested, isGranted] of metered)
  test(`a request for a metered feature: ${name}`, () => {
    const asked = asking({
      resolution: resolutionOf(allowance),
      usage: wholeUnits(usage),
      request: requesting(requested),
    })
    for (const meterType of ['INCREMENTAL', 'FLUCTUATING'] as const)
      assert.equal(decide({ ...asked, feature: feature({ meterType }) }).isGranted, isGranted)
  })

/** Raw usage, raw request, rounding, and whether 3 units of 1,000 suffice. */
const transformed: readonly (readonly [number, number, 'UP' | 'DOWN', boolean])[] = [
  [2001, 0, 'UP', true],
  [2001, 999, 'UP', true],
  [2001, 1000, 'UP', false],
  [3000, 999, 'DOWN', true],
  [3000, 1000, 'DOWN', false],
]
for (const [usage, requested, round, isGranted] of transformed)
  test(`units of 1,000, rounded ${round}: ${usage} used and ${requested} requested`, () => {
    const asked = asking({
      feature: feature({ unitTransformation: { ...thousands, round } }),
      resolution: resolutionOf(limited(3)),
      usage: wholeUnits(usage),
      request: requesting(requested),
    })
    assert.equal(decide(asked).isGranted, isGranted)
  })

/** A number that is not metered: its value, the request, and whether it is granted. */
const plain: readonly (readonly [Allowance, number | null, boolean])[] = [
  [limited(10), null, true],
  [limited(10), 10, true],
  [limited(10), 11, false],
  [limited(10, true), 11, true],
  [unlimited, 11, true],
  [nothing, 1, false],
]
for (const [allowance, requested, isGranted] of plain)
  test(`a feature with a number of ${allowance.limit} (soft: ${allowance.isSoft}) and a request for ${requested}`, () => {
    const asked = asking({
      feature: feature({ meterType: 'None' }),
      resolution: resolutionOf(allowance),
      usage: wholeUnits(99),
      request: { ...requesting(requested), defaultUsage: wholeUnits(99) },
    })
    assert.equal(decide(asked).isGranted, isGranted)
  })

/** Values of the entitlement, requested values, and whether they are granted. */
const enumerated: readonly (readonly [readonly string[], readonly string[] | null, boolean])[] = [
  [['eu', 'us'], ['us'], true],
  [['eu', 'us'], ['us', 'eu', 'us'], true],
  [['eu', 'us'], [], true],
  [['eu', 'us'], null, true],
  [['eu', 'us'], ['eu', 'asia'], false],
]
for (const [held, requested, isGranted] of enumerated)
  test(`an entitlement to the values ${held} and a request for ${requested}`, () => {
    const asked = asking({
      feature: feature({ featureType: 'ENUM', meterType: 'None' }),
      resolution: resolutionOf(values(...held)),
      request: requesting(null, requested && [...requested]),
    })
    assert.equal(decide(asked).isGranted, isGranted)
  })

test('the default of the requested usage applies only to metered features', () => {
  const asked = asking({
    usage: wholeUnits(10),
    request: { ...requesting(null), defaultUsage: wholeUnits(1) },
  })
  assert.equal(decide(asked).isGranted, false)
  const isBoolean = feature({ featureType: 'BOOLEAN', meterType: 'None' })
  assert.equal(decide({ ...asked, feature: isBoolean }).isGranted, true)
})

test('an entitlement to a BOOLEAN feature is granted, and a request with usage or values is denied', () => {
  const asked = asking({ feature: feature({ featureType: 'BOOLEAN', meterType: 'None' }) })
  const sent = (usage: Quantity | null, requested: string[] | null) =>
    decide({ ...asked, request: { usage, values: requested, defaultUsage: 0n } }).accessDeniedReason
  assert.equal(sent(null, null), null)
  assert.equal(sent(null, []), null)
  assert.equal(sent(0n, null), 'FeatureTypeMismatch')
  assert.equal(sent(null, ['eu']), 'FeatureTypeMismatch')
})

test('for credits, the reasons about the customer come first, and without credits everything is denied', () => {
  const reasons = [
    decideCredit({ ...unsubscribed, customer: null }, requesting(null, ['eu'])),
    decideCredit({ ...unsubscribed, customer: 'ARCHIVED' }, requesting(null, ['eu'])),
    decideCredit({ ...unsubscribed, isResourceKnown: false }, requesting(null, ['eu'])),
    decideCredit(unsubscribed, requesting(null, ['eu'])),
    decideCredit(unsubscribed, requesting(0, [])),
  ].map(({ accessDeniedReason }) => accessDeniedReason)
  assert.deepEqual(reasons, [
    'CustomerNotFound',
    'CustomerIsArchived',
    'CustomerResourceNotFound',
    'FeatureTypeMismatch',
    'InsufficientCredits',
  ])
})

const amount = fc.bigInt({ min: -5n, max: 30n }).map((count) => count * wholeUnits(1))
const anyAsked: fc.Arbitrary<DecisionQuery> = fc
  .record({
    limit: fc.option(fc.bigInt({ min: 0n, max: 30n }).map((count) => count * wholeUnits(1))),
    isSoft: fc.boolean(),
    isUnlimited: fc.boolean(),
    usage: amount,
    requested: fc.option(amount.filter((quantity) => quantity >= 0n)),
    meterType: fc.constantFrom('None', 'FLUCTUATING', 'INCREMENTAL'),
    divide: fc.option(fc.integer({ min: 1, max: 4 })),
    round: fc.constantFrom('UP', 'DOWN'),
  })
  .map(({ limit, isSoft, isUnlimited, usage, requested, meterType, divide, round }) =>
    asking({
      feature: feature({
        meterType,
        unitTransformation: divide === null ? null : { ...thousands, divide, round },
      }),
      resolution: resolutionOf({ ...nothing, limit, isSoft, isUnlimited }),
      usage,
      request: { ...requesting(null), usage: requested },
    }),
  )

test('a higher or softer limit or less usage never turns a granted request into a denied one', () => {
  fc.assert(
    fc.property(anyAsked, fc.bigInt({ min: 0n, max: 9n }), (asked, by) => {
      fc.pre(decide(asked).isGranted)
      const { effective } = asked.resolution
      assert.ok(effective !== null)
      const { usage } = asked.request
      const limit = (effective.limit ?? 0n) + by
      const better: DecisionQuery[] = [
        { ...asked, resolution: resolutionOf({ ...effective, limit }) },
        { ...asked, resolution: resolutionOf({ ...effective, isSoft: true }) },
        { ...asked, resolution: resolutionOf({ ...effective, isUnlimited: true }) },
        { ...asked, usage: asked.usage - by },
        { ...asked, request: { ...asked.request, usage: usage === null ? null : usage - by } },
      ]
      for (const each of better) assert.ok(decide(each).isGranted)
    }),
  )
})
