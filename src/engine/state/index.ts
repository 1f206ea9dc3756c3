export { countPrepared, countRecord, usageShown } from './count-records.ts'
export { loadState } from './load-state.ts'
export { noteUnattributed } from './post-to-budgets.ts'
export { saveState } from './save-state.ts'
export {
  commitSavepoint,
  type DecisionEntry,
  type FirstAnswer,
  nameOfMetered,
  nameOfNamed,
  nameOfReservation,
  type State,
  savepoint,
} from './state.ts'
