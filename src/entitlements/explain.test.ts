import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { wholeUnits } from '../kernel/quantity.ts'
import { type Asked, decide } from './decide.ts'
import { type Change, changed, counterfactual } from './explain.ts'
import { NOW } from './testing.ts'

const amount = (min: bigint) => fc.bigInt({ min, max: 12n }).map((count) => count * wholeUnits(1))
const someValues = fc.uniqueArray(fc.constantFrom('eu', 'us', 'asia')).map((all) => all.toSorted())

const asked: fc.Arbitrary<Asked> = fc.record({
  subject: fc.record({
    customer: fc.constantFrom(null, 'ARCHIVED', 'ACTIVE', 'ACTIVE', 'ACTIVE'),
    isResourceKnown: fc.constantFrom(true, true, false),
    hasActiveSubscription: fc.boolean(),
  }),
  feature: fc.option(
    fc
      .record({
        featureType: fc.constantFrom('BOOLEAN', 'ENUM', 'NUMBER', 'NUMBER', 'NUMBER'),
        meterType: fc.constantFrom('None', 'FLUCTUATING', 'INCREMENTAL'),
        divide: fc.option(fc.integer({ min: 1, max: 4 })),
        round: fc.constantFrom('UP', 'DOWN'),
      })
      .map(({ featureType, meterType, divide, round }) => ({
        featureType,
        meterType: featureType === 'NUMBER' ? meterType : ('None' as const),
        unitTransformation:
          divide === null || featureType !== 'NUMBER'
            ? null
            : { divide, round, featureUnits: null, featureUnitsPlural: null },
      })),
    { freq: 9 },
  ),
  resolution: fc
    .record({
      held: fc.option(
        fc.record({
          limit: fc.option(amount(0n)),
          isUnlimited: fc.constantFrom(false, false, true),
          isSoft: fc.constantFrom(false, false, true),
          enumValues: someValues,
          reset: fc.constant(null),
          anchor: fc.constant(NOW),
          updatedAt: fc.constant(NOW),
        }),
        { freq: 9 },
      ),
      isRevoked: fc.boolean(),
    })
    .map(({ held, isRevoked }) => ({ held, isRevoked: held === null && isRevoked })),
  usage: fc.oneof(amount(-5n), fc.bigInt({ min: 0n, max: wholeUnits(12) })),
  request: fc.record({
    usage: fc.option(amount(0n)),
    values: fc.option(someValues),
    defaultUsage: fc.constantFrom(0n, wholeUnits(1)),
  }),
})

const applied = (before: Asked, changes: readonly Change[]): Asked =>
  changes.reduce(changed, before)

test('there is always a way to the opposite answer, and each way leads there', () => {
  fc.assert(
    fc.property(asked, (before) => {
      const ways = counterfactual(before)
      assert.ok(ways.length > 0)
      for (const way of ways)
        assert.notEqual(decide(applied(before, way)).isGranted, decide(before).isGranted)
    }),
    { numRuns: 500 },
  )
})

test('no change of a way is superfluous', () => {
  fc.assert(
    fc.property(asked, (before) => {
      for (const way of counterfactual(before))
        way.forEach((_, left) => {
          const fewer = way.filter((_, index) => index !== left)
          assert.equal(decide(applied(before, fewer)).isGranted, decide(before).isGranted)
        })
    }),
    { numRuns: 500 },
  )
})

test('no number goes further than it must', () => {
  fc.assert(
    fc.property(asked, (before) => {
      const { isGranted } = decide(before)
      for (const way of counterfactual(before)) {
        const last = way.at(-1)
        if (last?.change !== 'requestedUsage' && last?.change !== 'usageLimit') continue
        if (last.to === null) continue
        // To deny, a request grows and a limit shrinks; to grant, the other way round.
        const isGrowing = isGranted === (last.change === 'requestedUsage')
        const nearer = last.to + (isGrowing ? -wholeUnits(1) : wholeUnits(1))
        if (nearer < 0n) continue
        const most = applied(before, way.slice(0, -1))
        assert.equal(decide(changed(most, { ...last, to: nearer })).isGranted, isGranted)
      }
    }),
    { numRuns: 500 },
  )
})
