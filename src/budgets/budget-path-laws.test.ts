import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { asks, decided, edges, now, user, withBudgets } from '../../test/support/chains.ts'
import {
  budgetName,
  budgetOf,
  type Company,
  createCounters,
  type Dimension,
  resolvedBy,
} from '../../test/support/company.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { budgetPaths, type Demand } from './budget-path.ts'
import { windowOf } from './cadence.ts'
import { attributionOf, counterName, postingsOf } from './postings.ts'

test('the amount that open reservations hold is not shown as usage and cannot be granted again', () => {
  const given = { usage: { org: 4 }, holds: { org: 5 } }
  const asked = (count: number) => decided(edges, [user], { ...given, demands: [asks(count)] })
  assert.deepEqual(asked(1), { chains: [['user -', 'team -', 'org 4/10']], isGranted: true })
  assert.deepEqual(asked(2), { chains: [['user -', 'team -', 'org 4/10!']], isGranted: false })
})

test('a feature that is paid for with credits is also checked against the budgets of the currency', () => {
  const company = withBudgets({ entity: 'user', capability: 'credits', limit: 3 })
  const asked = (credits: number) =>
    decided(company, [user], {
      demands: [asks(1), asks(credits, { capabilityKey: 'credits', currencyId: 'credits' })],
    })
  assert.deepEqual(asked(3), {
    chains: [['credits user 0/3', 'team -', 'org 0/10']],
    isGranted: true,
  })
  assert.deepEqual(asked(4), {
    chains: [['credits user 0/3!', 'team -', 'org 0/10']],
    isGranted: false,
  })
})

test('usage is shown and compared in limited units, which are computed from the sum of raw units', () => {
  const thousands = { divide: 1000, round: 'UP' } as const
  const asked = (demand: Partial<Demand>) =>
    decided(edges, [user], {
      usage: { org: 8500 },
      demands: [asks(0, { transformation: thousands, ...demand })],
    })
  const chains = [['user -', 'team -', 'org 9/10']]
  assert.deepEqual(asked({ amount: wholeUnits(1500) }), { chains, isGranted: true })
  assert.equal(asked({ amount: wholeUnits(1501) }).isGranted, false)
})

test('a budget that was reset no longer denies, and a new budget does not count earlier usage', () => {
  const counters = createCounters()
  const company: Company = {
    ...edges,
    budgets: [{ entity: 'org', limit: 10, cadence: 'P1D', createdAt: now }],
  }
  const resolution = resolvedBy(company, [user])
  const day = 86_400_000
  const add = (occurredAt: number) =>
    counters.add(
      postingsOf(resolution, { capabilityKey: 'tokens', amount: wholeUnits(10), occurredAt }),
    )
  const granted = (at: number) =>
    budgetPaths(resolution, [asks(1)], { counters: counters.sums, holds: new Map(), at }).isGranted
  add(now - day)
  assert.equal(counters.sums.size, 0)
  add(now)
  assert.deepEqual([granted(now), granted(now + day)], [false, true])
  // Late usage counts in the window in which it occurred.
  add(now + day)
  add(now)
  assert.deepEqual([granted(now + day), granted(now + 2 * day)], [false, true])
})

const entity = fc.constantFrom(...Object.keys(edges.entities))
const anyBudgets = fc.uniqueArray(
  fc.record({
    entity,
    scope: fc.uniqueArray(entity, { maxLength: 2 }),
    limit: fc.option(fc.nat({ max: 20 })),
  }),
  { selector: budgetName, maxLength: 10 },
)
const anyDimensions = fc.array(
  fc.tuple(fc.constantFrom('orgId', 'teamId', 'userId', 'agentId', 'modelId'), entity),
  { maxLength: 5 },
)
const anyUsage = fc.dictionary(entity, fc.integer({ min: -5, max: 20 }))

test('a request is granted exactly when every budget on its paths allows it', () => {
  fc.assert(
    fc.property(anyBudgets, anyDimensions, anyUsage, (budgets, dimensions, usage) => {
      const { chains, isGranted } = decided({ ...edges, budgets }, dimensions, { usage })
      assert.equal(isGranted, !chains.flat().some((node) => node.endsWith('!')))
    }),
  )
})

