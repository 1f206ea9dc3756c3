import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowOf } from './compare.ts'

const half = (perSecond: number) => ({ perSecond, cpuMs: 1, p99Ms: 2 })
const scenario = { name: 'check', title: 'check', connections: 1 }

/** Returns a row whose rates are these percentages of the earlier ones. */
const row = (...percentages: number[]) =>
  rowOf(
    scenario,
    percentages.map((percentage) => ({ now: half(percentage), before: half(100) })),
    null,
  )

test('a scenario is as fast as it was by its median, or by a round that reached it', () => {
  assert.equal(row(96, 95, 94).kept, true)
  assert.equal(row(94, 90, 96).kept, false)
  assert.equal(row(94, 90, 100).kept, true)
})

test('a ratio is of one round, not of two medians', () => {
  const rounds = [
    { now: half(10), before: half(10) },
    { now: half(100), before: half(50) },
    { now: half(1000), before: half(1000) },
  ]
  assert.deepEqual(rowOf(scenario, rounds, null).ratio, { median: 1, min: 1, max: 2 })
})
