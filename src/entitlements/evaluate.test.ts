import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW, promotional, unsubscribed, values } from '../../test/support/entitlement-sources.ts'
import { enumFeatureWith } from '../../test/support/feature.ts'
import { LIFETIME } from '../kernel/period.ts'
import { evaluate } from './evaluate.ts'
import { resolve } from './resolve.ts'

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
  for (const [known, pieces, expected] of split) {
    const sources = [promotional(values(...known))]
    const featureState = {
      feature: enumFeatureWith(...known),
      sources,
      changesAt: null,
      resolution: resolve(sources, NOW),
      window: LIFETIME,
      used: { usage: 0n, held: 0n },
    }
    const request = { usage: null, values: pieces, defaultUsage: 0n }
    const { query, decision } = evaluate(unsubscribed, featureState, { request, now: NOW })
    assert.deepEqual(query.request.values, expected)
    assert.equal(
      decision.isGranted,
      expected.every((value) => known.includes(value)),
    )
  }
})
