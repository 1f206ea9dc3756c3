import { isDeepStrictEqual } from 'node:util'
import type { FeatureEnumValue, FeatureType, UnitTransformation } from '../../api.gen.ts'
import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody, inPath } from '../../kernel/field.ts'
import { firstRepeat } from '../../kernel/first-repeat.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { patchMetadata, refuseOversized } from '../../kernel/metadata.ts'
import { sent } from '../../kernel/patch.ts'
import type { Feature, FeatureInput, NewFeatureInput } from './types.ts'

/** Keeps a page of features, with all their values, within a few megabytes. */
export const ENUM_VALUES_LIMIT = 100

/**
 * Returns a new feature. 400 `MeteringNotAvailableForFeatureType` for a meter type unless it is a
 * NUMBER, `UnsupportedFeatureType` for values or a unit transformation that the type does not have,
 * `InvalidArgumentError` and `FeatureConfigurationExceededLimitError` for the values.
 */
export function newFeature(
  id: string,
  input: NewFeatureInput,
  at: { key: Uuid; now: Instant },
): Feature {
  const { featureType, meterType } = input
  if (meterType !== 'None' && featureType !== 'NUMBER')
    throw badInput(
      inBody('meterType'),
      `meterType: a feature of type ${featureType} cannot be metered; only NUMBER can`,
      'MeteringNotAvailableForFeatureType',
    )
  return {
    key: at.key,
    id,
    displayName: input.displayName,
    description: input.description,
    featureType,
    meterType,
    status: input.status,
    units: input.units,
    unitsPlural: input.unitsPlural,
    enumConfiguration: valuesOf(featureType, input.enumConfiguration),
    unitTransformation: transformationOf(featureType, input.unitTransformation),
    meter: null,
    metadata: patchMetadata({}, input.metadata),
    createdAt: at.now,
    updatedAt: at.now,
  }
}

/**
 * Returns a feature after a request, or the same object if nothing differs, so that `updatedAt`
 * only changes with a real change. 400 `EntityIsArchivedError` for an archived one,
 * `MeterMustBeAssociatedToMeteredFeature`, `InvalidMetadataError`; others as `newFeature`.
 */
export function changeFeature(before: Feature, input: FeatureInput, now: Instant): Feature {
  if (before.status === 'SUSPENDED')
    throw badInput(
      inPath('id'),
      `the feature ${before.id} is archived; unarchive it first`,
      'EntityIsArchivedError',
    )
  if (input.meter !== undefined && before.meterType === 'None')
    throw badInput(
      inBody('meter'),
      `meter: feature ${before.id} has the meter type None and cannot have a meter`,
      'MeterMustBeAssociatedToMeteredFeature',
    )
  const { featureType } = before
  const { enumConfiguration, unitTransformation } = input
  const after = {
    ...before,
    displayName: sent(input.displayName, before.displayName),
    description: sent(input.description, before.description),
    units: sent(input.units, before.units),
    unitsPlural: sent(input.unitsPlural, before.unitsPlural),
    enumConfiguration:
      enumConfiguration === undefined
        ? before.enumConfiguration
        : valuesOf(featureType, enumConfiguration),
    unitTransformation:
      unitTransformation === undefined
        ? before.unitTransformation
        : transformationOf(featureType, unitTransformation),
    meter: sent(input.meter, before.meter),
    metadata: patchMetadata(before.metadata, input.metadata),
  }
  refuseOversized(after.metadata, `the feature ${before.id}`, inBody('metadata'))
  return isDeepStrictEqual(before, after) ? before : { ...after, updatedAt: now }
}

/** Returns the archived feature, or the same object if it is archived. */
export const archivedFeature = (before: Feature, now: Instant): Feature =>
  before.status === 'SUSPENDED' ? before : { ...before, status: 'SUSPENDED', updatedAt: now }

/** Returns the feature as ACTIVE, or the same object if it is not archived. */
export const unarchivedFeature = (before: Feature, now: Instant): Feature =>
  before.status === 'SUSPENDED' ? { ...before, status: 'ACTIVE', updatedAt: now } : before

/** Returns the values that a change removes. The caller must check whether they are in use. */
export function valuesRemoved(before: Feature, after: Feature): string[] {
  const kept = new Set(after.enumConfiguration?.map(({ value }) => value))
  return (before.enumConfiguration ?? []).map(({ value }) => value).filter((v) => !kept.has(v))
}

/** Returns whether a change converts raw usage into different units. Their names do not matter. */
export const countsOtherwise = (before: Feature, after: Feature): boolean =>
  before.unitTransformation?.divide !== after.unitTransformation?.divide ||
  before.unitTransformation?.round !== after.unitTransformation?.round

/** Returns whether usage is a current amount instead of a consumed sum. Nothing resets it. */
export const isLevel = ({ meterType }: Pick<Feature, 'meterType'>): boolean =>
  meterType === 'FLUCTUATING'

/** Returns whether the usage of a metered feature is the sum of what its records add. */
export function addsUp({ meter }: Pick<Feature, 'meter'>): boolean {
  const by = meter?.aggregation.function ?? 'SUM'
  return by === 'SUM' || by === 'COUNT'
}

/**
 * Returns the part of a meter whose change would change existing usage, or null. Filters only
 * affect future events. Usage reported without a meter is a sum.
 */
export function aggregatesOtherwise(before: Feature, after: Feature): string | null {
  const [by, other] = [before.meter?.aggregation, after.meter?.aggregation]
  if (other === undefined) return null
  if (by === undefined) return addsUp(after) ? null : 'meter.aggregation.function'
  if (by.function !== other.function) return 'meter.aggregation.function'
  return isDeepStrictEqual(by, other) ? null : 'meter.aggregation.field'
}

function valuesOf(
  featureType: FeatureType,
  stated: readonly FeatureEnumValue[],
): readonly FeatureEnumValue[] | null {
  if (featureType !== 'ENUM') {
    if (stated.length === 0) return null
    throw unsupported('enumConfiguration', featureType, 'values')
  }
  if (stated.length === 0)
    throw badInput(
      inBody('enumConfiguration'),
      'enumConfiguration: a feature of the type ENUM needs at least one value',
      'InvalidArgumentError',
    )
  if (stated.length > ENUM_VALUES_LIMIT)
    throw badInput(
      inBody('enumConfiguration'),
      `enumConfiguration: a feature has at most ${ENUM_VALUES_LIMIT} values`,
      'FeatureConfigurationExceededLimitError',
    )
  refuseRepeated(stated)
  return stated
}

function refuseRepeated(values: readonly FeatureEnumValue[]): void {
  const repeat = firstRepeat(values.map(({ value }) => value))
  if (repeat === null) return
  const { value, index, first } = repeat
  throw badInput(
    inBody('enumConfiguration', index, 'value'),
    `enumConfiguration[${index}] (${value}): duplicate value, also at enumConfiguration[${first}]`,
    'InvalidArgumentError',
  )
}

function transformationOf(
  featureType: FeatureType,
  stated: UnitTransformation | null,
): UnitTransformation | null {
  if (stated !== null && featureType !== 'NUMBER')
    throw unsupported('unitTransformation', featureType, 'unit transformation')
  return stated
}

const unsupported = (field: string, featureType: FeatureType, what: string) =>
  badInput(
    inBody(field),
    `${field}: a feature of the type ${featureType} has no ${what}`,
    'UnsupportedFeatureType',
  )
