export { check } from './check.ts'
export type { CheckResult } from './decide-check.ts'
export type { Way } from './explain-budgets.ts'
export { dimensionChanges, limitsOn, raisedBy, waysWithUnknown } from './explain-budgets.ts'
export {
  denyingKeys,
  denyUnknown,
  isDeniedByDimensions,
  isFinal,
  joinDecisions,
} from './join-decisions.ts'
export type { CapabilityId, Dimensions, Question } from './question.ts'
export { readValidUntil, validUntil } from './valid-until.ts'
