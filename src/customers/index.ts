export type { WhenArchived } from './changing.ts'
export {
  archivedAmong,
  countCustomers,
  customerNamed,
  customerWithKey,
  findCustomerKey,
  findCustomerKeys,
  lockCustomerByKey,
  type Walk,
  walkCustomers,
} from './customer-store.ts'
export {
  customerTurn,
  lockActiveCustomer,
  requireCustomer,
  requireStanding,
  unknownCustomer,
} from './find-customer.ts'
export { customersHandlers } from './http.ts'
export { addIntegration, listIntegrations } from './integration-commands.ts'
export {
  countResources,
  findResourceIds,
  findResourceKeys,
  resourceNamed,
} from './resource-store.ts'
export { VENDORS } from './vendors.ts'
export {
  bumpEnvironmentVersion,
  bumpVersion,
  closedUntil,
  closingHeads,
  environmentVersion,
  findInstant,
  type Head,
  lockHeads,
  readingInstant,
  StaleKey,
} from './version-store.ts'
