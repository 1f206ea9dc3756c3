export { decisionHandlers } from './http.ts'
export {
  createDecisionRecorder,
  type DecisionNotes,
  type DecisionWriter,
} from './recorder.ts'
export { TRIM_DECISIONS, trimDecisions } from './trim.ts'
export type { DecisionKind, Denial } from './types.ts'
