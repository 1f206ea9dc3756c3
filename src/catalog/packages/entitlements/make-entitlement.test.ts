import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enumFeatureWith, featureWith } from '../../../../test/support/feature.ts'
import { ApiError } from '../../../kernel/errors.ts'
import { inBody } from '../../../kernel/field.ts'
import { wholeUnits } from '../../../kernel/quantity.ts'
import type { Currency } from '../../currencies/index.ts'
import type { Feature } from '../../features/index.ts'
import { creditOfPackage, featureOfPackage } from './make-entitlement.ts'
import type { CreditInput, FeatureInput, Holder } from './types.ts'

const WHERE = inBody('entitlements', 0).of('item')
const plan: Holder = { type: 'Plan', pricingType: 'PAID' }
const addon: Holder = { type: 'Addon', pricingType: 'PAID' }
const custom: Holder = { type: 'Plan', pricingType: 'CUSTOM' }
const at = (holder: Holder) => ({ holder, key: 'key', order: wholeUnits(7), now: 5, where: WHERE })

const calls = featureWith()
const seats = featureWith({ id: 'seats', meterType: 'FLUCTUATING' })
const retention = featureWith({ meterType: 'None' })
const sso = featureWith({ featureType: 'BOOLEAN', meterType: 'None' })
const region = enumFeatureWith('eu', 'us')
const archived = featureWith({ status: 'SUSPENDED' })
const tokens: Currency = {
  key: 'tokens-key',
  id: 'tokens',
  displayName: 'Tokens',
  description: null,
  symbol: null,
  units: null,
  metadata: {},
  createdAt: 0,
  updatedAt: 0,
  archivedAt: null,
}

const common = {
  behavior: 'Increment' as const,
  isGranted: true,
  isCustom: false,
  hiddenFromWidgets: [],
  order: null,
  displayNameOverride: null,
  description: null,
}
const none = { YEAR: null, MONTH: null, WEEK: null }
const bare: FeatureInput = {
  ...common,
  type: 'FEATURE',
  id: 'feature',
  limit: null,
  isUnlimited: false,
  isSoft: false,
  enumValues: [],
  resetPeriod: null,
  accordingTo: none,
}
const ten: Partial<FeatureInput> = { limit: wholeUnits(10) }
const bareCredit: CreditInput = {
  ...common,
  type: 'CREDIT',
  id: 'tokens',
  amount: wholeUnits(1000),
  cadence: 'MONTH',
  isSoft: false,
  dependencyFeatureId: null,
}

const BAD = 'InvalidArgumentError'
const TYPE = 'UnsupportedFeatureType'
const RESET = 'InvalidEntitlementResetPeriod'
const OVERRIDE = 'CannotAddOverrideEntitlementToPlan'
const ARCHIVED = 'EntityIsArchivedError'

/** Null: it is made. Otherwise the code of the refusal and the field that it names. */
type Outcome = null | [code: string, field: string]
const features: [string, Holder, Feature, Partial<FeatureInput>, Outcome][] = [
  ['a switch', plan, sso, {}, null],
  ['an override of a plan', plan, sso, { behavior: 'Override' }, [OVERRIDE, 'behavior']],
  ['an override of an add-on', addon, sso, { behavior: 'Override' }, null],
  ['a period of a sum', plan, calls, { ...ten, resetPeriod: 'DAY' }, null],
  ['a period of a level', plan, seats, { ...ten, resetPeriod: 'DAY' }, [RESET, 'resetPeriod']],
  ['a period of a number', plan, retention, { ...ten, resetPeriod: 'DAY' }, [RESET, 'resetPeriod']],
  ['a period of a switch', plan, sso, { resetPeriod: 'YEAR' }, [RESET, 'resetPeriod']],
  [
    'a configuration of the period',
    plan,
    calls,
    { ...ten, resetPeriod: 'WEEK', accordingTo: { ...none, WEEK: 'EveryFriday' } },
    null,
  ],
  [
    'a configuration of another period',
    plan,
    calls,
    { ...ten, resetPeriod: 'WEEK', accordingTo: { ...none, MONTH: 'StartOfTheMonth' } },
    [RESET, 'monthlyResetPeriodConfiguration'],
  ],
  [
    'a configuration without a period',
    plan,
    calls,
    { ...ten, accordingTo: { ...none, YEAR: 'SubscriptionStart' } },
    [RESET, 'yearlyResetPeriodConfiguration'],
  ],
  ['a limit of a switch', plan, sso, ten, [TYPE, 'usageLimit']],
  ['a limit of a choice', plan, region, { ...ten, enumValues: ['eu'] }, [TYPE, 'usageLimit']],
  ['no limit of a switch', plan, sso, { isUnlimited: true }, [TYPE, 'hasUnlimitedUsage']],
  ['a soft limit of a switch', plan, sso, { isSoft: true }, [TYPE, 'hasSoftLimit']],
  ['values of a number', plan, calls, { ...ten, enumValues: ['eu'] }, [TYPE, 'enumValues']],
  ['values of a choice', plan, region, { enumValues: ['us', 'eu', 'us'] }, null],
  ['an unknown value', plan, region, { enumValues: ['eu', 'mars'] }, [BAD, 'enumValues/1']],
  ['a choice without values', plan, region, {}, [BAD, 'enumValues']],
  ['a limit and no limit', plan, calls, { ...ten, isUnlimited: true }, [BAD, 'usageLimit']],
  ['a metered number without a limit', plan, calls, {}, [BAD, 'usageLimit']],
  ['a level without a limit', addon, seats, {}, [BAD, 'usageLimit']],
  ['an unlimited number', plan, calls, { isUnlimited: true }, null],
  ['a number that is not metered, without a value', plan, retention, {}, null],
  ['a feature that is taken away', plan, calls, { isGranted: false }, null],
  ['a custom limit', custom, calls, { isCustom: true }, null],
  ['a custom choice', custom, region, { isCustom: true }, null],
  ['a custom limit with a value', custom, calls, { ...ten, isCustom: true }, [BAD, 'usageLimit']],
  [
    'a custom limit that is none',
    custom,
    calls,
    { isUnlimited: true, isCustom: true },
    [BAD, 'hasUnlimitedUsage'],
  ],
  ['a custom limit of a PAID plan', plan, calls, { isCustom: true }, [BAD, 'isCustom']],
  ['a custom limit of a PAID add-on', addon, calls, { isCustom: true }, [BAD, 'isCustom']],
  [
    'a custom limit before the pricing type',
    { type: 'Plan', pricingType: null },
    calls,
    { isCustom: true },
    [BAD, 'isCustom'],
  ],
  ['an archived feature', plan, archived, ten, [ARCHIVED, 'id']],
]
for (const [name, holder, feature, input, expected] of features)
  test(`a feature of a package: ${name}`, () =>
    expects(() => featureOfPackage({ ...bare, ...input }, feature, at(holder)), expected))

