import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  asks,
  countersOf,
  decided,
  edges,
  now,
  types,
  type Usage,
  user,
  withBudgets,
} from '../../test/support/chains.ts'
import type { Company, CompanyBudget, Dimension } from '../../test/support/company.ts'
import { budgetOf, createCounters, resolvedBy } from '../../test/support/company.ts'
import { quantityToWire, wholeUnits } from '../kernel/quantity.ts'
import { budgetPaths, type Demand } from './budget-path.ts'
import { windowOf } from './cadence.ts'
import { counterName, postingsOf } from './postings.ts'

const acme: Company = {
  types,
  entities: {
    'org-acme': { type: 'org', parent: null },
    'team-eng': { type: 'team', parent: 'org-acme' },
    ann: { type: 'user', parent: 'team-eng' },
    'gpt-4o': { type: 'model' },
  },
  budgets: [
    { entity: 'org-acme', limit: 1000 },
    { entity: 'team-eng', limit: 200 },
    { entity: 'team-eng', scope: ['gpt-4o'], limit: 50 },
    { entity: 'ann', limit: 30, cadence: 'P1D' },
  ],
}
const first = { 'org-acme': 400, 'team-eng': 140, 'team-eng[gpt-4o]': 45, ann: 10 }
const ann: Dimension = ['userId', 'ann']
const gpt: Dimension = ['modelId', 'gpt-4o']

type Vector = {
  name: string
  dimensions: readonly Dimension[]
  requested: number
  usage: Usage
  chains: string[][]
  isGranted: boolean
}

const spent = { ...first, 'org-acme': 1000 }
const vectors: readonly Vector[] = [
  {
    name: '1: a node-wide budget on every level, the scoped one left out',
    dimensions: [ann],
    requested: 5,
    usage: first,
    chains: [['ann 10/30', 'team-eng 140/200', 'org-acme 400/1000']],
    isGranted: true,
  },
  {
    name: '2: the scoped budget applies and is just enough',
    dimensions: [ann, gpt],
    requested: 5,
    usage: first,
    chains: [['ann 10/30', 'team-eng 140/200', 'team-eng[gpt-4o] 45/50', 'org-acme 400/1000']],
    isGranted: true,
  },
  {
    name: '3: one more than the scoped budget has left',
    dimensions: [ann, gpt],
    requested: 6,
    usage: first,
    chains: [['ann 10/30', 'team-eng 140/200', 'team-eng[gpt-4o] 45/50!', 'org-acme 400/1000']],
    isGranted: false,
  },
  ...[1, 2, 3, 4, 5].flatMap((requested): Vector[] => [
    {
      name: `4: the root is used up, ${requested} of ann`,
      dimensions: [ann],
      requested,
      usage: spent,
      chains: [['ann 10/30', 'team-eng 140/200', 'org-acme 1000/1000!']],
      isGranted: false,
    },
    {
      name: `4: the root is used up, ${requested} of ann with the model`,
      dimensions: [ann, gpt],
      requested,
      usage: spent,
      chains: [['ann 10/30', 'team-eng 140/200', 'team-eng[gpt-4o] 45/50', 'org-acme 1000/1000!']],
      isGranted: false,
    },
  ]),
  {
    name: '4 and 5: an unknown user meets no budget, whatever the root has left',
    dimensions: [['userId', 'zoe']],
    requested: 5,
    usage: spent,
    chains: [],
    isGranted: true,
  },
]

for (const { name, dimensions, requested, usage, chains, isGranted } of vectors)
  test(`vector ${name}`, () => {
    const demands = [asks(requested)]
    assert.deepEqual(decided(acme, dimensions, { usage, demands }), { chains, isGranted })
  })

/** Adds the postings of a record with these dimensions, as the engine does. */
function record(
  company: Company,
  counters: ReturnType<typeof createCounters>,
  dimensions: readonly Dimension[],
  amount: number,
) {
  const resolution = resolvedBy(company, dimensions)
  const what = { capabilityKey: 'tokens', amount: wholeUnits(amount), occurredAt: now }
  counters.add(postingsOf(resolution, what))
}

