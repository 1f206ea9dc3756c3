import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instantFromWire } from '../kernel/clock.ts'
import { quantityToWire, wholeUnits } from '../kernel/quantity.ts'
import { windowOf } from './cadence.ts'
import { type ChainNode, chainsOf, type Demand } from './chains.ts'
import { counterName, postingsOf } from './count.ts'
import {
  budgetName,
  budgetOf,
  type Company,
  type CompanyBudget,
  createCounters,
  type Dimension,
  resolvedBy,
} from './testing.ts'

const now = instantFromWire('2026-05-18T10:07:42.000Z')

const asks = (requested: number, more: Partial<Demand> = {}): Demand => ({
  capabilityKey: 'tokens',
  currencyId: null,
  transformation: null,
  amount: wholeUnits(requested),
  ...more,
})

/** `ann 10/30`, with a `!` where the node denies; `ann -` for one without a budget. */
function shown(node: ChainNode): string {
  const scope = node.scopeEntityIds.length > 0 ? `[${node.scopeEntityIds}]` : ''
  const currency = node.currencyId === null ? '' : `${node.currencyId} `
  const usage =
    node.budget === null
      ? '-'
      : `${quantityToWire(node.currentUsage)}/${node.usageLimit === null ? '∞' : quantityToWire(node.usageLimit)}`
  return `${currency}${node.entityId}${scope} ${usage}${node.isGranted ? '' : '!'}`
}

type Usage = Readonly<Record<string, number>>

/** Recorded usage of now's windows, by the names of budgets. */
function countersOf(company: Company, usage: Usage) {
  const counters = createCounters()
  for (const each of company.budgets) {
    const budget = budgetOf(each)
    const count = usage[budgetName(each)]
    if (count !== undefined)
      counters.sums.set(counterName(budget, windowOf(budget, now)), wholeUnits(count))
  }
  return counters
}

function decided(
  company: Company,
  dimensions: readonly Dimension[],
  more: { usage?: Usage; holds?: Usage; demands?: readonly Demand[] } = {},
) {
  const demands = more.demands ?? [asks(1)]
  const capabilities = demands.map(({ capabilityKey }) => capabilityKey)
  const { chains, isGranted } = chainsOf(resolvedBy(company, dimensions, capabilities), demands, {
    counters: countersOf(company, more.usage ?? {}).sums,
    holds: countersOf(company, more.holds ?? {}).sums,
    at: now,
  })
  return { chains: chains.map((chain) => chain.map(shown)), isGranted }
}

const types: Company['types'] = {
  org: { keys: ['orgId'] },
  team: { keys: ['teamId'] },
  user: { keys: ['userId', 'agentId'] },
  model: { keys: ['modelId'] },
}

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

/** A record of dimensions, as counting does it. */
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

test('vector 1: a report counts on every level, and not for a scope that it does not name', () => {
  const counters = countersOf(acme, first)
  record(acme, counters, [ann], 5)
  assert.deepEqual(
    acme.budgets.map((budget) => usageOf(counters, budget)),
    [405, 145, 45, 15],
  )
})

test('vector 3: what was denied is counted when it is reported all the same', () => {
  const counters = countersOf(acme, first)
  record(acme, counters, [ann, gpt], 6)
  assert.deepEqual(
    acme.budgets.map((budget) => usageOf(counters, budget)),
    [406, 146, 51, 16],
  )
})

test('vector 6: an agent stops at its own budget, the next one at what is left of the team', () => {
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
      if (!chainsOf(resolution, [asks(1)], state).isGranted) return count
      record(agents, counters, dimensions, 1)
    }
  }
  assert.deepEqual([calls('agent-drafter'), calls('agent-reviewer')], [3, 5])
})

/** The company of the edge cases: budgets at the top only, and what each case adds. */
const edges: Company = {
  types: { ...types, old: { keys: ['oldId'], archived: true } },
  entities: {
    org: { type: 'org', parent: null },
    team: { type: 'team', parent: 'org' },
    gone: { type: 'team', parent: 'org', archived: true },
    user: { type: 'user', parent: 'team' },
    orphan: { type: 'user', parent: 'gone' },
    quit: { type: 'user', parent: 'team', archived: true },
    relic: { type: 'old', parent: 'org' },
    loner: { type: 'user', parent: null },
    gpt: { type: 'model' },
  },
  budgets: [{ entity: 'org', limit: 10 }],
}
const user: Dimension = ['userId', 'user']
const withBudgets = (...budgets: CompanyBudget[]): Company => ({
  ...edges,
  budgets: [...edges.budgets, ...budgets],
})

