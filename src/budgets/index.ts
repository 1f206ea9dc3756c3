export { turnFiredBack, windowsThen } from './ahead-store.ts'
export { type ChainNode, chainsOf, type Demand, isWithin } from './budget-path.ts'
export { findAssignmentsByKey } from './budget-store.ts'
export { LEVEL_WINDOW, windowOf } from './cadence.ts'
export { budgetsUse } from './catalog-use.ts'
export { countClosed } from './closed-store.ts'
export { type CounterKey, hold, post, readCounters } from './counter-store.ts'
export { firedBy, rearmedBy, type Threshold } from './cross-thresholds.ts'
export { budgetHandlers } from './http.ts'
export { findLostAttributions, type LostAttribution } from './orphaned-store.ts'
export { attributionOf, counterName, type Kept } from './postings.ts'
export { scheduleTrimmingCounters, TRIM_COUNTERS, trimCounters } from './purge-counters.ts'
export { compareCounters, recountCounters } from './rebuild.ts'
export {
  type CounterDifference,
  countCounters,
  type Figures,
  findWrongPostings,
  type PostingProblem,
} from './rebuild-store.ts'
export { findBudgets, resolve } from './resolve-store.ts'
export {
  type Firing,
  forgetFired,
  readFired,
  readThresholds,
  saveFired,
} from './threshold-store.ts'
export type { Budget, Resolution } from './types.ts'
export { addUnattributed, readUnattributed, type Unattributed } from './unattributed-store.ts'
export { chainNodeToWire, usageExceededToWire } from './wire.ts'
