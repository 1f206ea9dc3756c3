import fc from 'fast-check'
import { wholeUnits } from '../kernel/quantity.ts'
import type { Asked } from './decide.ts'
import type { Allowance, Source } from './types.ts'

/** The instant at which tests of rules stand, and one year around it. */
export const NOW = Date.UTC(2026, 4, 18, 10, 7, 42)

export const nothing: Allowance = {
  limit: null,
  isUnlimited: false,
  isSoft: false,
  enumValues: [],
}
export const limited = (limit: number, isSoft = false): Allowance => ({
  ...nothing,
  limit: wholeUnits(limit),
  isSoft,
})
export const unlimited: Allowance = { ...nothing, isUnlimited: true }
export const values = (...enumValues: string[]): Allowance => ({ ...nothing, enumValues })

/** A promotional entitlement that has been in force for a day, unless told otherwise. */
export const source = (parts: Partial<Source>): Source => ({
  kind: 'PROMOTIONAL',
  id: 'grant',
  version: null,
  quantity: 1,
  subscription: null,
  generation: 0,
  behavior: 'Increment',
  allowance: nothing,
  reset: null,
  anchor: NOW - 86_400_000,
  startsAt: NOW - 86_400_000,
  endsAt: null,
  updatedAt: NOW - 86_400_000,
  ...parts,
})

const subscribed = (id: string) => ({ subscription: { id, isTrial: false } })

export const plan = (allowance: Allowance | null, parts: Partial<Source> = {}): Source =>
  source({ kind: 'PLAN', id: 'pro', version: 1, ...subscribed('sub'), allowance, ...parts })

export const parentPlan = (allowance: Allowance | null, parts: Partial<Source> = {}): Source =>
  plan(allowance, { kind: 'PARENT_PLAN', id: 'base', generation: 1, ...parts })

export const addon = (allowance: Allowance | null, parts: Partial<Source> = {}): Source =>
  plan(allowance, { kind: 'ADDON', id: 'more', ...parts })

export const ofSubscription = (allowance: Allowance | null, parts: Partial<Source> = {}): Source =>
  plan(allowance, { kind: 'SUBSCRIPTION', id: 'sub', version: null, ...parts })

export const promotional = (allowance: Allowance | null, parts: Partial<Source> = {}): Source =>
  source({ allowance, ...parts })

const amount = (min: bigint) => fc.bigInt({ min, max: 12n }).map((count) => count * wholeUnits(1))
const someValues = fc.uniqueArray(fc.constantFrom('eu', 'us', 'asia')).map((all) => all.toSorted())

/** Any question about a feature. */
export const anyAsked: fc.Arbitrary<Asked> = fc.record({
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
