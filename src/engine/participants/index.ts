export {
  BUDGET_EXCEEDED,
  combine,
  denyingKeys,
  denyUnknown,
  isDeniedByDimensions,
  isFinal,
} from './combine.ts'
export { requestOf } from './limits.ts'
export {
  authorize,
  cachedBytes,
  loadParts,
  newCachedUsage,
  PARTICIPANTS,
  type Parts,
} from './list.ts'
export type {
  Authorization,
  AuthorizationQuery,
  BudgetPaths,
  CachedUsage,
  CommittedCustomers,
  PartQuery,
  Postings,
  UsageCache,
  UsageComparison,
  UsageComparisonQuery,
} from './participant.ts'
