export { roomWithin, shortOf } from './compare-usage.ts'
export {
  type DecisionQuery,
  decide,
  decideCredit,
  type ListDenialReason,
  listDenial,
  type Subject,
} from './decide.ts'
export type {
  EffectiveEntitlementOf,
  EntitledFeature,
  ResolvedSources,
} from './effective-entitlement-store.ts'
export { type EntitlementReads, entitlementReads } from './entitlement-reads.ts'
export { type CreditEvaluation, type Evaluation, evaluate } from './evaluate.ts'
export { type Change, changed, counterfactual, creditCounterfactual } from './explain.ts'
export { sourcesToWire } from './explanation-wire.ts'
export { type FeatureState, withoutExpiredHolds } from './feature-state.ts'
export type { EntitlementPublisher, EntitlementUpdate } from './publisher.ts'
export { resolve } from './resolve.ts'
export type { EntitlementSource, SourcesOf } from './source-port.ts'
export type { Decision, EffectiveEntitlement, Request, Source } from './types.ts'
export { usageWindow } from './usage-period.ts'
export { firstAfter, isBlockedByHold } from './valid-until.ts'
export {
  creditEntitlementToWire,
  entitlementsToWire,
  featureEntitlementToWire,
  featureOfEntitlementToWire,
  limitToWire,
  valuesToWire,
} from './wire.ts'
