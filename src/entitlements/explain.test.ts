import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyAsked as asked } from '../../test/support/asked.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { type DecisionQuery, decide } from './decide.ts'
import { type Change, changed, counterfactual } from './explain.ts'

const applied = (before: DecisionQuery, changes: readonly Change[]): DecisionQuery =>
  changes.reduce(changed, before)

test('every decision has a way to the opposite result, and each way leads there', () => {
  fc.assert(
    fc.property(asked, (before) => {
      const ways = counterfactual(before)
      assert.ok(ways.length > 0)
      for (const way of ways)
        assert.notEqual(decide(applied(before, way)).isGranted, decide(before).isGranted)
    }),
    { numRuns: 500 },
  )
})

test('no change of a way is superfluous', () => {
  fc.assert(
    fc.property(asked, (before) => {
      for (const way of counterfactual(before))
        way.forEach((_, left) => {
          const fewer = way.filter((_, index) => index !== left)
          assert.equal(decide(applied(before, fewer)).isGranted, decide(before).isGranted)
        })
    }),
    { numRuns: 500 },
  )
})

test('no number is changed more than necessary', () => {
  fc.assert(
    fc.property(asked, (before) => {
      const { isGranted } = decide(before)
      for (const way of counterfactual(before)) {
        const last = way.at(-1)
        if (last?.change !== 'requestedUsage' && last?.change !== 'usageLimit') continue
        if (last.to === null) continue
        // A denial needs a larger request or a smaller limit, a grant the reverse.
        const isGrowing = isGranted === (last.change === 'requestedUsage')
        const nearer = last.to + (isGrowing ? -wholeUnits(1) : wholeUnits(1))
        if (nearer < 0n) continue
        const most = applied(before, way.slice(0, -1))
        assert.equal(decide(changed(most, { ...last, to: nearer })).isGranted, isGranted)
      }
    }),
    { numRuns: 500 },
  )
})