test('raising a limit or removing a budget never turns a granted request into a denied one', () => {
  fc.assert(
    fc.property(
      anyBudgets,
      anyDimensions,
      anyUsage,
      fc.nat(),
      fc.option(fc.nat({ max: 30 })),
      (budgets, dimensions, usage, pick, limit) => {
        const company = { ...edges, budgets }
        fc.pre(budgets.length > 0 && decided(company, dimensions, { usage }).isGranted)
        const index = pick % budgets.length
        const old = budgets[index]?.limit ?? null
        const raised = limit === null || old === null ? null : old + limit
        const more = budgets.map((each, at) => (at === index ? { ...each, limit: raised } : each))
        assert.ok(decided({ ...edges, budgets: more }, dimensions, { usage }).isGranted)
        const fewer = budgets.filter((_, at) => at !== index)
        assert.ok(decided({ ...edges, budgets: fewer }, dimensions, { usage }).isGranted)
      },
    ),
  )
})

test('a record is attributed once to each entity that its dimensions name and to each ancestor', () => {
  const measured = ['tokens', 'calls'].map((featureKey) => ({ featureKey, amount: wholeUnits(2) }))
  const company = withBudgets({ entity: 'user', capability: 'calls', limit: 1 })
  const attributed = (...dimensions: Dimension[]) => {
    const resolution = resolvedBy(company, dimensions, ['tokens', 'calls'])
    return attributionOf(resolution, { measured, occurredAt: now })
  }
  assert.equal(attributed(['planet', 'earth'], ['userId', 'zoe']), null)
  const found = attributed(user, ['teamId', 'team'], ['modelId', 'gpt'])
  assert.deepEqual(found?.direct, ['user', 'team', 'gpt'])
  assert.deepEqual(found?.entities, ['user', 'team', 'org', 'gpt'])
  assert.deepEqual(
    found?.postings.map(({ assignmentKey, delta }) => [assignmentKey, delta]),
    [
      ['org', wholeUnits(2)],
      ['calls user', wholeUnits(2)],
    ],
  )
})

test('a record counts once for a budget, however many dimensions lead to it', () => {
  fc.assert(
    fc.property(anyBudgets, anyDimensions, (budgets, dimensions) => {
      const resolution = resolvedBy({ ...edges, budgets }, dimensions)
      const postings = postingsOf(resolution, {
        capabilityKey: 'tokens',
        amount: wholeUnits(1),
        occurredAt: now,
      })
      const keys = postings.map(({ assignmentKey }) => assignmentKey)
      assert.equal(new Set(keys).size, keys.length)
      const onChains = new Set(
        budgetPaths(resolution, [asks(1)], { counters: new Map(), holds: new Map(), at: now })
          .chains.flat()
          .flatMap(({ budget }) => (budget === null ? [] : [budget.assignmentKey])),
      )
      assert.deepEqual(new Set(keys), onChains, 'what is decided by is what is counted for')
    }),
  )
})

test('the usage of a parent is its own usage and that of its children', () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f']
  const parents = fc.array(fc.option(fc.nat({ max: 5 })), { minLength: 6, maxLength: 6 })
  const events = fc.array(fc.tuple(fc.constantFrom(...ids), fc.integer({ min: -3, max: 9 })))
  fc.assert(
    fc.property(parents, events, (above, recorded) => {
      const parentOf = (index: number) => {
        const parent = above[index] ?? null
        return parent !== null && parent < index ? (ids[parent] ?? null) : null
      }
      const company: Company = {
        types: { user: { keys: ['userId'] } },
        entities: Object.fromEntries(
          ids.map((id, index) => [id, { type: 'user', parent: parentOf(index) }]),
        ),
        budgets: ids.map((entity) => ({ entity, limit: null, createdAt: now })),
      }
      const counters = createCounters()
      for (const [id, units] of recorded) {
        const amount = wholeUnits(units)
        const what = { capabilityKey: 'tokens', amount, occurredAt: now }
        counters.add(postingsOf(resolvedBy(company, [['userId', id]]), what))
      }
      const used = (id: string): bigint => {
        const budget = budgetOf({ entity: id, limit: null, createdAt: now })
        return counters.sums.get(counterName(budget, windowOf(budget, now))) ?? 0n
      }
      for (const id of ids) {
        const own = recorded
          .filter(([named]) => named === id)
          .reduce((sum, [, units]) => sum + wholeUnits(units), 0n)
        const children = ids.filter((_, index) => parentOf(index) === id)
        assert.equal(
          used(id),
          children.reduce((sum, child) => sum + used(child), own),
        )
      }
    }),
  )
})
