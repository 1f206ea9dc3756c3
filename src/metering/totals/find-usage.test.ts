import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instantFromWire } from '../../kernel/clock.ts'
import { LIFETIME, type Window } from '../../kernel/period.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import type { Aggregate, Total } from '../types.ts'
import { findUsage } from './find-usage.ts'
import { usageOf } from './usage-of.ts'

const at = (text: string) => instantFromWire(`2026-${text}T00:00:00Z`)
const MAY: Window = { start: at('05-01'), end: at('06-01') }
const tally = {
  count: 2n,
  sum: wholeUnits(7),
  min: wholeUnits(3),
  max: wholeUnits(4),
  distinct: 1n,
}
const lifetime = (lastAt: number): Total => ({
  window: LIFETIME,
  tally: { ...tally, sum: wholeUnits(100) },
  held: 0n,
  lastAt,
})
const may: Total = { window: MAY, tally, held: wholeUnits(2), lastAt: at('05-03') }

const usageIn = (totals: readonly Total[], window: Window, aggregate: Aggregate) =>
  findUsage(totals, window, aggregate)?.usage ?? null

test('usage of a window follows from its total, or from the instant of the latest record', () => {
  const week = { start: at('05-04'), end: at('05-11') }
  assert.equal(usageIn([], MAY, 'SUM'), 0n)
  assert.equal(usageIn([lifetime(at('05-03')), may], MAY, 'SUM'), wholeUnits(7))
  assert.equal(usageIn([lifetime(at('05-03')), may], MAY, 'MAX'), wholeUnits(4))
  assert.equal(usageIn([lifetime(at('05-03'))], LIFETIME, 'SUM'), wholeUnits(100))
  assert.equal(usageIn([lifetime(at('04-30'))], MAY, 'SUM'), 0n)
  assert.equal(usageIn([lifetime(at('05-03')), may], week, 'SUM'), 0n)
})

test('the held amount is read from the same total as usage', () => {
  assert.equal(findUsage([lifetime(at('05-03')), may], MAY, 'MAX')?.held, wholeUnits(2))
  assert.equal(findUsage([], MAY, 'SUM')?.held, 0n)
  const holding = { ...lifetime(at('04-30')), held: 1n }
  assert.equal(findUsage([holding], MAY, 'SUM'), null)
})

test('a day without a total has no usage, because totals of days are always stored', () => {
  const day = { start: at('05-02'), end: at('05-03') }
  assert.equal(usageIn([lifetime(at('05-03'))], day, 'SUM'), 0n)
  assert.equal(usageIn([lifetime(at('05-03')), { ...may, window: day }], day, 'SUM'), wholeUnits(7))
  assert.equal(findUsage([lifetime(at('05-03'))], { ...day, end: day.end - 1 }, 'SUM'), null)
})

test('without a sufficient total, usage is unknown', () => {
  assert.equal(usageIn([lifetime(at('05-01'))], MAY, 'SUM'), null)
  assert.equal(usageIn([lifetime(at('05-03')), may], { ...MAY, end: at('05-31') }, 'SUM'), null)
})

test('usage is the aggregate of the records, and 0 without records', () => {
  const nothing = { count: 0n, sum: 0n, min: null, max: null, distinct: 0n }
  const of = (aggregate: Aggregate) => [usageOf(tally, aggregate), usageOf(nothing, aggregate)]
  assert.deepEqual(of('SUM'), [wholeUnits(7), 0n])
  assert.deepEqual(of('MAX'), [wholeUnits(4), 0n])
  assert.deepEqual(of('MIN'), [wholeUnits(3), 0n])
  assert.deepEqual(of('AVG'), [35_000_000_000n, 0n])
  assert.deepEqual(of('UNIQUE'), [wholeUnits(1), 0n])
})

test('an average is rounded to the nearest quantity, halves away from zero', () => {
  const average = (sum: bigint, count: bigint) => usageOf({ ...tally, sum, count }, 'AVG')
  assert.deepEqual(
    [1n, 2n, 3n, 4n, 5n].map((sum) => [average(sum, 3n), average(-sum, 3n)]),
    [0n, 1n, 1n, 1n, 2n].map((rounded) => [rounded, -rounded]),
  )
  assert.deepEqual([average(1n, 2n), average(-1n, 2n), average(3n, 2n)], [1n, -1n, 2n])
})
