import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW, promotional, values } from '../../test/support/entitlement-sources.ts'
import type { Feature } from '../catalog/features/index.ts'
import { LIFETIME } from '../kernel/period.ts'
import { evaluate } from './evaluate.ts'
import { resolve } from './resolve.ts'

const region = (...known: string[]): Omit<Feature, 'metadata'> => ({
  key: 'key',
  id: 'region',
  displayName: 'Region',
  description: null,
  featureType: 'ENUM',
  meterType: 'None',
  status: 'NEW',
  units: null,
  unitsPlural: null,
  enumConfiguration: known.map((value) => ({ value, displayName: value })),
  unitTransformation: null,
  meter: null,
  createdAt: 0,
  updatedAt: 0,
})

/** Values of the feature, comma-separated pieces of the request, and the values that they are. */
const split: readonly (readonly [string[], string[], string[]])[] = [
  [
    ['eu', 'us'],
    ['eu', 'us'],
    ['eu', 'us'],
  ],
  [
    ['eu', 'us'],
    ['eu', 'asia'],
    ['eu', 'asia'],
  ],
  [['a,b', 'c'], ['a', 'b'], ['a,b']],
  [['a,b', 'a', 'b'], ['a', 'b'], ['a,b']],
  [
    ['a,b', 'c'],
    ['c', 'a', 'b', 'a'],
    ['c', 'a,b', 'a'],
  ],
  [
    ['a,b,c', 'a,b'],
    ['a', 'b', 'd', 'a', 'b', 'c'],
    ['a,b', 'd', 'a,b,c'],
  ],
]

test('requested values that contain commas are recognised', () => {
  const subject = {
    customer: 'ACTIVE',
    isResourceKnown: true,
    hasActiveSubscription: false,
  } as const
  for (const [known, pieces, expected] of split) {
    const sources = [promotional(values(...known))]
    const featureState = {
      feature: region(...known),
      sources,
      totals: [],
      resolution: resolve(sources, NOW),
      window: LIFETIME,
      used: { usage: 0n, held: 0n },
    }
    const request = { usage: null, values: pieces, defaultUsage: 0n }
    const { query, decision } = evaluate(subject, featureState, { request, now: NOW })
    assert.deepEqual(query.request.values, expected)
    assert.equal(
      decision.isGranted,
      expected.every((value) => known.includes(value)),
    )
  }
})
