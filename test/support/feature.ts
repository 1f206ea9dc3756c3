import type { Feature, NewFeatureInput } from '../../src/catalog/features/types.ts'

/** A feature whose usage is counted, but for what `parts` says. */
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

/** A feature whose entitlements are some of these values. */
export const enumFeatureWith = (...values: string[]): Feature =>
  featureWith({
    featureType: 'ENUM',
    meterType: 'None',
    enumConfiguration: values.map((value) => ({ value, displayName: value })),
  })

/** A request for a new feature that states no more than it must. */
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
