export { type Cache, createCache, readThrough } from './cache.ts'
export { type Catalog, cacheCatalog, type ReadCatalog } from './cache-catalog.ts'
export {
  cacheEntitlements,
  type EntitlementOf,
  type ReadEntitlements,
} from './cache-entitlements.ts'
export { type Attributable, cacheResolutions, type ReadResolutions } from './cache-resolutions.ts'
export {
  type PastEntitlementOf,
  type ReadPastEntitlements,
  readPastEntitlements,
} from './read-past-entitlements.ts'
