export type { WhenArchived } from './changing.ts'
export { customerNamed, customerWithKey } from './customer-store.ts'
export {
  customerTurn,
  lockActiveCustomer,
  requireCustomer,
  requireStanding,
} from './find-customer.ts'
export { customersHandlers } from './http.ts'
export { addIntegration, listIntegrations } from './integration-commands.ts'
export { resourceNamed } from './resource-store.ts'
export type { Integration } from './types.ts'
export { VENDORS } from './vendors.ts'
