import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instantFromWire } from '../kernel/clock.ts'
import { LIFETIME, type Window } from '../kernel/period.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { findUsage, type Total } from './index.ts'

const at = (text: string) => instantFromWire(`2026-${text}T00:00:00Z`)
const MAY: Window = { start: at('05-01'), end: at('06-01') }
const lifetime = (lastAt: number): Total => ({
  window: LIFETIME,
  aggregate: 'SUM',
  value: wholeUnits(100),
  lastAt,
})
const may: Total = { window: MAY, aggregate: 'SUM', value: wholeUnits(7), lastAt: at('05-03') }

test('usage of a window is told by its total, or by the instant of the latest record', () => {
  const week = { start: at('05-04'), end: at('05-11') }
  assert.equal(findUsage([], MAY, 'SUM'), 0n)
  assert.equal(findUsage([lifetime(at('05-03')), may], MAY, 'SUM'), wholeUnits(7))
  assert.equal(findUsage([lifetime(at('05-03'))], LIFETIME, 'SUM'), wholeUnits(100))
  assert.equal(findUsage([lifetime(at('04-30'))], MAY, 'SUM'), 0n)
  assert.equal(findUsage([lifetime(at('05-03')), may], week, 'SUM'), 0n)
})

test('usage that no total tells is not guessed', () => {
  assert.equal(findUsage([lifetime(at('05-01'))], MAY, 'SUM'), null)
  assert.equal(findUsage([lifetime(at('05-03')), may], MAY, 'MAX'), null)
  assert.equal(findUsage([lifetime(at('05-03')), may], { ...MAY, end: at('05-31') }, 'SUM'), null)
})
