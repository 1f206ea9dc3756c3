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
  createStateCache,
  type OpenHolds,
  type SeenVersions,
  type StateCache,
  sequencesOf,
} from './customer-state.ts'
export {
  attributionKeysIn,
  createEnvironmentStates,
  currencyIn,
  type EnvironmentState,
  featureIn,
  featuresIn,
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
  entitledFeaturesIn,
  entitlementIn,
  entitlementsIn,
  holdingIn,
  openHoldsIn,
  resolutionIn,
  resourceKeyIn,
  type StateSource,
  unattributedIn,
} from './state-parts.ts'
export { type EnvironmentVersions, readVersions, type Versions } from './versions.ts'
