import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inheritedOf } from './inherit.ts'
import type { PackageEntitlement } from './types.ts'

const gives = (id: string, isGranted = true) =>
  ({ type: 'FEATURE', feature: { id }, isGranted }) as PackageEntitlement
const credits = (id: string) =>
  ({ type: 'CREDIT', currency: { id }, isGranted: true }) as PackageEntitlement

test('of each feature and currency the nearest counts, and what is taken away is not inherited', () => {
  const above = [
    { id: 'plus', entitlements: [gives('calls'), gives('sso', false)] },
    { id: 'basic', entitlements: [gives('calls'), gives('sso'), gives('seats'), credits('calls')] },
  ]
  const shown = inheritedOf(above).map(({ from, entitlement: { type } }) => [from, type])
  assert.deepEqual(shown, [
    ['plus', 'FEATURE'],
    ['basic', 'FEATURE'],
    ['basic', 'CREDIT'],
  ])
  assert.deepEqual(inheritedOf([]), [])
})