const usageOf = (counters: ReturnType<typeof createCounters>, each: CompanyBudget): number => {
  const budget = budgetOf(each)
  return quantityToWire(counters.sums.get(counterName(budget, windowOf(budget, now))) ?? 0n)
}

test('vector 1: a report counts at every level, but not for a scope that it does not name', () => {
  const counters = countersOf(acme, first)
  record(acme, counters, [ann], 5)
  assert.deepEqual(
    acme.budgets.map((budget) => usageOf(counters, budget)),
    [405, 145, 45, 15],
  )
})

test('vector 3: usage that was denied counts when it is reported', () => {
  const counters = countersOf(acme, first)
  record(acme, counters, [ann, gpt], 6)
  assert.deepEqual(
    acme.budgets.map((budget) => usageOf(counters, budget)),
    [406, 146, 51, 16],
  )
})

test('vector 6: an agent stops at its own budget, another one when the budget of the team is used up', () => {
  const agents: Company = {
    types,
    entities: {
      'team-research': { type: 'team', parent: null },
      'agent-drafter': { type: 'user', parent: 'team-research' },
      'agent-reviewer': { type: 'user', parent: 'team-research' },
    },
    budgets: [
      { entity: 'team-research', limit: 8 },
      { entity: 'agent-drafter', limit: 3 },
      { entity: 'agent-reviewer', limit: 10 },
    ],
  }
  const counters = createCounters()
  const calls = (agent: string): number => {
    const dimensions: Dimension[] = [['agentId', agent]]
    for (let count = 0; ; count += 1) {
      const resolution = resolvedBy(agents, dimensions)
      const state = { counters: counters.sums, holds: new Map(), at: now }
      if (!budgetPaths(resolution, [asks(1)], state).isGranted) return count
      record(agents, counters, dimensions, 1)
    }
  }
  assert.deepEqual([calls('agent-drafter'), calls('agent-reviewer')], [3, 5])
})

type Edge = [
  what: string,
  company: Company,
  dimensions: readonly Dimension[],
  chains: string[][],
  more?: { usage?: Usage; demands?: readonly Demand[]; isGranted?: boolean },
]

