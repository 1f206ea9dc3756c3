export { findUsage } from './find-usage.ts'
export { bumpEnvironmentVersion, bumpVersion } from './head-store.ts'
export { postingsFrom } from './posting-store.ts'
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
