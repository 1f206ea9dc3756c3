export type { UpdateAnnouncer } from './announce-updated.ts'
export { roomWithin, shortOf } from './compare-usage.ts'
export { type DecisionQuery, decide, decideCredit, type Subject } from './decide.ts'
export { type EntitlementReads, entitlementReads } from './entitlement-reads.ts'
export { type Evaluable, type EvaluatedCredit, type Evaluation, evaluate } from './evaluate.ts'
export { type Change, changed, counterfactual, creditCounterfactual } from './explain.ts'
export { sourcesToWire } from './explanation-wire.ts'
export type { EffectiveEntitlementOf, EntitlementThen } from './held-store.ts'
export { entitlementsHandlers } from './http.ts'
export { resolve } from './resolve.ts'
export type { EntitlementSource, SourcesOf } from './source-port.ts'
export type { Allowance, Decision, EffectiveEntitlement, Request, Reset } from './types.ts'
export { usageWindow, WEEK_ANCHORS } from './usage-period.ts'
export { firstAfter, isHeldUp } from './valid-until.ts'
export {
  creditEntitlementToWire,
  featureEntitlementToWire,
  featureOfEntitlementToWire,
  limitToWire,
  valuesToWire,
} from './wire.ts'
