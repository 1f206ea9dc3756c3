export { addsUp, isLevel } from './change-feature.ts'
export { featureHandlers } from './http.ts'
export { type DimensionValue, fieldOf, type MeterEvent, matches } from './match-meter.ts'
export { unknownFeature } from './queries.ts'
export {
  featureFromJson,
  featureJson,
  featuresBeginning,
  findFeatures,
  findFeaturesByKey,
  holdFeatures,
  holdFeaturesByKey,
  meteredFeatures,
} from './store.ts'
export { transformUnits } from './transform-units.ts'
export type { Aggregation, BareFeature, Feature, MeteredFeature, MeterFilter } from './types.ts'
