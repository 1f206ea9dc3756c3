import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limited, NOW, promotional } from '../../test/support/entitlement-sources.ts'
import { LIFETIME, type Window } from '../kernel/period.ts'
import type { Source } from './types.ts'
import { validUntil } from './valid-until.ts'

const source = (startsAt: number, endsAt: number | null): Source =>
  promotional(limited(1), { startsAt: NOW + startsAt, endsAt: endsAt && NOW + endsAt })

const until = (sources: Source[], window: Window | null, changesAt: number | null = null) =>
  validUntil({ sources, changesAt }, window, NOW)

const window = { start: NOW - 5, end: NOW + 5 }

test('a decision is valid until its period ends or a source begins or ends', () => {
  assert.equal(until([], null), null)
  assert.equal(until([source(-9, null)], LIFETIME), null)
  assert.equal(until([source(-9, null)], window), NOW + 5)
  assert.equal(until([source(-9, 3)], window), NOW + 3)
  assert.equal(until([source(-9, 7)], window), NOW + 5)
  assert.equal(until([source(2, 9), source(-9, 4)], window), NOW + 2)
})

test('an end in the past or at this instant does not limit the validity', () => {
  assert.equal(until([source(-9, -1)], null), null)
  assert.equal(until([source(0, null), source(-9, 0)], { start: 0, end: NOW }), null)
})

test('a change of subscriptions ends the validity, even if they give nothing of the feature', () => {
  assert.equal(until([], null, NOW + 4), NOW + 4)
  assert.equal(until([source(-9, null)], window, NOW + 4), NOW + 4)
  assert.equal(until([source(-9, 3)], window, NOW + 4), NOW + 3)
  assert.equal(until([], window, NOW), NOW + 5)
})
