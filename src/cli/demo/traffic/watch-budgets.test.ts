import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BudgetNode, watchBudgets } from './watch-budgets.ts'

type Node = { entityId?: string; scope?: string[]; used: number; of?: number | null; ok?: boolean }
type Step = { at: [sent: number, answered: number]; nodes: Node[]; changes: string[] }

const nodeOf = ({ entityId = 'a', scope = [], used, of = 100, ok = true }: Node) =>
  ({
    entityId,
    scopeEntityIds: scope,
    currentUsage: used,
    usageLimit: of,
    isGranted: ok,
  }) satisfies BudgetNode

/** The changes of each step: `-a` is blocked, `+a` is free again. */
const CASES: Record<string, Step[]> = {
  'a budget is reported once when it blocks and once when it is free': [
    { at: [0, 1], nodes: [{ used: 90 }], changes: [] },
    { at: [2, 3], nodes: [{ used: 98, ok: false }], changes: ['-a 98/100'] },
    { at: [4, 5], nodes: [{ used: 98, ok: false }], changes: [] },
    { at: [6, 7], nodes: [{ used: 5 }], changes: ['+a 5/100 after 4'] },
    { at: [8, 9], nodes: [{ used: 6 }], changes: [] },
  ],
  'a budget that still grants small amounts continues to block': [
    { at: [0, 1], nodes: [{ used: 90, ok: false }], changes: ['-a 90/100'] },
    { at: [2, 3], nodes: [{ used: 95 }], changes: [] },
    { at: [4, 5], nodes: [{ used: 90 }], changes: ['+a 90/100 after 4'] },
  ],
  'a late response does not free a budget': [
    { at: [2, 3], nodes: [{ used: 98, ok: false }], changes: ['-a 98/100'] },
    { at: [1, 4], nodes: [{ used: 91 }], changes: [] },
    { at: [4, 5], nodes: [{ used: 99 }], changes: [] },
    { at: [4, 6], nodes: [{ used: 98 }], changes: [] },
  ],
  'a late denial does not block a budget': [
    { at: [0, 1], nodes: [{ used: 98, ok: false }], changes: ['-a 98/100'] },
    { at: [3, 4], nodes: [{ used: 5 }], changes: ['+a 5/100 after 3'] },
    { at: [2, 5], nodes: [{ used: 98, ok: false }], changes: [] },
    { at: [6, 7], nodes: [{ used: 99, ok: false }], changes: ['-a 99/100'] },
  ],
  'a changed limit frees a budget': [
    { at: [0, 1], nodes: [{ used: 98, ok: false }], changes: ['-a 98/100'] },
    { at: [2, 3], nodes: [{ used: 99, of: 200 }], changes: ['+a 99/200 after 2'] },
    { at: [4, 5], nodes: [{ used: 199, of: 200, ok: false }], changes: ['-a 199/200'] },
    { at: [6, 7], nodes: [{ used: 200, of: null }], changes: ['+a 200/null after 2'] },
  ],
  'a budget that denies in the next window, too, is not free in between': [
    { at: [0, 1], nodes: [{ used: 98, ok: false }], changes: ['-a 98/100'] },
    { at: [2, 3], nodes: [{ used: 40, ok: false }], changes: [] },
    { at: [4, 5], nodes: [{ used: 30 }], changes: ['+a 30/100 after 4'] },
  ],
  'a denial by another budget only shows that this one is free': [
    { at: [0, 1], nodes: [{ used: 98, ok: false }], changes: ['-a 98/100'] },
    {
      at: [2, 3],
      nodes: [{ used: 0 }, { entityId: 'b', used: 100, ok: false }],
      changes: ['+a 0/100 after 2', '-b 100/100'],
    },
  ],
  'each scope is a budget of its own, and a budget in two chains counts once': [
    {
      at: [0, 1],
      nodes: [{ used: 10 }, { scope: ['m'], used: 50, ok: false }, { used: 10 }],
      changes: ['-a|m 50/100'],
    },
    {
      at: [2, 3],
      nodes: [
        { scope: ['m', 'r'], used: 7, ok: false },
        { scope: ['m', 'r'], used: 7, ok: false },
      ],
      changes: ['-a|m|r 7/100'],
    },
  ],
}

for (const [name, steps] of Object.entries(CASES))
  test(name, () => {
    const watch = watchBudgets()
    for (const { at, nodes, changes } of steps) {
      const chains = nodes.map((node) => [nodeOf(node)])
      const seen = watch.observe({ chains, sentMs: at[0], answeredMs: at[1] }).map((change) => {
        const { entityId, scopeEntityIds, currentUsage, usageLimit } = change.budget
        const budget = `${[entityId, ...scopeEntityIds].join('|')} ${currentUsage}/${usageLimit}`
        return change.kind === 'blocked' ? `-${budget}` : `+${budget} after ${change.afterMs}`
      })
      assert.deepEqual(seen, changes, `answered at ${at[1]}`)
    }
  })

test('all denials of a budget are counted, and how many budgets block now', () => {
  const watch = watchBudgets()
  const observe = (at: number, ...nodes: Node[]) =>
    watch.observe({ chains: [nodes.map(nodeOf)], sentMs: at, answeredMs: at + 0.5 })
  observe(1, { used: 99, ok: false })
  observe(2, { entityId: 'b', used: 99, ok: false }, { used: 99 })
  observe(3, { entityId: 'b', used: 99, ok: false }, { used: 99 })
  assert.equal(watch.blocking(), 2)
  observe(4, { entityId: 'b', used: 1 })
  assert.equal(watch.blocking(), 1)
  const denials = watch.denials().map(({ budget, count }) => [budget.entityId, count])
  assert.deepEqual(denials, [
    ['b', 2],
    ['a', 1],
  ])
})
