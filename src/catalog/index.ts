export { catalogVersion } from './catalog-store.ts'
export { type CatalogUse, NOBODY_LEANS, type PackageUse } from './catalog-use.ts'
export { addsUp, isLevel } from './change-feature.ts'
export { findCurrencies, findCurrenciesByKey, holdCurrencies } from './currency-store.ts'
export {
  featureFromJson,
  featureJson,
  featureWithId,
  findFeatures,
  findFeaturesByKey,
  holdFeatures,
  holdFeaturesByKey,
  meteredFeatures,
} from './feature-store.ts'
export { catalogHandlers } from './http.ts'
export { type DimensionValue, fieldOf, type MeterEvent, matches } from './match-meter.ts'
export { unknownCurrency, unknownFeature } from './queries.ts'
export { transformUnits } from './transform-units.ts'
export type {
  Aggregation,
  BareFeature,
  Condition,
  Currency,
  Feature,
  Meter,
  MeteredFeature,
  MeterFilter,
  UnitTransformation,
} from './types.ts'
