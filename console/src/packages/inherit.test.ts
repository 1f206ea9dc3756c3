import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PackageEntitlement } from '../../../src/api.gen.ts'
import { heirsOf, rowsOf } from './inherit.ts'
import type { PackageVersion } from './operations.ts'

const gives = (id: string, inheritedFrom?: string) =>
  ({ type: 'FEATURE', id, ...(inheritedFrom && { inheritedFrom }) }) as PackageEntitlement
const plan = (id: string, parentPlanId: string | null) => ({ id, parentPlanId }) as PackageVersion

/** Each row as its id, where it comes from, and the plan whose entitlement it replaces. */
const shown = (...read: PackageEntitlement[]) =>
  rowsOf(read).map(({ entitlement, from, replaces }) => [
    entitlement.id,
    from,
    replaces?.planId ?? null,
  ])

test('what a plan gives itself comes first, and replaces what it inherits of the same', () => {
  const read = [gives('calls'), gives('region'), gives('calls', 'plus'), gives('seats', 'basic')]
  assert.deepEqual(shown(...read), [
    ['calls', null, 'plus'],
    ['region', null, null],
    ['seats', 'basic', null],
  ])
  assert.deepEqual(shown(), [])
})

test('all plans that lead to a plan inherit from it', () => {
  const named = (id: string, parent: string | null) =>
    ({ ...plan(id, parent), displayName: `The ${id}` }) as PackageVersion
  const all = [named('a', 'b'), named('b', 'c'), named('c', null), named('d', null)]
  const publishedOf = (id: string) => all.find((each) => each.id === id) ?? null
  assert.deepEqual(heirsOf('c', { all, publishedOf }), ['The a', 'The b'])
  assert.deepEqual(heirsOf('b', { all, publishedOf: () => null }), [])
  assert.deepEqual(heirsOf('d', { all, publishedOf }), [])
  const circle = [named('a', 'b'), named('b', 'a')]
  const inCircle = (id: string) => circle.find((each) => each.id === id) ?? null
  assert.deepEqual(heirsOf('d', { all: circle, publishedOf: inCircle }), [])
})
