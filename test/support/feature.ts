import type { Feature, NewFeatureInput } from '../../src/catalog/features/types.ts'

/** Returns a metered feature. `parts` replaces some of its fields. */
export const featureWith = (parts: Partial<Feature> = {}): Feature => ({
  key: 'key',
  id: 'feature',
  displayName: 'Feature',
  description: null,
  featureType: 'NUMBER',
  meterType: 'INCREMENTAL',
  status: 'NEW',
  units: null,
  unitsPlural: null,
  enumConfiguration: null,
  unitTransformation: null,
  meter: null,
  metadata: {},
  createdAt: 0,
  updatedAt: 0,
  ...parts,
})

/** Returns an ENUM feature with these values. */
export const enumFeatureWith = (...values: string[]): Feature =>
  featureWith({
    featureType: 'ENUM',
    meterType: 'None',
    enumConfiguration: values.map((value) => ({ value, displayName: value })),
  })

/** Returns a request for a new feature that has only the required fields, and `parts`. */
export const newFeatureWith = (parts: Partial<NewFeatureInput> = {}): NewFeatureInput => ({
  displayName: 'Feature',
  featureType: 'NUMBER',
  meterType: 'None',
  status: 'NEW',
  description: null,
  units: null,
  unitsPlural: null,
  enumConfiguration: [],
  unitTransformation: null,
  metadata: undefined,
  ...parts,
})
