import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { enumFeatureWith, featureWith } from '../../test/support/feature.ts'
import type { Feature } from '../catalog/features/index.ts'
import { instantFromWire } from '../kernel/clock.ts'
import { ApiError } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { changePromotional } from './change-promotional.ts'
import { grantPromotional } from './grant-promotional.ts'
import type { PromotionalChange, PromotionalEntitlement, PromotionalInput } from './types.ts'

const ITEM = inBody().of('item')

const BEGUN = instantFromWire('2026-05-18T10:00:00Z')
const NOW = instantFromWire('2026-05-20T10:00:00Z')

const counted = featureWith()
const region = enumFeatureWith('eu', 'us')
const ten: PromotionalInput = {
  featureId: 'feature',
  period: '1 month',
  customEndDate: null,
  limit: wholeUnits(10),
  isUnlimited: false,
  isSoft: false,
  enumValues: [],
  isVisible: true,
  resetPeriod: 'WEEK',
  accordingTo: { YEAR: null, MONTH: null, WEEK: 'EveryMonday' },
}
const NO_CONFIGURATION = { YEAR: null, MONTH: null, WEEK: null }
type Change = Partial<PromotionalChange>

const granted = (input: Partial<PromotionalInput> = {}, of: Feature = counted) =>
  grantPromotional({ ...ten, ...input }, { feature: of, key: 'key', now: BEGUN, where: ITEM })
const change = (before: PromotionalEntitlement, parts: Change, of: Feature = counted) =>
  changePromotional(
    before,
    { accordingTo: NO_CONFIGURATION, ...parts },
    { feature: of, now: NOW, where: ITEM },
  )

test('sent fields change, and the other fields are kept', () => {
  const before = granted()
  const next = { ...before, revision: 1, since: NOW, updatedAt: NOW }
  const { allowance } = before
  const rows: readonly (readonly [Change, Partial<PromotionalEntitlement>])[] = [
    [{ limit: wholeUnits(20) }, { allowance: { ...allowance, limit: wholeUnits(20) } }],
    [{ isSoft: true }, { allowance: { ...allowance, isSoft: true } }],
    [{ isUnlimited: true }, { allowance: { ...allowance, limit: null, isUnlimited: true } }],
    [{ isVisible: false }, { isVisible: false }],
    [{ period: 'lifetime' }, { period: 'lifetime', endsAt: null }],
    [{ period: '1 year' }, { period: '1 year', endsAt: instantFromWire('2027-05-18T10:00:00Z') }],
    [{ customEndDate: NOW + 1 }, { period: 'custom', endsAt: NOW + 1 }],
    [
      { period: 'custom', customEndDate: NOW + 1 },
      { period: 'custom', endsAt: NOW + 1 },
    ],
    [{ resetPeriod: null }, { reset: null }],
    [{ resetPeriod: 'DAY' }, { reset: { period: 'DAY', accordingTo: null } }],
    [{ resetPeriod: 'MONTH' }, { reset: { period: 'MONTH', accordingTo: 'SubscriptionStart' } }],
    [
      { accordingTo: { ...NO_CONFIGURATION, WEEK: 'EverySunday' } },
      { reset: { period: 'WEEK', accordingTo: 'EverySunday' } },
    ],
  ]
  for (const [parts, expected] of rows)
    assert.deepEqual(change(before, parts), { ...next, ...expected })
})

test('a new limit ends unlimited usage', () => {
  const { allowance } = change(granted({ limit: null, isUnlimited: true }), { limit: 0n })
  assert.deepEqual([allowance.limit, allowance.isUnlimited], [0n, false])
})

test('new values replace the previous ones', () => {
  const before = granted(
    { limit: null, resetPeriod: null, accordingTo: NO_CONFIGURATION, enumValues: ['eu'] },
    region,
  )
  assert.deepEqual(
    change(before, { enumValues: ['us', 'eu', 'us'] }, region).allowance.enumValues,
    ['eu', 'us'],
  )
  assert.equal(change(before, { enumValues: ['eu'] }, region), before)
})

test('an entitlement to an archived feature can be changed', () => {
  const archived = featureWith({ status: 'SUSPENDED' })
  assert.equal(
    change(granted(), { limit: wholeUnits(20) }, archived).allowance.limit,
    wholeUnits(20),
  )
})

test('a change without a difference changes nothing', () => {
  for (const input of [
    {},
    { limit: null, isUnlimited: true },
    { period: 'custom', customEndDate: NOW + 5 },
  ] as const) {
    const before = granted(input)
    const { allowance, period, isVisible, reset, endsAt } = before
    for (const parts of [
      {},
      { limit: allowance.limit, isUnlimited: allowance.isUnlimited, isSoft: false },
      { period, isVisible },
      { resetPeriod: reset?.period, accordingTo: { ...NO_CONFIGURATION, WEEK: 'EveryMonday' } },
      ...(period === 'custom' ? [{ customEndDate: endsAt }] : []),
    ] as const)
      assert.equal(change(before, parts), before)
  }
})

test('a change back gives the original entitlement, two revisions later', () => {
  fc.assert(
    fc.property(
      fc.record({
        limit: fc.integer({ min: 0, max: 9 }).map(wholeUnits),
        isSoft: fc.boolean(),
        isVisible: fc.boolean(),
        period: fc.constantFrom('1 month', '1 year', 'lifetime'),
      }),
      (parts) => {
        const before = granted()
        const there = change(before, parts)
        const { allowance, period, isVisible } = before
        const back = change(there, { ...allowance, period, isVisible, isUnlimited: undefined })
        assert.deepEqual(
          { ...back, since: before.since, updatedAt: before.updatedAt, revision: 0 },
          before,
        )
        assert.equal(back.revision, there === before ? 0 : 2)
      },
    ),
  )
})

const refused: readonly (readonly [string, Change, string])[] = [
  ['no limit at all', { limit: null }, 'InvalidArgumentError'],
  ['a limit and no limit', { limit: wholeUnits(1), isUnlimited: true }, 'InvalidArgumentError'],
  ['values of a number', { enumValues: ['eu'] }, 'UnsupportedFeatureType'],
  ['a custom period without an end', { period: 'custom' }, 'InvalidArgumentError'],
  ['an end now', { customEndDate: NOW }, 'InvalidArgumentError'],
  [
    'an end beside a period that has its own',
    { period: '1 year', customEndDate: NOW + 1 },
    'InvalidArgumentError',
  ],
  [
    'a configuration of another period',
    { accordingTo: { ...NO_CONFIGURATION, MONTH: 'StartOfTheMonth' } },
    'InvalidEntitlementResetPeriod',
  ],
]
for (const [name, parts, code] of refused)
  test(`a change is refused: ${name}`, () => {
    assert.throws(
      () => change(granted(), parts),
      (error) => error instanceof ApiError && error.status === 400 && error.code === code,
    )
  })

test('a change is refused: a period that would have ended already', () => {
  const late = { feature: counted, now: instantFromWire('2026-05-26T10:00:00Z'), where: ITEM }
  assert.throws(
    () => changePromotional(granted(), { period: '1 week', accordingTo: NO_CONFIGURATION }, late),
    (error) => error instanceof ApiError && error.code === 'InvalidArgumentError',
  )
})
