export { packagesUse } from './catalog-use.ts'
export { packageEntitlementHandlers } from './http.ts'
