export {
  forgetWindowsAhead,
  postingsAhead,
  turnHeadBack,
  turnNamesBack,
  turnRecordsBack,
  turnReservationsBack,
  type WindowThen,
} from './ahead-store.ts'
export { type Comparison, type ComparisonQuery, comparison } from './comparison.ts'
export {
  type CountedBy,
  findInconsistentRecords,
  findOrphanedDedupKeys,
  type RecordKey,
  readCountedBy,
  readSize,
  type UsageSize,
} from './inconsistency-store.ts'
export { rebuildTotals } from './rebuild.ts'
export {
  compareMarks,
  compareTotals,
  type DistinctValuesDifference,
  type TotalDifference,
  type TotalRow,
} from './rebuild-store.ts'
