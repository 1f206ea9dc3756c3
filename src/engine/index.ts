export { usageUse } from './catalog-use.ts'
export { type CustomerVerification, rebuildCustomer, verifyCustomer } from './verify-customer.ts'
