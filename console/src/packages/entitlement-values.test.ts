import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { PackageEntitlement } from '../../../src/api.gen.ts'
import type { FeatureKind } from './entitlement-values.ts'
import { changeOf, copyOf, fieldsOf, inputOf, refuse } from './entitlement-values.ts'
import { entitlementChanges } from './entitlement-words.ts'

const text = fc.option(fc.string({ minLength: 1, maxLength: 9 }))
const number = fc.integer({ min: 0, max: 10 ** 9 })
const common = {
  id: fc.constantFrom('calls', 'tokens'),
  behavior: fc.constantFrom('Increment', 'Override'),
  isGranted: fc.boolean(),
  hasSoftLimit: fc.boolean(),
  hiddenFromWidgets: fc.subarray(['PAYWALL', 'CUSTOMER_PORTAL', 'CHECKOUT']),
  order: number,
  displayNameOverride: text,
  description: text,
  createdAt: fc.constant('2026-03-02T09:14:07.312Z'),
  updatedAt: fc.constant('2026-03-02T09:14:07.312Z'),
}
const reset = fc.constantFrom(
  [null, null],
  ['DAY', null],
  ['MONTH', 'StartOfTheMonth'],
  ['WEEK', 'EveryFriday'],
  ['YEAR', 'SubscriptionStart'],
)
const extent = fc.constantFrom('LIMITED', 'UNLIMITED', 'CUSTOM')

const feature = fc
  .record({ ...common, limit: number, reset, extent })
  .map(({ limit, reset: [resetPeriod, accordingTo], extent: how, ...rest }) => ({
    type: 'FEATURE',
    ...rest,
    hasSoftLimit: rest.hasSoftLimit && how !== 'UNLIMITED',
    usageLimit: how === 'LIMITED' ? limit : null,
    hasUnlimitedUsage: how === 'UNLIMITED',
    isCustom: how === 'CUSTOM',
    enumValues: null,
    resetPeriod,
    resetPeriodConfiguration: accordingTo && { accordingTo },
  }))
const credit = fc
  .record({ ...common, amount: number, isCustom: fc.boolean(), dependencyFeatureId: text })
  .map(({ amount, ...rest }) => ({
    type: 'CREDIT',
    ...rest,
    dependencyFeatureId: rest.dependencyFeatureId?.trim() || null,
    amount: rest.isCustom ? null : amount,
    cadence: 'YEAR',
  }))
const entitlement = fc.oneof(feature, credit) as unknown as fc.Arbitrary<PackageEntitlement>

const named = entitlement.map((row): PackageEntitlement => ({ ...row, displayName: 'Calls' }))

const COUNTED: FeatureKind = { featureType: 'NUMBER', meterType: 'INCREMENTAL' }

/** What the server stores of a request: what is not sent has its default. */
function storedOf(input: object): object {
  const { yearlyResetPeriodConfiguration, monthlyResetPeriodConfiguration, ...rest } =
    input as Record<string, unknown>
  const { weeklyResetPeriodConfiguration, ...sent } = rest
  const terms = { usageLimit: null, hasUnlimitedUsage: false, enumValues: null, resetPeriod: null }
  const begins =
    yearlyResetPeriodConfiguration ??
    monthlyResetPeriodConfiguration ??
    weeklyResetPeriodConfiguration ??
    null
  return {
    ...(sent.type === 'FEATURE'
      ? { ...terms, resetPeriodConfiguration: begins }
      : { dependencyFeatureId: null, amount: null }),
    isCustom: false,
    hasSoftLimit: false,
    ...sent,
    displayNameOverride: sent.displayNameOverride || null,
    description: sent.description || null,
    createdAt: '2026-03-02T09:14:07.312Z',
    updatedAt: '2026-03-02T09:14:07.312Z',
  }
}

test('an entitlement that is removed is added again as it was', () => {
  fc.assert(fc.property(entitlement, (row) => assert.deepEqual(storedOf(copyOf(row)), row)))
})

test('a form that nobody has typed into says what is stored', () => {
  fc.assert(
    fc.property(entitlement, (row) => {
      const fields = fieldsOf(row)
      assert.deepEqual(storedOf(inputOf(fields, COUNTED)), row)
      const { id, ...rest } = inputOf(fields, COUNTED)
      assert.deepEqual(storedOf({ id, ...changeOf(fields, COUNTED) }), storedOf({ id, ...rest }))
    }),
  )
})

test('a text that is no number is refused where a number is needed, and never sent as null', () => {
  const [seats] = fc.sample(feature, 1) as unknown as [PackageEntitlement]
  const fields = { ...fieldsOf(seats), extent: 'LIMITED', isGranted: 'yes', order: '' } as const
  const plain: FeatureKind = { featureType: 'NUMBER', meterType: 'None' }
  const cases: [typeof fields & { limit: string }, FeatureKind, string | undefined][] = [
    [{ ...fields, limit: 'many' }, COUNTED, 'usageLimit'],
    [{ ...fields, limit: '' }, COUNTED, 'usageLimit'],
    [{ ...fields, limit: '' }, plain, undefined],
    [{ ...fields, limit: 'many' }, plain, 'usageLimit'],
    [{ ...fields, limit: 'many' }, { featureType: 'BOOLEAN', meterType: 'None' }, undefined],
    [{ ...fields, limit: '1' }, COUNTED, undefined],
  ]
  for (const [typed, kind, field] of cases) assert.equal(refuse(typed, kind)?.field, field)
  assert.equal(refuse({ ...fields, limit: '1', order: 'last' }, COUNTED)?.field, 'order')
})

test('two versions differ in exactly what their entitlements differ in', () => {
  fc.assert(
    fc.property(named, named, (one, other) => {
      const changes = (before: PackageEntitlement[], after: PackageEntitlement[]) =>
        entitlementChanges(before, after)
      assert.deepEqual(changes([one], [one]), [])
      assert.equal(changes([], [one]).length, 1)
      assert.equal(changes([one], []).length, 1)
      const same = { ...other, type: one.type, id: one.id } as PackageEntitlement
      if (one.type === other.type && one.description !== other.description)
        assert.ok(changes([one], [same]).some(({ label }) => label.endsWith(': description')))
    }),
  )
})
