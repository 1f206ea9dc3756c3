import type { EntitlementChainNode } from '../../src/api.gen.ts'

/**
 * Returns a node as text: `ann 10/30` is usage and limit, `ann 30/30!` denies, `ann -` has no
 * budget.
 */
const shownNode = (node: EntitlementChainNode): string => {
  const scope = node.scopeEntityIds.length > 0 ? `[${node.scopeEntityIds}]` : ''
  const limit = node.usageLimit === null ? '∞' : node.usageLimit
  return `${node.entityId}${scope} ${node.currentUsage}/${limit}${node.isGranted ? '' : '!'}`
}
export const shownChains = ({
  chains = [],
}: {
  chains?: readonly (readonly EntitlementChainNode[])[]
}): string[][] => chains.map((chain) => chain.map(shownNode))

/** Returns a decision as text: `granted` or the reason, and `recorded` if it was recorded. */
export const verdict = ({
  isGranted,
  accessDeniedReason,
  recorded,
}: {
  isGranted: boolean
  accessDeniedReason: string | null
  recorded: boolean
}): string => `${isGranted ? 'granted' : accessDeniedReason}${recorded ? ' recorded' : ''}`
