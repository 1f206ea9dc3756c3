export { packagesUse } from './catalog-use.ts'
export { replaceEntitlements } from './commands.ts'
export { archivedName, refuseTooLarge } from './entitlements-of-version.ts'
export { entitlementFromWire } from './from-wire.ts'
export { featuresOfVersion, findGiven, type Given, grantOf } from './given-store.ts'
export { packageEntitlementHandlers } from './http.ts'
export {
  amountOf,
  creditOfPackage,
  featureOfPackage,
  refuseDependency,
  refuseForHolder,
  termsOf,
  widgetsOf,
} from './make-entitlement.ts'
export { entitlementsOfEach } from './store.ts'
export type {
  CreditInput,
  EntitlementInput,
  FeatureInput,
  Holder,
  PackageEntitlement,
} from './types.ts'
export { entitlementToWire } from './wire.ts'
