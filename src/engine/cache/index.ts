export { type BatchUsage, usageOfBatch } from './batch-usage.ts'
export { type Cache, createCache, readThrough } from './cache.ts'
export { type Catalog, cacheCatalog, type ReadCatalog } from './cache-catalog.ts'
export {
  cacheEntitlements,
  type EntitlementOf,
  type ReadEntitlements,
} from './cache-entitlements.ts'
export { type Attributable, cacheResolutions, type ReadResolutions } from './cache-resolutions.ts'
export {
  type OpenHolds,
  type SeenVersions,
  type StateCache,
  sequencesOf,
} from './customer-state.ts'
export {
  attributionKeysIn,
  currencyIn,
  type EnvironmentState,
  featureIn,
} from './environment-state.ts'
export {
  createEngineContext,
  type EngineContext,
  type EngineMemory,
} from './memory.ts'
export {
  type PastEntitlementOf,
  type ReadPastEntitlements,
  readPastEntitlements,
} from './read-past-entitlements.ts'
export {
  entitlementIn,
  openHoldsIn,
  resolutionIn,
  resourceKeyIn,
  type StateSource,
  subscriptionIn,
} from './state-parts.ts'
export { type EnvironmentVersions, readVersions, type Versions } from './versions.ts'
