import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enumFeatureWith, featureWith } from '../../../../test/support/feature.ts'
import { ApiError } from '../../../kernel/errors.ts'
import { inBody } from '../../../kernel/field.ts'
import { wholeUnits } from '../../../kernel/quantity.ts'
import type { Feature } from '../../features/index.ts'
import { changeCreditOfPackage, changeFeatureOfPackage, otherType } from './change-entitlement.ts'
import type {
  CreditChange,
  CreditOfPackage,
  FeatureChange,
  FeatureOfPackage,
  Holder,
} from './types.ts'

const WHERE = inBody().of('item')
const plan: Holder = { type: 'Plan', pricingType: 'PAID' }
const custom: Holder = { type: 'Plan', pricingType: 'CUSTOM' }
const calls = featureWith()
const seats = featureWith({ key: 'seats-key', id: 'seats', meterType: 'FLUCTUATING' })
const none = { YEAR: null, MONTH: null, WEEK: null }
const at = (holder: Holder) => ({ holder, now: 9, where: WHERE })

const common = {
  key: 'key',
  behavior: 'Increment' as const,
  isGranted: true,
  isCustom: false,
  hiddenFromWidgets: [],
  order: 0n,
  displayNameOverride: null,
  description: null,
  createdAt: 5,
  updatedAt: 5,
}
const ofCalls: FeatureOfPackage = {
  ...common,
  type: 'FEATURE',
  feature: calls,
  allowance: { limit: wholeUnits(10), isUnlimited: false, isSoft: false, enumValues: [] },
  reset: { period: 'MONTH', accordingTo: 'StartOfTheMonth' },
}
const ofTokens: CreditOfPackage = {
  ...common,
  type: 'CREDIT',
  currency: { key: 'tokens-key', id: 'tokens', displayName: 'Tokens', isArchived: false },
  amount: wholeUnits(100),
  cadence: 'MONTH',
  isSoft: false,
  dependency: { key: 'seats-key', id: 'seats', isArchived: false },
}
const changeFeature = (
  change: Partial<FeatureChange>,
  { holder = plan, before = ofCalls, feature = calls } = {},
) =>
  changeFeatureOfPackage(
    before,
    { type: 'FEATURE', accordingTo: none, ...change },
    { ...at(holder), feature },
  )
const changeCredit = (
  change: Partial<CreditChange>,
  { holder = plan, dependency = null as Feature | null, before = ofTokens } = {},
) => changeCreditOfPackage(before, { type: 'CREDIT', ...change }, { ...at(holder), dependency })

test('a change that changes nothing returns the same object', () => {
  assert.equal(changeFeature({}), ofCalls)
  assert.equal(changeFeature({ limit: wholeUnits(10), order: 0n, description: null }), ofCalls)
  assert.equal(changeCredit({}), ofTokens)
  assert.equal(changeCredit({ dependencyFeatureId: 'seats' }, { dependency: seats }), ofTokens)
})

test('only the fields that are sent change', () => {
  const parts = { description: 'more', isGranted: false, order: wholeUnits(3), isSoft: true }
  const { isSoft, ...others } = parts
  assert.deepEqual(changeFeature(parts), {
    ...ofCalls,
    ...others,
    allowance: { ...ofCalls.allowance, isSoft },
    updatedAt: 9,
  })
  assert.deepEqual(changeCredit(parts), { ...ofTokens, ...parts, updatedAt: 9 })
})

test('a limit, no limit and a custom limit end each other', () => {
  const amounts = (each: FeatureOfPackage) => [
    each.allowance.limit,
    each.allowance.isUnlimited,
    each.isCustom,
  ]
  const unlimited = changeFeature({ isUnlimited: true }, { holder: custom })
  assert.deepEqual(amounts(unlimited), [null, true, false])
  const asCustom = changeFeature({ isCustom: true }, { holder: custom, before: unlimited })
  assert.deepEqual(amounts(asCustom), [null, false, true])
  const limited = changeFeature({ limit: 0n }, { holder: custom, before: asCustom })
  assert.deepEqual(amounts(limited), [0n, false, false])
  const again = changeFeature({ isCustom: true }, { holder: custom, before: limited })
  assert.deepEqual(amounts(again), [null, false, true])
  const free = changeFeature({ isUnlimited: true }, { holder: custom, before: again })
  assert.deepEqual(amounts(free), [null, true, false])
})

test('an amount and a custom amount end each other', () => {
  const asCustom = changeCredit({ isCustom: true }, { holder: custom })
  assert.deepEqual([asCustom.amount, asCustom.isCustom], [null, true])
  const fixed = changeCredit({ amount: 7n }, { holder: custom, before: asCustom })
  assert.deepEqual([fixed.amount, fixed.isCustom], [7n, false])
})

test('the configuration of a period stays until the period changes', () => {
  assert.deepEqual(changeFeature({ resetPeriod: 'MONTH' }).reset, ofCalls.reset)
  assert.deepEqual(changeFeature({ resetPeriod: 'WEEK' }).reset, {
    period: 'WEEK',
    accordingTo: 'SubscriptionStart',
  })
})

test('a dependency is replaced and removed', () => {
  const other = featureWith({ key: 'other-key', id: 'other' })
  const replaced = changeCredit({ dependencyFeatureId: 'other' }, { dependency: other })
  assert.deepEqual(replaced.dependency, { key: 'other-key', id: 'other', isArchived: false })
  assert.equal(changeCredit({ dependencyFeatureId: null }).dependency, null)
})

test('an archived feature that a draft has can change', () => {
  const feature = featureWith({ status: 'SUSPENDED' })
  assert.equal(changeFeature({ limit: 0n }, { feature }).allowance.limit, 0n)
})

const refused: [string, () => unknown, code: string, field: string][] = [
  [
    'an override of a plan',
    () => changeFeature({ behavior: 'Override' }),
    'CannotAddOverrideEntitlementToPlan',
    'behavior',
  ],
  [
    'custom credits of a PAID plan',
    () => changeCredit({ isCustom: true }),
    'InvalidArgumentError',
    'isCustom',
  ],
  ['no limit at all', () => changeFeature({ limit: null }), 'InvalidArgumentError', 'usageLimit'],
  [
    'values of a NUMBER',
    () => changeFeature({ enumValues: ['eu'] }),
    'UnsupportedFeatureType',
    'enumValues',
  ],
  [
    'a value that the feature lost',
    () =>
      changeFeature(
        {},
        {
          feature: enumFeatureWith('eu'),
          before: {
            ...ofCalls,
            reset: null,
            allowance: { ...ofCalls.allowance, limit: null, enumValues: ['us'] },
          },
        },
      ),
    'InvalidArgumentError',
    'enumValues/0',
  ],
  [
    'a period of a level',
    () => changeFeature({}, { feature: seats }),
    'InvalidEntitlementResetPeriod',
    'resetPeriod',
  ],
  [
    'an archived dependency',
    () =>
      changeCredit(
        { dependencyFeatureId: 'seats' },
        { dependency: { ...seats, status: 'SUSPENDED' } },
      ),
    'EntityIsArchivedError',
    'dependencyFeatureId',
  ],
  [
    'another type',
    () => {
      throw otherType(ofCalls, WHERE)
    },
    'BadUserInput',
    'type',
  ],
]
for (const [name, change, code, field] of refused)
  test(`a change of an entitlement is refused: ${name}`, () => {
    assert.throws(change, (error) => {
      assert.ok(error instanceof ApiError)
      assert.deepEqual([error.status, error.code, error.field?.pointer], [400, code, field])
      return true
    })
  })