type Edge = [
  what: string,
  company: Company,
  dimensions: readonly Dimension[],
  chains: string[][],
  more?: { usage?: Usage; demands?: readonly Demand[]; isGranted?: boolean },
]

const cases: readonly Edge[] = [
  ['dimensions that name nothing', edges, [], []],
  ['an unknown key', edges, [['planet', 'user']], []],
  ['a key in another case', edges, [['userid', 'user']], []],
  ['an unknown entity', edges, [['userId', 'nobody']], []],
  ['an entity of another type', edges, [['userId', 'team']], []],
  ['an entity of an archived type', edges, [['oldId', 'relic']], []],
  ['no budget of its own, one above', edges, [user], [['user -', 'team -', 'org 0/10']]],
  ['no budget on the whole chain', edges, [['userId', 'loner']], []],
  [
    'a chain without a budget beside one that has some',
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
    'and a request for nothing',
    withBudgets({ entity: 'user', limit: 0 }),
    [user],
    [['user 0/0!', 'team -', 'org 0/10']],
    { demands: [asks(0)], isGranted: false },
  ],
  [
    'a request for nothing passes while anything is left',
    edges,
    [user],
    [['user -', 'team -', 'org 9/10']],
    { usage: { org: 9 }, demands: [asks(0)] },
  ],
  [
    'and is denied when nothing is',
    edges,
    [user],
    [['user -', 'team -', 'org 10/10!']],
    { usage: { org: 10 }, demands: [asks(0)], isGranted: false },
  ],
  ['an archived entity', edges, [['userId', 'quit']], []],
  [
    'an archived ancestor is skipped, what is above it is not',
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
    'a scope that holds the entity itself',
    withBudgets({ entity: 'user', scope: ['user'], limit: 5 }),
    [user],
    [['user[user] 0/5', 'team -', 'org 0/10']],
  ],
  [
    'a scope with an ancestor applies, one with a stranger does not',
    withBudgets(
      { entity: 'user', scope: ['org'], limit: 5 },
      { entity: 'user', scope: ['gpt', 'org'], limit: 0 },
    ),
    [user],
    [['user[org] 0/5', 'team -', 'org 0/10']],
  ],
  [
    'a scope with an archived entity never applies',
    withBudgets({ entity: 'orphan', scope: ['gone'], limit: 0 }),
    [['userId', 'orphan']],
    [['orphan -', 'org 0/10']],
  ],
  [
    'node-wide before scoped, small scopes before large, then by ids',
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
    'a correction below zero leaves more, and shows what it is',
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

test('what open reservations hold is not shown as usage, and is not there to be granted', () => {
  const given = { usage: { org: 4 }, holds: { org: 5 } }
  const asked = (count: number) => decided(edges, [user], { ...given, demands: [asks(count)] })
  assert.deepEqual(asked(1), { chains: [['user -', 'team -', 'org 4/10']], isGranted: true })
  assert.deepEqual(asked(2), { chains: [['user -', 'team -', 'org 4/10!']], isGranted: false })
})

test('a feature that credits pay for meets the budgets of the currency too, by their own amount', () => {
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

test('usage is shown and compared in limited units; what is requested is added before they are made', () => {
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

test('a budget that was reset denies no more, and one that is new has not counted what was before', () => {
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
    chainsOf(resolution, [asks(1)], { counters: counters.sums, holds: new Map(), at }).isGranted
  add(now - day)
  assert.equal(counters.sums.size, 0)
  add(now)
  assert.deepEqual([granted(now), granted(now + day)], [false, true])
  // Late ones go where they occurred.
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

test('a request passes exactly when every node of every chain can take it', () => {
  fc.assert(
    fc.property(anyBudgets, anyDimensions, anyUsage, (budgets, dimensions, usage) => {
      const { chains, isGranted } = decided({ ...edges, budgets }, dimensions, { usage })
      assert.equal(isGranted, !chains.flat().some((node) => node.endsWith('!')))
    }),
  )
})

test('raising a limit never denies, and neither does taking a budget away', () => {
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
        chainsOf(resolution, [asks(1)], { counters: new Map(), holds: new Map(), at: now })
          .chains.flat()
          .flatMap(({ budget }) => (budget === null ? [] : [budget.assignmentKey])),
      )
      assert.deepEqual(new Set(keys), onChains, 'what is decided by is what is counted for')
    }),
  )
})
