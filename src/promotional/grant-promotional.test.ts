import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW } from '../../test/support/entitlement-sources.ts'
import { enumFeatureWith, featureWith } from '../../test/support/feature.ts'
import type { Feature } from '../catalog/features/index.ts'
import { instantFromWire } from '../kernel/clock.ts'
import { ApiError } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { grantPromotional } from './grant-promotional.ts'
import type { PromotionalEntitlement, PromotionalInput } from './types.ts'

const ITEM = inBody().of('item')

const counted = featureWith()
const level = featureWith({ meterType: 'FLUCTUATING' })
const plainNumber = featureWith({ meterType: 'None' })
const isOn = featureWith({ featureType: 'BOOLEAN', meterType: 'None' })
const region = enumFeatureWith('eu', 'us')

const nothing: PromotionalInput = {
  featureId: 'feature',
  period: 'lifetime',
  customEndDate: null,
  limit: null,
  isUnlimited: false,
  isSoft: false,
  enumValues: [],
  isVisible: true,
  resetPeriod: null,
  accordingTo: { YEAR: null, MONTH: null, WEEK: null },
}
const ten = { ...nothing, limit: wholeUnits(10) }
const grant = (input: Partial<PromotionalInput>, of: Feature = counted): PromotionalEntitlement =>
  grantPromotional({ ...ten, ...input }, { feature: of, key: 'new', now: NOW, where: ITEM })

const refused: readonly (readonly [string, Feature, PromotionalInput, string])[] = [
  [
    'an archived feature',
    featureWith({ status: 'SUSPENDED' }),
    { ...nothing, period: 'custom' },
    'EntityIsArchivedError',
  ],
  ['a limit of a BOOLEAN', isOn, ten, 'UnsupportedFeatureType'],
  [
    'unlimited usage of a BOOLEAN',
    isOn,
    { ...nothing, isUnlimited: true },
    'UnsupportedFeatureType',
  ],
  ['a soft limit of an ENUM', region, { ...nothing, isSoft: true }, 'UnsupportedFeatureType'],
  ['values of a NUMBER', counted, { ...ten, enumValues: ['eu'] }, 'UnsupportedFeatureType'],
  ['values of a BOOLEAN', isOn, { ...nothing, enumValues: ['eu'] }, 'UnsupportedFeatureType'],
  ['a limit and unlimited usage', counted, { ...ten, isUnlimited: true }, 'InvalidArgumentError'],
  ['neither a limit nor unlimited usage', counted, nothing, 'InvalidArgumentError'],
  ['a NUMBER without a meter and a limit', plainNumber, nothing, 'InvalidArgumentError'],
  ['an ENUM without values', region, nothing, 'InvalidArgumentError'],
  [
    'a value that the feature does not have',
    region,
    { ...nothing, enumValues: ['eu', 'asia'] },
    'InvalidArgumentError',
  ],
  ['a reset of a level', level, { ...ten, resetPeriod: 'DAY' }, 'InvalidEntitlementResetPeriod'],
  [
    'a reset of a NUMBER without a meter',
    plainNumber,
    { ...ten, resetPeriod: 'DAY' },
    'InvalidEntitlementResetPeriod',
  ],
  [
    'a reset of a BOOLEAN',
    isOn,
    { ...nothing, resetPeriod: 'YEAR' },
    'InvalidEntitlementResetPeriod',
  ],
  [
    'a configuration of another period',
    counted,
    {
      ...ten,
      resetPeriod: 'WEEK',
      accordingTo: { YEAR: null, MONTH: 'StartOfTheMonth', WEEK: null },
    },
    'InvalidEntitlementResetPeriod',
  ],
  [
    'a configuration of a day',
    counted,
    {
      ...ten,
      resetPeriod: 'DAY',
      accordingTo: { YEAR: 'SubscriptionStart', MONTH: null, WEEK: null },
    },
    'InvalidEntitlementResetPeriod',
  ],
  [
    'a configuration without a period',
    counted,
    { ...ten, accordingTo: { YEAR: null, MONTH: null, WEEK: 'EveryFriday' } },
    'InvalidEntitlementResetPeriod',
  ],
  ['a custom period without an end', counted, { ...ten, period: 'custom' }, 'InvalidArgumentError'],
  ['an end now', counted, { ...ten, period: 'custom', customEndDate: NOW }, 'InvalidArgumentError'],
  [
    'an end after the year 9999',
    counted,
    { ...ten, period: 'custom', customEndDate: instantFromWire('9999-12-31T23:59:59.999Z') + 1 },
    'InvalidArgumentError',
  ],
  [
    'an end of a period that has its own',
    counted,
    { ...ten, period: '1 week', customEndDate: NOW + 1 },
    'InvalidArgumentError',
  ],
]
for (const [name, of, input, code] of refused)
  test(`a grant request is refused: ${name}`, () => {
    assert.throws(
      () => grantPromotional(input, { feature: of, key: 'new', now: NOW, where: ITEM }),
      (error) =>
        error instanceof ApiError &&
        error.status === 400 &&
        error.code === code &&
        error.message.startsWith('item: '),
    )
  })

const at = (text: string) => instantFromWire(text)

test('a period ends by the calendar, counted from now', () => {
  const leap = { feature: counted, key: 'new', now: at('2028-08-31T10:00:00Z'), where: ITEM }
  const ends = (['1 week', '1 month', '6 month', '1 year', 'lifetime'] as const).map(
    (period) => grantPromotional({ ...ten, period }, leap).endsAt,
  )
  assert.deepEqual(ends, [
    at('2028-09-07T10:00:00Z'),
    at('2028-09-30T10:00:00Z'),
    at('2029-02-28T10:00:00Z'),
    at('2029-08-31T10:00:00Z'),
    null,
  ])
  assert.equal(grant({ period: 'custom', customEndDate: NOW + 1 }).endsAt, NOW + 1)
})

test('usage is reset from the start of the entitlement, unless the calendar is chosen', () => {
  const resets = (['YEAR', 'MONTH', 'WEEK', 'DAY', 'HOUR'] as const).map(
    (resetPeriod) => grant({ resetPeriod }).reset?.accordingTo,
  )
  assert.deepEqual(resets, [
    'SubscriptionStart',
    'SubscriptionStart',
    'SubscriptionStart',
    null,
    null,
  ])
  const accordingTo = { YEAR: null, MONTH: null, WEEK: 'EveryFriday' } as const
  assert.deepEqual(grant({ resetPeriod: 'WEEK', accordingTo }).reset, {
    period: 'WEEK',
    accordingTo: 'EveryFriday',
  })
  assert.equal(grant({}).reset, null)
})

test('each type of feature is granted with its own fields', () => {
  assert.deepEqual(grant({ isSoft: true }, level).allowance, {
    limit: wholeUnits(10),
    isUnlimited: false,
    isSoft: true,
    enumValues: [],
  })
  assert.equal(grant({ limit: null, isUnlimited: true }).allowance.isUnlimited, true)
  assert.equal(grant({ limit: 0n }, plainNumber).allowance.limit, 0n)
  const values = grant({ limit: null, enumValues: ['us', 'eu', 'us'] }, region)
  assert.deepEqual(values.allowance.enumValues, ['eu', 'us'])
  assert.deepEqual(grant({ limit: null }, isOn).allowance.enumValues, [])
})