type CreditParts = Partial<CreditInput> & { dependency?: Feature; currency?: Currency }
const credits: [string, Holder, CreditParts, Outcome][] = [
  ['an amount', plan, {}, null],
  ['0 credits', plan, { amount: 0n }, null],
  ['an override of a plan', plan, { behavior: 'Override' }, [OVERRIDE, 'behavior']],
  ['an override of an add-on', addon, { behavior: 'Override' }, null],
  ['no amount', plan, { amount: null }, [BAD, 'amount']],
  ['no amount of a CUSTOM plan', custom, { amount: null }, [BAD, 'amount']],
  ['a custom amount', custom, { amount: null, isCustom: true }, null],
  ['a custom amount with a value', custom, { isCustom: true }, [BAD, 'amount']],
  ['a custom amount of a PAID plan', plan, { amount: null, isCustom: true }, [BAD, 'isCustom']],
  ['credits that are taken away', plan, { amount: null, isGranted: false }, null],
  ['an archived currency', plan, { currency: { ...tokens, archivedAt: 1 } }, [ARCHIVED, 'id']],
  ['an amount for each seat', plan, { dependency: seats }, null],
  [
    'an amount for each of an archived feature',
    plan,
    { dependency: archived },
    [ARCHIVED, 'dependencyFeatureId'],
  ],
  ['an amount for each switch', plan, { dependency: sso }, [TYPE, 'dependencyFeatureId']],
]
for (const [name, holder, { dependency = null, currency = tokens, ...input }, expected] of credits)
  test(`credits of a package: ${name}`, () =>
    expects(
      () => creditOfPackage({ ...bareCredit, ...input }, { currency, dependency }, at(holder)),
      expected,
    ))

function expects(make: () => unknown, expected: Outcome): void {
  if (expected === null) return void make()
  const [code, field] = expected
  assert.throws(make, (error) => {
    assert.ok(error instanceof ApiError)
    const pointer = `entitlements/0/${field}`
    assert.deepEqual([error.status, error.code, error.field?.pointer], [400, code, pointer])
    assert.match(error.message, /item/)
    return true
  })
}

test('a feature of a package has the defaults', () => {
  const { allowance, reset, ...made } = featureOfPackage(
    {
      ...bare,
      ...ten,
      resetPeriod: 'MONTH',
      hiddenFromWidgets: ['CHECKOUT', 'PAYWALL', 'CHECKOUT'],
    },
    calls,
    at(plan),
  )
  assert.deepEqual(reset, { period: 'MONTH', accordingTo: 'SubscriptionStart' })
  assert.equal(allowance.limit, wholeUnits(10))
  assert.deepEqual(made, {
    ...common,
    type: 'FEATURE',
    feature: calls,
    key: 'key',
    order: wholeUnits(7),
    hiddenFromWidgets: ['PAYWALL', 'CHECKOUT'],
    createdAt: 5,
    updatedAt: 5,
  })
})

test('an own order counts, also 0', () => {
  assert.equal(featureOfPackage({ ...bare, order: 0n }, sso, at(plan)).order, 0n)
})
