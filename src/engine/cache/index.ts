export { type Cache, createCache } from './cache.ts'
export { type Catalog, cacheCatalog, type ReadCatalog } from './cache-catalog.ts'
export { cacheEntitlements, type HoldingOf, type ReadHoldings } from './cache-entitlements.ts'
export {
  type Attributable,
  cacheResolutions,
  type ReadResolutions,
  type ResolutionOf,
} from './cache-resolutions.ts'
export { type HeldThenOf, pastBy, type ReadPast } from './read-past.ts'
