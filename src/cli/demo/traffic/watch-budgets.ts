import type { EntitlementChainNode } from '../../../api.gen.ts'

/** What is looked at of a node of an answer's chains. */
export type SeenNode = Pick<
  EntitlementChainNode,
  'entityId' | 'scopeEntityIds' | 'currencyId' | 'usageLimit' | 'currentUsage' | 'isGranted'
>
/** A budget as the chains of answers show it. */
export type Budget = Omit<SeenNode, 'isGranted'>

/** The chains of an answer, when its request was sent and when it came, in milliseconds. */
export type Observation = {
  chains: readonly (readonly SeenNode[])[]
  sentMs: number
  answeredMs: number
}

/** A budget denies, for the first time since it was free; or it is free again. */
export type Change =
  | { kind: 'blocked'; budget: Budget }
  | { kind: 'free'; budget: Budget; afterMs: number }

export type BudgetWatch = {
  /** What has changed by this answer. */
  observe(observed: Observation): Change[]
  /** How many budgets block now. */
  blocking(): number
  /** Every budget that has denied, and how many requests; most first. */
  denials(): { budget: Budget; count: number }[]
}

type BudgetState = {
  budget: Budget
  denials: number
  block: Block | null
  /** When the answer came by which it was last free again. */
  freeMs: number
}
/** Since when it blocks, and when the answer with the figures in `Watched` came. */
type Block = { sinceMs: number; seenMs: number }

/**
 * Follows which budgets block. One that has denied is free again once it grants and shows less
 * usage than before, because its window is over, or another limit. Answers overtake each other, so
 * only one to a request that was sent after the figures before it came can tell. Its size is
 * bounded by the number of budgets.
 */
export function watchBudgets(): BudgetWatch {
  const all = new Map<string, BudgetState>()

  const observeNode = (node: SeenNode, observed: Observation): Change[] => {
    const { isGranted, ...budget } = node
    const key = keyOf(budget)
    const known = all.get(key)
    if (known === undefined && isGranted) return []
    const watched = known ?? { budget, denials: 0, block: null, freeMs: Number.NEGATIVE_INFINITY }
    all.set(key, watched)
    if (!isGranted) watched.denials += 1
    return changeOf(watched, { budget, isGranted }, observed)
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
  watched: BudgetState,
  { budget, isGranted }: { budget: Budget; isGranted: boolean },
  { sentMs, answeredMs }: Observation,
): Change[] {
  const { block } = watched
  if (block === null) {
    if (isGranted || sentMs < watched.freeMs) return []
    Object.assign(watched, { budget, block: { sinceMs: answeredMs, seenMs: answeredMs } })
    return [{ kind: 'blocked', budget }]
  }
  const isRenewed =
    budget.currentUsage < watched.budget.currentUsage ||
    budget.usageLimit !== watched.budget.usageLimit
  if (isRenewed && sentMs < block.seenMs) return []
  watched.budget = budget
  block.seenMs = answeredMs
  if (!isRenewed || !isGranted) return []
  Object.assign(watched, { block: null, freeMs: answeredMs })
  return [{ kind: 'free', budget, afterMs: answeredMs - block.sinceMs }]
}

const keyOf = ({ entityId, currencyId = '', scopeEntityIds }: Budget): string =>
  JSON.stringify([entityId, currencyId, ...scopeEntityIds])
