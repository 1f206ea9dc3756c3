export { decisionHandlers } from './http.ts'
export { minutesBetween } from './queries.ts'
export {
  createDecisionRecorder,
  type DecisionNotes,
  type DecisionRecorder,
  type DecisionWriter,
} from './recorder.ts'
export { decisionPurge } from './trim.ts'
export type { DecisionKind, Denial, MinuteCounts } from './types.ts'
