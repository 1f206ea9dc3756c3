export {
  type CapabilityId,
  type CheckContext,
  type CheckResult,
  check,
  type Dimensions,
  type Question,
} from './check.ts'
export { knowing, limitsOn, raisedBy, type Way, waysWithUnknown } from './explain-budgets.ts'
export { denyingIn, denyUnknown, isFinal, isOfUnknown, joinDecisions } from './join-decisions.ts'
export { readValidUntil, validUntil } from './valid-until.ts'
