export { type CustomerVerification, rebuildCustomer, verifyCustomer } from './verify-customer.ts'
