import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limited, NOW, promotional } from '../../test/support/entitlement-sources.ts'
import { LIFETIME } from '../kernel/period.ts'
import type { Source } from './types.ts'
import { validUntil } from './valid-until.ts'

const source = (startsAt: number, endsAt: number | null): Source =>
  promotional(limited(1), { startsAt: NOW + startsAt, endsAt: endsAt && NOW + endsAt })

const window = { start: NOW - 5, end: NOW + 5 }

test('a decision is valid until its period ends or a source begins or ends', () => {
  assert.equal(validUntil([], null, NOW), null)
  assert.equal(validUntil([source(-9, null)], LIFETIME, NOW), null)
  assert.equal(validUntil([source(-9, null)], window, NOW), NOW + 5)
  assert.equal(validUntil([source(-9, 3)], window, NOW), NOW + 3)
  assert.equal(validUntil([source(-9, 7)], window, NOW), NOW + 5)
  assert.equal(validUntil([source(2, 9), source(-9, 4)], window, NOW), NOW + 2)
})

test('an end in the past or at this instant does not limit the validity', () => {
  assert.equal(validUntil([source(-9, -1)], null, NOW), null)
  assert.equal(validUntil([source(0, null), source(-9, 0)], { start: 0, end: NOW }, NOW), null)
})
