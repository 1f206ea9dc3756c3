import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PackageEntitlement } from '../../../src/api.gen.ts'
import { ancestorsOf, heirsOf, MOST_ANCESTORS, rowsOf } from './inherit.ts'
import type { PackageVersion } from './operations.ts'

const gives = (id: string, isGranted = true) =>
  ({ type: 'FEATURE', id, isGranted }) as PackageEntitlement
const plan = (id: string, parentPlanId: string | null) => ({ id, parentPlanId }) as PackageVersion

/** Each row as its id, where it comes from, and the plan whose entitlement it replaces. */
const shown = (...of: Parameters<typeof rowsOf>) =>
  rowsOf(...of).map(({ entitlement, from, replaces }) => [
    entitlement.id,
    from,
    replaces?.planId ?? null,
  ])

test('of each feature the nearest counts, and what a parent takes away is not inherited', () => {
  const ancestors = [
    { id: 'plus', entitlements: [gives('calls'), gives('sso', false)] },
    { id: 'basic', entitlements: [gives('calls'), gives('sso'), gives('seats')] },
  ]
  assert.deepEqual(shown([gives('calls'), gives('region')], ancestors), [
    ['calls', null, 'plus'],
    ['region', null, null],
    ['seats', 'basic', null],
  ])
  assert.deepEqual(shown([], []), [])
})

test('parents are found from the nearest up, and a plan that comes again ends them', () => {
  const plans = [plan('a', 'b'), plan('b', 'c'), plan('c', 'a')]
  const publishedOf = (id: string) => plans.find((each) => each.id === id) ?? null
  assert.deepEqual(ancestorsOf(plan('a', 'b'), publishedOf), ['b', 'c'])
  assert.deepEqual(ancestorsOf(plan('a', null), publishedOf), [])
  assert.deepEqual(ancestorsOf({ id: 'more' } as PackageVersion, publishedOf), [])
  const endless = (id: string) => plan(id, `${id}x`)
  assert.equal(ancestorsOf(plan('a', 'ax'), endless).length, MOST_ANCESTORS)
})

test('all plans that lead to a plan inherit from it', () => {
  const named = (id: string, parent: string | null) =>
    ({ ...plan(id, parent), displayName: `The ${id}` }) as PackageVersion
  const all = [named('a', 'b'), named('b', 'c'), named('c', null), named('d', null)]
  const publishedOf = (id: string) => all.find((each) => each.id === id) ?? null
  assert.deepEqual(heirsOf('c', { all, publishedOf }), ['The a', 'The b'])
  assert.deepEqual(heirsOf('b', { all, publishedOf: () => null }), [])
  assert.deepEqual(heirsOf('d', { all, publishedOf }), [])
})
