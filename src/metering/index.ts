export { findUsage } from './find-usage.ts'
export { bumpEnvironmentVersion, bumpVersion } from './head-store.ts'
export { aggregateOf } from './measure-event.ts'
export { readTotals, totalsAt, totalsFromJson } from './total-store.ts'
export {
  type Aggregate,
  AHEAD_LIMIT_MS,
  type Metered,
  NO_RESOURCE,
  type Tally,
  type Total,
  type UsageQuery,
} from './types.ts'
export { usageOf } from './usage-of.ts'
