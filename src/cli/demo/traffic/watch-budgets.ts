import type { EntitlementChainNode } from '../../../api.gen.ts'

/** The relevant fields of a node in the chains of a response. */
export type BudgetNode = Pick<
  EntitlementChainNode,
  'entityId' | 'scopeEntityIds' | 'currencyId' | 'usageLimit' | 'currentUsage' | 'isGranted'
>
/** A budget as the chains of responses show it. */
export type Budget = Omit<BudgetNode, 'isGranted'>

/** The chains of a response, with the times of the request and of the response in milliseconds. */
export type Observation = {
  chains: readonly (readonly BudgetNode[])[]
  sentMs: number
  answeredMs: number
}

/** A budget begins to deny (`blocked`), or grants again (`free`). */
export type Change =
  | { kind: 'blocked'; budget: Budget }
  | { kind: 'free'; budget: Budget; afterMs: number }

export type BudgetWatch = {
  /** Returns the changes that a response shows. */
  observe(observed: Observation): Change[]
  /** Returns how many budgets block now. */
  blocking(): number
  /** Returns all budgets that have denied, with the numbers of denied requests, highest first. */
  denials(): { budget: Budget; count: number }[]
}

type BudgetState = {
  budget: Budget
  denials: number
  block: Block | null
  /** The time of the response that last showed that it is free again. */
  freeMs: number
}
/** The time since when it blocks, and the time of the response that `budget` comes from. */
type Block = { sinceMs: number; seenMs: number }

/**
 * Tracks which budgets block. A budget that has denied is free again once it grants and shows less
 * usage, because its window is over, or another limit. Responses may arrive out of order. So a
 * response counts only if its request was sent after the previous figures arrived. The size is
 * bounded by the number of budgets.
 */
export function watchBudgets(): BudgetWatch {
  const all = new Map<string, BudgetState>()

  const observeNode = (node: BudgetNode, observed: Observation): Change[] => {
    const { isGranted, ...budget } = node
    const key = keyOf(budget)
    const existing = all.get(key)
    if (existing === undefined && isGranted) return []
    const state = existing ?? { budget, denials: 0, block: null, freeMs: Number.NEGATIVE_INFINITY }
    all.set(key, state)
    if (!isGranted) state.denials += 1
    return changeOf(state, { budget, isGranted }, observed)
  }

  return {
    observe: (observed) => {
      const nodes = new Map(observed.chains.flat().map((node) => [keyOf(node), node]))
      return [...nodes.values()].flatMap((node) => observeNode(node, observed))
    },
    blocking: () => [...all.values()].filter(({ block }) => block !== null).length,
    denials: () =>
      [...all.values()]
        .map(({ budget, denials }) => ({ budget, count: denials }))
        .sort((a, b) => b.count - a.count),
  }
}

function changeOf(
  state: BudgetState,
  { budget, isGranted }: { budget: Budget; isGranted: boolean },
  { sentMs, answeredMs }: Observation,
): Change[] {
  const { block } = state
  if (block === null) {
    if (isGranted || sentMs < state.freeMs) return []
    Object.assign(state, { budget, block: { sinceMs: answeredMs, seenMs: answeredMs } })
    return [{ kind: 'blocked', budget }]
  }
  const isRenewed =
    budget.currentUsage < state.budget.currentUsage || budget.usageLimit !== state.budget.usageLimit
  if (isRenewed && sentMs < block.seenMs) return []
  state.budget = budget
  block.seenMs = answeredMs
  if (!isRenewed || !isGranted) return []
  Object.assign(state, { block: null, freeMs: answeredMs })
  return [{ kind: 'free', budget, afterMs: answeredMs - block.sinceMs }]
}

const keyOf = ({ entityId, currencyId = '', scopeEntityIds }: Budget): string =>
  JSON.stringify([entityId, currencyId, ...scopeEntityIds])
