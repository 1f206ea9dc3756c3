export { roomWithin, shortOf } from './compare-usage.ts'
export {
  type DecisionQuery,
  decide,
  decideCredit,
  type ListDenialReason,
  listDenial,
  type Subject,
} from './decide.ts'
export {
  type EffectiveEntitlementOf,
  type EntitlementReads,
  entitlementReads,
} from './entitlement-reads.ts'
export { type CreditEvaluation, type Evaluation, evaluate } from './evaluate.ts'
export { type Change, changed, counterfactual, creditCounterfactual } from './explain.ts'
export { pastEntitlementToWire, sourcesToWire } from './explanation-wire.ts'
export { type FeatureState, withoutExpiredHolds } from './feature-state.ts'
export { nameOfGiven, type ReadGiven, readGiven } from './given.ts'
export {
  type HeldSubscription,
  type Holding,
  holdingBytes,
  isSubscribed,
  type ReadHoldings,
  type VersionPin,
} from './holding.ts'
export type { EntitlementPublisher, EntitlementUpdate, PublisherOfMany } from './publisher.ts'
export { resolve } from './resolve.ts'
export type { EntitlementSource, SourcesOf } from './source-port.ts'
export type { EntitledFeature } from './source-store.ts'
export type {
  Decision,
  EffectiveEntitlement,
  Request,
  ResolvedSources,
} from './types.ts'
export { usagePeriod, usageWindow } from './usage-period.ts'
export { firstAfter, isBlockedByHold } from './valid-until.ts'
export {
  creditEntitlementToWire,
  entitlementsToWire,
  featureEntitlementToWire,
  featureOfEntitlementToWire,
  limitToWire,
  valuesToWire,
} from './wire.ts'
