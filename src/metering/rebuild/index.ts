export {
  forgetWindowsAhead,
  postingsAhead,
  turnHeadBack,
  turnNamesBack,
  turnRecordsBack,
  turnReservationsBack,
  type WindowThen,
} from './ahead-store.ts'
export { type Comparison, comparisonOf, countColumn } from './comparison.ts'
export {
  type CountedBy,
  findTornRecords,
  findUnfoundedNames,
  type RecordKey,
  readCountedBy,
  readSize,
  type UsageSize,
} from './inconsistency-store.ts'
export { recountTotals } from './rebuild.ts'
export {
  compareMarks,
  compareTotals,
  type MarksDifference,
  type TotalDifference,
  type TotalRow,
} from './rebuild-store.ts'
