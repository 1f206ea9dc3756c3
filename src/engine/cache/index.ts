export { createMemory, type Memory } from './cache.ts'
export { type Catalog, type ReadCatalog, rememberCatalog } from './cache-catalog.ts'
export { type HoldingOf, type ReadHoldings, rememberHeld } from './cache-entitlements.ts'
export {
  type Attributable,
  type ReadResolutions,
  type ResolutionOf,
  rememberResolutions,
} from './cache-resolutions.ts'
export { type HeldThenOf, pastBy, type ReadPast } from './read-past.ts'
