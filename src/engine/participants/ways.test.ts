import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyAsked } from '../../../test/support/asked.ts'
import { smallerChange } from '../../../test/support/smaller-change.ts'
import { type BudgetNode, isWithin } from '../../budgets/index.ts'
import type { Currency } from '../../catalog/currencies/index.ts'
import { type DecisionQuery, decide, type Request } from '../../entitlements/index.ts'
import { LIFETIME } from '../../kernel/period.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import { BUDGET_EXCEEDED } from './combine.ts'
import { demandOf, type Limit, stanceIn, stanceOfBudgets } from './explain-budgets.ts'
import { stanceOfLimits, stanceOn } from './explain-limits.ts'
import { afterWay, isGrantedBy, type Stance, type Way, waysOf } from './ways.ts'

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

const stancesOn = (
  asked: DecisionQuery,
  of: readonly Limit[],
  denying: readonly string[] = [],
): Stance[] => {
  const needed = denying.map((key) => ({ change: 'dimension' as const, to: 'KNOWN' as const, key }))
  return [{ ...stanceOn(asked), needed }, stanceIn(demandOf(asked), of)]
}
const isGranted = (asked: DecisionQuery, of: readonly Limit[]) => isGrantedBy(stancesOn(asked, of))
const isGrantedAfter = (asked: DecisionQuery, of: readonly Limit[], way: Way) =>
  isGrantedBy(afterWay(stancesOn(asked, of), way))
const turned = (asked: DecisionQuery, of: readonly Limit[], way: Way) =>
  isGrantedAfter(asked, of, way) !== isGranted(asked, of)
const waysWithBudgets = (asked: DecisionQuery, of: readonly Limit[]) => waysOf(stancesOn(asked, of))
const waysWithUnknown = (...given: Parameters<typeof stancesOn>) => waysOf(stancesOn(...given))

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
        assert.ok(isGrantedAfter(asked, of, way))
        assert.ok(others.length === 0 || !isGranted(asked, of))
      }
    }),
    { numRuns: 1000 },
  )
})

const currency = { key: 'credits', id: 'credits' } as Currency
const SUBJECT = { customer: 'ACTIVE', isResourceKnown: false, hasActiveSubscription: true } as const
const request: fc.Arbitrary<Request> = fc.record({
  usage: fc.option(fc.integer({ min: 0, max: 9 }).map(wholeUnits)),
  values: fc.constantFrom(null, ['a']),
  defaultUsage: fc.constantFrom(0n, wholeUnits(1)),
})

test('the only way to spend a currency has a balance, and raises all budgets that deny', () => {
  fc.assert(
    fc.property(request, limits, keys, (asked, of, denying) => {
      const credit = {
        subject: SUBJECT,
        request: asked,
        currency,
        decision: BUDGET_EXCEEDED,
      } as const
      const chains = [of.map(nodeWith)]
      const stances = [stanceOfLimits({ credit, denying }), stanceOfBudgets({ credit, chains })]
      const [way = [], ...others] = waysOf(stances)
      assert.deepEqual(others, [])
      assert.ok(isGrantedBy(afterWay(stances, way)))
      const raised = way.filter(({ change }) => change === 'budget').length
      const amount = asked.usage ?? asked.defaultUsage
      const demand = { amount, transformation: null }
      const denied = of.filter(({ usageLimit, spent }) => !isWithin(usageLimit, spent, demand))
      assert.equal(raised, denied.length)
      const named = way.flatMap((change) => (change.change === 'dimension' ? [change.key] : []))
      assert.deepEqual(named, denying)
      assert.ok(way.some(({ change }) => change === 'balance'))
    }),
  )
})

/** A budget node with a limit. */
const nodeWith = ({ spent, ...limit }: Limit, index: number): BudgetNode => ({
  ...limit,
  ...{ currencyId: null, currentUsage: spent, isGranted: true, holds: 0n, remaining: null },
  budget: {
    ...{ assignmentKey: `budget ${index}`, revision: 1, window: LIFETIME },
    ...{ used: spent, held: 0n },
  },
})
