export { turnFiredBack, windowsThen } from './ahead-store.ts'
export {
  type BudgetNode,
  type BudgetUsage,
  budgetPaths,
  type Demand,
  isWithin,
  pathsAfter,
} from './budget-path.ts'
export { findAssignmentsByKey } from './budget-store.ts'
export { LEVEL_WINDOW, windowOf } from './cadence.ts'
export { budgetsUse } from './catalog-use.ts'
export { countClosed } from './closed-store.ts'
export {
  type CounterChange,
  type CounterKey,
  changeCounters,
  readCounters,
} from './counter-store.ts'
export { crossedBy, type Threshold, uncrossedBy } from './cross-thresholds.ts'
export { budgetHandlers } from './http.ts'
export { findOrphanedAttributions, type OrphanedAttribution } from './orphaned-store.ts'
export { attributionOf, counterName, type StoredUsage } from './postings.ts'
export { counterPurge } from './purge-counters.ts'
export { compareCounters, rebuildCounters } from './rebuild.ts'
export {
  type CounterDifference,
  type CounterValue,
  countCounters,
  findWrongPostings,
  type PostingProblem,
} from './rebuild-store.ts'
export { findBudgets, resolve } from './resolve-store.ts'
export { RANK_BUDGETS } from './schedule-ranking.ts'
export {
  areThresholds,
  deleteCrossed,
  readCrossed,
  readThresholds,
  saveCrossed,
  type ThresholdCrossing,
} from './threshold-store.ts'
export type { Budget, Resolution } from './types.ts'
export {
  addUnattributed,
  readUnattributed,
  readUnattributedOf,
  type UnresolvedKeyCount,
} from './unattributed-store.ts'
export { chainNodeToWire, usageExceededToWire } from './wire.ts'
