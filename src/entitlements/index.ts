export { announceArchiving } from './announce-updated.ts'
export { promotionalUse } from './catalog-use.ts'
export { neededUnits, roomWithin, shortOf } from './compare-usage.ts'
export { type Asked, decide, decideCredit, type Subject } from './decide.ts'
export type { FoundCustomer, Reading } from './entitlement-store.ts'
export { type Evaluated, evaluate, subjectOf } from './evaluate.ts'
export { type Change, changed, counterfactual, creditCounterfactual } from './explain.ts'
export { sourcesToWire } from './explanation-wire.ts'
export {
  type HeldFeature,
  type HeldThen,
  readHeld,
  readHeldThen,
  type Wanted,
} from './held-store.ts'
export type { Holding, Readable } from './holding.ts'
export { entitlementsHandlers } from './http.ts'
export { promotionalSources } from './promotional-sources.ts'
export { promotionalWork, turnGrantsBack } from './promotional-work.ts'
export {
  type Asking,
  answerCredit,
  answerFeature,
  type EvaluatedCredit,
  readingOf,
} from './queries.ts'
export { resolve } from './resolve.ts'
export type { SourceLoader } from './source-port.ts'
export type { AccessDeniedReason, Decision, Held, Request } from './types.ts'
export { usagePeriod, usageWindow } from './usage-period.ts'
export { firstAfter, isHeldUp } from './valid-until.ts'
export { creditEntitlementToWire, featureEntitlementToWire } from './wire.ts'
