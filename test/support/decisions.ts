import type { EntitlementChainNode } from '../../src/api.gen.ts'

/** `ann 10/30`, with a `!` where the node denies; `ann -` for one without a budget. */
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

/** A decision in short: `granted` or the reason, and `recorded` if it was. */
export const verdict = ({
  isGranted,
  accessDeniedReason,
  recorded,
}: {
  isGranted: boolean
  accessDeniedReason: string | null
  recorded: boolean
}): string => `${isGranted ? 'granted' : accessDeniedReason}${recorded ? ' recorded' : ''}`
