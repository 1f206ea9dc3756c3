import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyAsked } from '../../../test/support/asked.ts'
import { smallerChange } from '../../../test/support/smaller-change.ts'
import { type DecisionQuery, decide } from '../../entitlements/index.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import {
  afterWay,
  isGranted,
  type Limit,
  type Way,
  waysWithBudgets,
  waysWithUnknown,
} from './explain-budgets.ts'

const limits: fc.Arbitrary<Limit[]> = fc.uniqueArray(
  fc.record({
    entityId: fc.constantFrom('ann', 'team', 'org'),
    scopeEntityIds: fc.constantFrom([], ['gpt-4o']),
    usageLimit: fc.integer({ min: 0, max: 12 }).map(wholeUnits),
    spent: fc.oneof(
      fc.integer({ min: -3, max: 14 }).map(wholeUnits),
      fc.bigInt({ min: 0n, max: wholeUnits(12) }),
    ),
  }),
  { selector: (limit) => `${limit.entityId}${limit.scopeEntityIds}`, maxLength: 4 },
)

const turned = (asked: DecisionQuery, of: readonly Limit[], way: Way) =>
  isGranted(...afterWay(asked, of, way)) !== isGranted(asked, of)

test('every way through entitlement and budgets leads to the opposite result', () => {
  fc.assert(
    fc.property(anyAsked, limits, (asked, of) => {
      for (const way of waysWithBudgets(asked, of)) assert.ok(turned(asked, of, way))
    }),
    { numRuns: 1000 },
  )
})

test('every denial has a way to be granted', () => {
  fc.assert(
    fc.property(anyAsked, limits, (asked, of) => {
      fc.pre(!isGranted(asked, of))
      assert.ok(waysWithBudgets(asked, of).length > 0)
    }),
    { numRuns: 1000 },
  )
})

test('no change of a way is superfluous', () => {
  fc.assert(
    fc.property(anyAsked, limits, (asked, of) => {
      for (const way of waysWithBudgets(asked, of))
        way.forEach((_, left) => {
          const fewer = way.filter((_, index) => index !== left)
          assert.ok(!turned(asked, of, fewer))
        })
    }),
    { numRuns: 1000 },
  )
})

test('no requested usage and no budget is changed more than necessary', () => {
  fc.assert(
    fc.property(anyAsked, limits, (asked, of) => {
      const granted = isGranted(asked, of)
      for (const way of waysWithBudgets(asked, of)) {
        const last = way.at(-1)
        if (last?.change !== 'requestedUsage' && last?.change !== 'budget') continue
        const to = smallerChange(last, granted)
        if (to === null) continue
        assert.ok(!turned(asked, of, [...way.slice(0, -1), { ...last, to }]))
      }
    }),
    { numRuns: 1000 },
  )
})

test('without budgets, the ways contain no changes of budgets', () => {
  fc.assert(
    fc.property(anyAsked, (asked) => {
      const ways = waysWithBudgets(asked, [])
      assert.equal(isGranted(asked, []), decide(asked).isGranted)
      assert.ok(ways.length > 0)
      assert.ok(ways.flat().every(({ change }) => change !== 'budget'))
    }),
  )
})

const keys = fc.uniqueArray(fc.constantFrom('userId', 'teamId', 'modelId'), { minLength: 1 })

test('if dimensions deny, each way makes all of them known and contains the other necessary changes', () => {
  fc.assert(
    fc.property(anyAsked, limits, keys, (asked, of, denying) => {
      const ways = waysWithUnknown(asked, of, denying)
      assert.ok(ways.length > 0)
      for (const way of ways) {
        const others = way.filter(({ change }) => change !== 'dimension')
        const named = way.flatMap((change) => (change.change === 'dimension' ? [change.key] : []))
        assert.deepEqual(named, denying)
        assert.ok(isGranted(...afterWay(asked, of, way)))
        assert.ok(others.length === 0 || !isGranted(asked, of))
      }
    }),
    { numRuns: 1000 },
  )
})

test('if no dimension denies, the ways are those with budgets', () => {
  fc.assert(
    fc.property(anyAsked, limits, (asked, of) => {
      assert.deepEqual(waysWithUnknown(asked, of, []), waysWithBudgets(asked, of))
    }),
  )
})
