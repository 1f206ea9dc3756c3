export { usageUse } from './catalog-use.ts'
export { releaseWhenArchived } from './free-holds.ts'
export { usageHandlers } from './http.ts'
export { recountCustomer, type Verified, verifyCustomer } from './verify-customer.ts'
