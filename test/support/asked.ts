import fc from 'fast-check'
import type { DecisionQuery } from '../../src/entitlements/index.ts'
import { wholeUnits } from '../../src/kernel/quantity.ts'
import { NOW } from './entitlement-sources.ts'

const amount = (min: bigint) => fc.bigInt({ min, max: 12n }).map((count) => count * wholeUnits(1))
const someValues = fc.uniqueArray(fc.constantFrom('eu', 'us', 'asia')).map((all) => all.toSorted())

/** Any query about a feature. */
export const anyAsked: fc.Arbitrary<DecisionQuery> = fc.record({
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
      effective: fc.option(
        fc.record({
          limit: fc.option(amount(0n)),
          isUnlimited: fc.constantFrom(false, false, true),
          isSoft: fc.constantFrom(false, false, true),
          enumValues: someValues,
          reset: fc.constant(null),
          anchor: fc.constant(NOW),
          countsFrom: fc.constant(null),
          updatedAt: fc.constant(NOW),
        }),
        { freq: 9 },
      ),
      isRevoked: fc.boolean(),
    })
    .map(({ effective, isRevoked }) => ({
      effective,
      isRevoked: effective === null && isRevoked,
    })),
  usage: fc.oneof(amount(-5n), fc.bigInt({ min: 0n, max: wholeUnits(12) })),
  request: fc.record({
    usage: fc.option(amount(0n)),
    values: fc.option(someValues),
    defaultUsage: fc.constantFrom(0n, wholeUnits(1)),
  }),
})
