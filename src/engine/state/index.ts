export { dedupKeysOf, type LoadedState, loadState, type StateQuery } from './load-state.ts'
export { countUnresolved, postHold, postOnce, postRecord, postReport } from './post-records.ts'
export {
  type CrossingEvent,
  commitSavepoint,
  type DecisionEntry,
  dedupName,
  type Earlier,
  type FirstAnswer,
  reservationName,
  type State,
  savepoint,
  subjectName,
} from './state.ts'
export { usageAfter } from './usage-after.ts'
