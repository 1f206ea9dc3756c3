import assert from 'node:assert/strict'
import { test } from 'node:test'
import { featureWith } from '../../../../test/support/feature.ts'
import { inBody } from '../../../kernel/field.ts'
import { wholeUnits } from '../../../kernel/quantity.ts'
import * as rules from './entitlements-of-version.ts'
import type { PackageEntitlement } from './types.ts'

const LIST = inBody('entitlements')
const of = (id: string, parts: Partial<PackageEntitlement> = {}): PackageEntitlement =>
  ({
    key: id,
    type: 'FEATURE',
    feature: featureWith({ id }),
    allowance: { limit: null, isUnlimited: true, isSoft: false, enumValues: [] },
    reset: null,
    behavior: 'Increment',
    isGranted: true,
    isCustom: false,
    hiddenFromWidgets: [],
    order: 0n,
    displayNameOverride: null,
    description: null,
    createdAt: 0,
    updatedAt: 0,
    ...parts,
  }) as PackageEntitlement
const many = (count: number, parts = {}) => Array.from({ length: count }, () => of('x', parts))
const refusal = (status: number, code: string, message: RegExp) => ({ status, code, message })

test('a version has one entitlement of each feature and each currency', () => {
  const feature = (id: string) => ({ type: 'FEATURE' as const, id })
  const credit = { type: 'CREDIT' as const, id: 'a' }
  rules.refuseRepeated([feature('a'), credit, feature('b')], [of('c')], LIST)
  const duplicate = refusal(409, 'DuplicatedEntityNotAllowed', /^entitlements\[1\] \(a\): /)
  const repeated = () => rules.refuseRepeated([feature('a'), feature('a')], [], LIST)
  assert.throws(repeated, duplicate)
  const taken = () => rules.refuseRepeated([credit, feature('a')], [of('a')], LIST)
  assert.throws(taken, duplicate)
})

test('an entitlement without an order comes last', () => {
  assert.equal(rules.nextOrder([]), 0n)
  const present = [of('a', { order: wholeUnits(4) }), of('b', { order: wholeUnits(-2) })]
  assert.equal(rules.nextOrder(present), wholeUnits(5))
  assert.equal(rules.nextOrder([of('a', { order: wholeUnits(-2) })]), 0n)
})

test('the entitlements of a version are bounded in number and in length', () => {
  const tooMany = refusal(400, 'InvalidArgumentError', /^entitlements: .* at most 1000 /)
  rules.refuseTooLarge(many(rules.ENTITLEMENTS_LIMIT), LIST)
  assert.throws(() => rules.refuseTooLarge(many(rules.ENTITLEMENTS_LIMIT + 1), LIST), tooMany)
  const tooLong = refusal(400, 'InvalidArgumentError', /characters together/)
  const long = { description: 'x'.repeat(rules.TEXTS_LIMIT / 2) }
  rules.refuseTooLarge(many(2, long), LIST)
  assert.throws(
    () => rules.refuseTooLarge([...many(2, long), ...many(1, { description: '1' })], LIST),
    tooLong,
  )
})

test('a draft with what was archived, or with custom values at a fixed price, is not published', () => {
  const plan = { type: 'Plan' as const, pricingType: 'PAID' as const }
  const custom = of('a', { isCustom: true })
  const gone = of('a', { feature: featureWith({ id: 'a', status: 'SUSPENDED' }) })
  rules.refuseUnpublishable([of('a')], plan)
  rules.refuseUnpublishable([custom], { ...plan, pricingType: 'CUSTOM' })
  assert.throws(
    () => rules.refuseUnpublishable([gone], plan),
    refusal(400, 'EntityIsArchivedError', / feature a$/),
  )
  assert.throws(
    () => rules.refuseUnpublishable([custom], plan),
    refusal(400, 'InvalidArgumentError', /entitlement of a is custom/),
  )
})

test('orders of a list stay if they ascend and only the last ones are new', () => {
  const cases: [(number | null)[], number[]][] = [
    [[], []],
    [
      [null, null],
      [0, 1],
    ],
    [
      [3, 7],
      [3, 7],
    ],
    [
      [-2, 7, null, null],
      [-2, 7, 8, 9],
    ],
    [
      [-3, null],
      [-3, 0],
    ],
    [
      [7, 3],
      [0, 1],
    ],
    [
      [3, 3],
      [0, 1],
    ],
    [
      [null, 3],
      [0, 1],
    ],
  ]
  for (const [present, orders] of cases)
    assert.deepEqual(
      rules.ordersOf(present.map((order) => (order === null ? null : wholeUnits(order)))),
      orders.map(wholeUnits),
    )
})
