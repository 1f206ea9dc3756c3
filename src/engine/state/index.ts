export { countPrepared, countRecord, usageShown } from './count-records.ts'
export { loadState } from './load-state.ts'
export { noteUnattributed } from './post-to-budgets.ts'
export { saveState } from './save-state.ts'
export {
  type Deciding,
  draftOf,
  type FirstAnswer,
  keepDraft,
  nameOfMetered,
  nameOfNamed,
  nameOfReservation,
  type State,
} from './state.ts'
