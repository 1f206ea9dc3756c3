export { turnFiredBack, windowsThen } from './ahead-store.ts'
export { findAssignmentsByKey } from './assignment-store.ts'
export { budgetHandlers } from './budget-http.ts'
export { LEVEL_WINDOW, windowOf } from './cadence.ts'
export { budgetsUse } from './catalog-use.ts'
export { type ChainNode, chainsOf, type Demand, isWithin, type Spent } from './chains.ts'
export { countClosed } from './closed-store.ts'
export { attributionOf, type Counters, counterName, type Kept, postingsOf } from './count.ts'
export { type CounterKey, hold, type OwnPosting, post, readCounters } from './counter-store.ts'
export { firedBy, type Reached, rearmedBy, type Threshold } from './fire-thresholds.ts'
export { governanceHandlers } from './http.ts'
export { findLostAttributions, type LostAttribution } from './lost-store.ts'
export { compareCounters, recountCounters } from './recount.ts'
export {
  type CounterDifference,
  countCounters,
  type Figures as CounterFigures,
  findWrongPostings,
  type PostingProblem,
} from './recount-store.ts'
export { findBudgets, type ResolutionRequest, resolve } from './resolve-store.ts'
export {
  type Firing,
  forgetFired,
  readFired,
  readThresholds,
  saveFired,
} from './threshold-store.ts'
export { scheduleTrimmingCounters, TRIM_COUNTERS, trimCounters } from './trim-counters.ts'
export { findAttributionKeys } from './type-store.ts'
export type { Budget, Node, Resolution } from './types.ts'
export { addUnattributed, readUnattributed, type Unattributed } from './unattributed-store.ts'
export { chainNodeToWire, usageExceededToWire } from './wire.ts'
