import type { MeterCondition, Feature as WireFeature, Meter as WireMeter } from '../../api.gen.ts'
import { instantToWire } from '../../kernel/clock.ts'
import type { Condition, Feature, Meter } from './types.ts'

/** `meter` is an addition to the published response, without which nobody could read it back. */
export const featureToWire = (feature: Feature): WireFeature => ({
  id: feature.id,
  displayName: feature.displayName,
  description: feature.description,
  featureType: feature.featureType,
  meterType: feature.meterType,
  featureStatus: feature.status,
  featureUnits: feature.units,
  featureUnitsPlural: feature.unitsPlural,
  enumConfiguration: feature.enumConfiguration && [...feature.enumConfiguration],
  unitTransformation: feature.unitTransformation,
  meter: feature.meter && meterToWire(feature.meter),
  metadata: { ...feature.metadata },
  createdAt: instantToWire(feature.createdAt),
  updatedAt: instantToWire(feature.updatedAt),
})

const meterToWire = ({ aggregation, filters }: Meter): WireMeter => ({
  aggregation,
  filters: filters.map(({ conditions }) => ({ conditions: conditions.map(conditionToWire) })),
})

const conditionToWire = (condition: Condition): MeterCondition =>
  condition.operation === 'IN' ? { ...condition, values: [...condition.values] } : condition
