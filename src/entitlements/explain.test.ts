import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyAsked as asked } from '../../test/support/asked.ts'
import { smallerChange } from '../../test/support/smaller-change.ts'
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
        const to = smallerChange(last, isGranted)
        if (to === null) continue
        const most = applied(before, way.slice(0, -1))
        assert.equal(decide(changed(most, { ...last, to })).isGranted, isGranted)
      }
    }),
    { numRuns: 500 },
  )
})