const cases: readonly Edge[] = [
  ['no dimensions', edges, [], []],
  ['an unknown key', edges, [['planet', 'user']], []],
  ['a key in another case', edges, [['userid', 'user']], []],
  ['an unknown entity', edges, [['userId', 'nobody']], []],
  ['an entity of another type', edges, [['userId', 'team']], []],
  ['an archived entity of an archived type', edges, [['oldId', 'relic']], [['org 0/10']]],
  ['only the root has a budget', edges, [user], [['user -', 'team -', 'org 0/10']]],
  ['a chain without any budget', edges, [['userId', 'loner']], []],
  [
    'a chain without a budget beside one with budgets',
    edges,
    [gpt, ['modelId', 'gpt'], user],
    [['user -', 'team -', 'org 0/10']],
  ],
  [
    'a budget without a limit is counted and never denies',
    withBudgets({ entity: 'user', limit: null }),
    [user],
    [['user 99/∞', 'team -', 'org 0/10']],
    { usage: { user: 99 } },
  ],
  [
    'a limit of 0 denies a request for one',
    withBudgets({ entity: 'user', limit: 0 }),
    [user],
    [['user 0/0!', 'team -', 'org 0/10']],
    { isGranted: false },
  ],
  [
    'a limit of 0 denies a request for 0, too',
    withBudgets({ entity: 'user', limit: 0 }),
    [user],
    [['user 0/0!', 'team -', 'org 0/10']],
    { demands: [asks(0)], isGranted: false },
  ],
  [
    'a request for 0 is granted while any amount is left',
    edges,
    [user],
    [['user -', 'team -', 'org 9/10']],
    { usage: { org: 9 }, demands: [asks(0)] },
  ],
  [
    'a request for 0 is denied when no amount is left',
    edges,
    [user],
    [['user -', 'team -', 'org 10/10!']],
    { usage: { org: 10 }, demands: [asks(0)], isGranted: false },
  ],
  [
    'the budgets of an archived entity do not apply, but those above it do',
    withBudgets({ entity: 'quit', limit: 0 }),
    [['userId', 'quit']],
    [['team -', 'org 0/10']],
  ],
  [
    'an archived entity beside its parent adds no chain',
    edges,
    [
      ['userId', 'quit'],
      ['teamId', 'team'],
      ['agentId', 'quit'],
    ],
    [['team -', 'org 0/10']],
  ],
  [
    'an archived ancestor is left out, but the entities above it are not',
    edges,
    [['userId', 'orphan']],
    [['orphan -', 'org 0/10']],
  ],
  [
    'an entity and its own ancestor are two chains',
    edges,
    [
      ['teamId', 'team'],
      ['orgId', 'org'],
    ],
    [['team -', 'org 0/10'], ['org 0/10']],
  ],
  [
    'chains come in the order of the dimensions',
    edges,
    [
      ['orgId', 'org'],
      ['teamId', 'team'],
    ],
    [['org 0/10'], ['team -', 'org 0/10']],
  ],
  [
    'two keys of one type with one value',
    edges,
    [user, ['agentId', 'user']],
    [['user -', 'team -', 'org 0/10']],
  ],
  [
    'two keys of one type with two values',
    withBudgets({ entity: 'loner', limit: 0 }),
    [user, ['agentId', 'loner']],
    [['user -', 'team -', 'org 0/10'], ['loner 0/0!']],
    { isGranted: false },
  ],
  [
    'a scope that contains the entity itself',
    withBudgets({ entity: 'user', scope: ['user'], limit: 5 }),
    [user],
    [['user[user] 0/5', 'team -', 'org 0/10']],
  ],
  [
    'a scope with an ancestor applies, one with an unrelated entity does not',
    withBudgets(
      { entity: 'user', scope: ['org'], limit: 5 },
      { entity: 'user', scope: ['gpt', 'org'], limit: 0 },
    ),
    [user],
    [['user[org] 0/5', 'team -', 'org 0/10']],
  ],
  [
    'a scope with an archived entity applies like any other',
    withBudgets(
      { entity: 'orphan', scope: ['gone'], limit: 2 },
      { entity: 'org', scope: ['quit'], limit: 1 },
    ),
    [
      ['userId', 'orphan'],
      ['agentId', 'quit'],
    ],
    [
      ['orphan[gone] 0/2', 'org 0/10', 'org[quit] 0/1'],
      ['team -', 'org 0/10', 'org[quit] 0/1'],
    ],
  ],
  [
    'node-wide budgets come before scoped ones, small scopes before large ones, then by id',
    withBudgets(
      { entity: 'user', scope: ['gpt', 'org'], limit: 1 },
      { entity: 'user', scope: ['org'], limit: 2 },
      { entity: 'user', scope: ['gpt'], limit: 3 },
      { entity: 'user', limit: 4 },
    ),
    [user, ['modelId', 'gpt']],
    [['user 0/4', 'user[gpt] 0/3', 'user[org] 0/2', 'user[gpt,org] 0/1', 'team -', 'org 0/10']],
  ],
  [
    'negative usage increases what is left and is shown as it is',
    edges,
    [user],
    [['user -', 'team -', 'org -5/10']],
    { usage: { org: -5 }, demands: [asks(15)] },
  ],
]

for (const [what, company, dimensions, chains, more = {}] of cases)
  test(`an edge case: ${what}`, () => {
    const { isGranted = true, ...given } = more
    assert.deepEqual(decided(company, dimensions, given), { chains, isGranted })
  })
