export { usageUse } from './catalog-use.ts'
export { recountCustomer, type Verified, verifyCustomer } from './verify-customer.ts'
