export { addsUp, changeFeature, isLevel, newFeature } from './change-feature.ts'
export { allowanceColumns, resetColumns, WEEK_ANCHORS } from './grant-columns.ts'
export { allowanceOf, CONFIGURATIONS, limitAfter, resetAfter, resetOf } from './grant-terms.ts'
export { featureHandlers, newFeatureFromWire } from './http.ts'
export { type DimensionValue, fieldOf, type MeterEvent, matches } from './match-meter.ts'
export { meterFromWire } from './meter-from-wire.ts'
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
export { accordingToFromWire, limitFromWire } from './terms-from-wire.ts'
export { transformUnits } from './transform-units.ts'
export type {
  Aggregation,
  Allowance,
  BareFeature,
  Feature,
  GrantTerms,
  MeteredFeature,
  MeterFilter,
  Reset,
} from './types.ts'
