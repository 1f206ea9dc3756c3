export { changeFound, changeStructure } from './change-structure.ts'
export type { ArchiveHook } from './customer-change.ts'
export {
  archivedAmong,
  countCustomers,
  customerNamed,
  customersBeginning,
  customerWithKey,
  findCustomerKey,
  findCustomerKeys,
  findOwnerId,
  lockCustomerByKey,
  lockCustomerIfFree,
  type Walk,
  walkCustomers,
} from './customer-store.ts'
export { claimIds, findOwner, releaseIds } from './directory-store.ts'
export {
  lockActiveCustomer,
  requireActiveCustomer,
  requireCustomer,
  requireStatus,
  unknownCustomer,
} from './find-customer.ts'
export { customersHandlers } from './http.ts'
export { requireBillingIntegration } from './import-commands.ts'
export { addIntegration, listIntegrations } from './integration-commands.ts'
export {
  addResource,
  countResources,
  existingResources,
  findResourceIds,
  findResourceKeys,
  type ResourceKey,
  resourceIdOf,
} from './resource-store.ts'
export {
  environmentHeadOf,
  raiseSequence,
  readSequences,
  sequencesOfCustomer,
  sequencesRow,
  stateBeside,
} from './sequence-store.ts'
export { VENDORS } from './vendors.ts'
export {
  type CustomerVersion,
  closedUntil,
  type ExpectedVersion,
  environmentVersion,
  environmentVersionOf,
  findInstant,
  lockForPurge,
  lockVersions,
  readingInstant,
  renewEnvironmentVersion,
  renewExpected,
  renewVersion,
  StaleKey,
  type StateVersion,
  stateVersionColumns,
  stateVersionFrom,
  stateVersionOf,
} from './version-store.ts'
