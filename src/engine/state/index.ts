export { dedupKeysOf, type LoadedState, loadState, type StateQuery } from './load-state.ts'
export { postOnce, postRecord, postReport } from './post-records.ts'
export {
  commitSavepoint,
  type DecisionEntry,
  dedupName,
  type Earlier,
  type FirstAnswer,
  reservationName,
  type State,
  savepoint,
} from './state.ts'
