export { decisionByEntitlement, denyingKeys, isDeniedByDimensions, isFinal } from './combine.ts'
export { requestOf } from './limits.ts'
export {
  authorize,
  blockingHoldsOf,
  cachedBytes,
  changesOf,
  decideAll,
  explainAll,
  loadParts,
  newCachedUsage,
  PARTICIPANTS,
  type Parts,
  recallAll,
} from './list.ts'
export type {
  Authorization,
  AuthorizationQuery,
  BlockingHolds,
  BudgetPaths,
  CachedUsage,
  Capability,
  CheckQuery,
  CommittedCustomers,
  Decider,
  HoldOwner,
  Outcome,
  PartQuery,
  Postings,
  Shown,
  UsageCache,
  UsageComparison,
  UsageComparisonQuery,
} from './participant.ts'
export { addCounters } from './recall-budgets.ts'
export type { Way } from './ways.ts'
