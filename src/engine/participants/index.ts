export {
  BUDGET_EXCEEDED,
  combine,
  denyingKeys,
  denyUnknown,
  isDeniedByDimensions,
  isFinal,
} from './combine.ts'
export { requestOf } from './limits.ts'
export { authorize, keptBytes, loadParts, newKept, PARTICIPANTS, type Parts } from './list.ts'
export type {
  Authorization,
  AuthorizationQuery,
  BudgetPaths,
  CachedUsage,
  Kept,
  KeptCustomers,
  PartQuery,
  Postings,
  UsageComparison,
  UsageComparisonQuery,
} from './participant.ts'
