export {
  forgetWindowsAhead,
  postingsAhead,
  turnHeadBack,
  turnNamesBack,
  turnRecordsBack,
  turnReservationsBack,
  type WindowThen,
} from './ahead-store.ts'
export { attributionsOf, dropAttributions } from './attribution-store.ts'
export {
  type CountedBy,
  findTornRecords,
  findUnfoundedNames,
  type RecordKey,
  readCountedBy,
  readSize,
  type UsageSize,
} from './check-store.ts'
export { type Comparison, comparisonOf, countColumn } from './comparison.ts'
export { mustBeMade, totalsHolding, totalsWith, withWindow } from './count-record.ts'
export { type Decided, findDecided, saveDecided } from './decision-store.ts'
export { findUsage } from './find-usage.ts'
export {
  bumpEnvironmentVersion,
  bumpVersion,
  closedUntil,
  closingHeads,
  environmentVersion,
  findInstant,
  type Head,
  lockHeads,
  readingInstant,
  StaleKey,
} from './head-store.ts'
export {
  countRecords,
  countTagsAtLeast,
  type RecordsOf,
  type Stretch,
  tallyStretches,
} from './history-store.ts'
export { findHoldEnd, findHoldEnds } from './hold-end-store.ts'
export {
  expiredHolds,
  freeTotals,
  type Hold,
  heldPostings,
  holdOf,
  holdsFromJson,
  moveHolds,
} from './hold-store.ts'
export {
  findMarks,
  findTotals,
  isCounted,
  type MarkOf,
  makeMarks,
  makeTotals,
  saveMarks,
  saveTotals,
} from './kept-store.ts'
export { aggregateOf, measureEvent } from './measure-event.ts'
export {
  contentOfUse,
  hashOfMark,
  KEPT_MS,
  nameOfEvent,
  nameOfReport,
  nameOfUse,
  type RecordName,
} from './name-record.ts'
export { findNamed, type Named, type NameOf, saveNames } from './name-store.ts'
export { occurredAt } from './occurred-at.ts'
export { dropPartitionsAhead, makePartitions, partitionsAhead } from './partitions.ts'
export { postingsFrom } from './posting-store.ts'
export { addRecords, hasRecord } from './record-store.ts'
export { recountTotals } from './recount.ts'
export {
  compareMarks,
  compareTotals,
  type MarksDifference,
  type TotalDifference,
  type TotalRow,
} from './recount-store.ts'
export {
  findExpired,
  findOpen,
  findReservations,
  listReservations,
  type ReservationOf,
  reservationExists,
  saveReservations,
} from './reservation-store.ts'
export { amountOfSet, refuseOutOfRange, totalsAfterSet } from './set-value.ts'
export {
  type Commit,
  commitReservation,
  extendReservation,
  type Overage,
  releaseReservation,
  reservationAt,
} from './settle-reservation.ts'
export { isCountedSince, readTotals, totalsAt, totalsFromJson } from './total-store.ts'
export {
  closedKeptMs,
  FORGOTTEN_AT_ONCE,
  nextTrimming,
  scheduleTrimming,
  TRIM_USAGE,
  type Trimmed,
  trimmedRow,
  trimUsage,
} from './trim-usage.ts'
export {
  type Aggregate,
  AHEAD_LIMIT_MS,
  type Attribution,
  type KeptTotal,
  type Measured,
  type Metered,
  type MeteredOf,
  NO_RESOURCE,
  type Posting,
  type Reservation,
  type Tally,
  type Total,
  type UsageQuery,
  type UsageRecord,
  type Used,
  type WindowOf,
} from './types.ts'
export { NOTHING, usageOf } from './usage-of.ts'
