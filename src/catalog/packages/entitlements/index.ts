export { packagesUse } from './catalog-use.ts'
export { featuresOfVersion, findGiven, type Given } from './given-store.ts'
export { packageEntitlementHandlers } from './http.ts'
