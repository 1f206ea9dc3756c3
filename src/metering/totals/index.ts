export { markHash } from './aggregate-store.ts'
export { mustBeMade, totalsHolding, totalsWith, withWindow } from './count-record.ts'
export { findUsage } from './find-usage.ts'
export { countRecords, countTagsAtLeast, tallyStretches } from './history-store.ts'
export { amountOfSet, refuseOutOfRange, totalsAfterSet } from './set-value.ts'
export { isCountedSince } from './total-store.ts'
export { NOTHING, usageOf } from './usage-of.ts'
export {
  type DistinctValueOf,
  findDistinctValues,
  findTotals,
  isCounted,
  makeDistinctValues,
  makeTotals,
  saveDistinctValues,
  saveTotals,
  totalRow,
  windowRow,
} from './window-store.ts'
