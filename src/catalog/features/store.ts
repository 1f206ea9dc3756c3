import type { FeatureEnumValue, UnitTransformation } from '../../api.gen.ts'
import type { Reader, Sql, Tx } from '../../db/index.ts'
import {
  column,
  milliseconds,
  nameReader,
  pageReader,
  readValue,
  row,
  rowsWithIds,
  sql,
} from '../../db/index.ts'
import { instantToWire } from '../../kernel/clock.ts'
import type { CreatedRange } from '../../kernel/created-range.ts'
import { foldCase } from '../../kernel/fold-case.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Metadata } from '../../kernel/metadata.ts'
import type { PageRequest } from '../../kernel/page.ts'
import type { Scope } from '../../kernel/scope.ts'
import { inEnvironment } from '../catalog-store.ts'
import type { BareFeature, Feature, Meter, MeteredFeature } from './types.ts'

const featureRow = row<Feature>({
  key: column.from('feature_key', column.uuid),
  id: column.text,
  displayName: column.text,
  description: column.nullable(column.text),
  featureType: column.oneOf('BOOLEAN', 'NUMBER', 'ENUM'),
  meterType: column.oneOf('None', 'FLUCTUATING', 'INCREMENTAL'),
  status: column.oneOf('NEW', 'SUSPENDED', 'ACTIVE'),
  units: column.nullable(column.text),
  unitsPlural: column.nullable(column.text),
  enumConfiguration: column.nullable(column.json<FeatureEnumValue[]>()),
  unitTransformation: column.nullable(column.json<UnitTransformation>()),
  meter: column.nullable(column.json<Meter>()),
  metadata: column.json<Metadata>(),
  createdAt: column.instant,
  updatedAt: column.instant,
})

const selectFeatures = sql`
  select feature_key, id, display_name, description, feature_type, meter_type, status, units,
    units_plural, enum_configuration, unit_transformation, meter, metadata, created_at, updated_at
  from features`

/**
 * A scalar for statements of other modules: the feature as JSON without metadata, which may be
 * large. Null if `of` has no row. `featureFromJson` decodes it.
 */
export const featureJson = (of: Sql): Sql => sql`
  case when ${of}.feature_key is not null then json_build_object('key', ${of}.feature_key,
    'id', ${of}.id, 'displayName', ${of}.display_name, 'description', ${of}.description,
    'featureType', ${of}.feature_type, 'meterType', ${of}.meter_type, 'status', ${of}.status,
    'units', ${of}.units, 'unitsPlural', ${of}.units_plural,
    'enumConfiguration', ${of}.enum_configuration,
    'unitTransformation', ${of}.unit_transformation, 'meter', ${of}.meter,
    'createdAt', ${milliseconds(sql`${of}.created_at`)},
    'updatedAt', ${milliseconds(sql`${of}.updated_at`)}) end`

export const featureFromJson = column.nullable(column.json<BareFeature>())

const withIds = rowsWithIds({ row: featureRow, select: selectFeatures, key: sql`feature_key` })

export const findFeatures = withIds.find
/** For adding references. Lock the customer first. Features that are held lose no values. */
export const holdFeatures = withIds.hold
export const lockFeatures = withIds.lock
export const findFeaturesByKey = withIds.findByKey

/** Locks features (key share) by their keys, in the order of keys. Reads nothing. */
export const holdFeaturesByKey = (tx: Tx, keys: readonly Uuid[]): Promise<number> =>
  tx.execute(sql`
    select from features where feature_key = any(${keys}::uuid[]) order by feature_key
    for key share`)

/**
 * Returns the features with a meter, oldest first. Includes archived ones, which customers may
 * still have.
 */
export async function meteredFeatures(reader: Reader, scope: Scope): Promise<MeteredFeature[]> {
  const found = await reader.many(
    featureRow,
    sql`
    ${selectFeatures} where ${inEnvironment(scope)} and meter is not null order by feature_key`,
  )
  return found.flatMap((feature) =>
    feature.meter === null ? [] : [{ ...feature, meter: feature.meter }],
  )
}

export const countMeters = (reader: Reader, scope: Scope): Promise<number> =>
  readValue(
    reader,
    column.integer,
    sql`
    select count(*) from features where ${inEnvironment(scope)} and meter is not null`,
  )

/** Null values do not filter. */
export type FeatureFilter = {
  id: string | null
  featureTypes: readonly Feature['featureType'][] | null
  meterTypes: readonly Feature['meterType'][] | null
  statuses: readonly Feature['status'][] | null
  created: CreatedRange
  page: PageRequest
}

const oneOf = (field: Sql, words: readonly string[] | null): Sql | null =>
  words && sql`${field} = any(${words}::text[])`

export const listFeatures = pageReader((scope: Scope, filter: FeatureFilter) => ({
  row: featureRow,
  select: selectFeatures,
  table: sql`features`,
  of: inEnvironment(scope),
  where: [
    filter.id === null ? null : sql`id = ${filter.id}::text`,
    oneOf(sql`feature_type`, filter.featureTypes),
    oneOf(sql`meter_type`, filter.meterTypes),
    oneOf(sql`status`, filter.statuses),
  ],
  created: filter.created,
  large: [
    sql`display_name`,
    sql`description`,
    sql`units`,
    sql`units_plural`,
    sql`enum_configuration`,
    sql`unit_transformation`,
    sql`meter`,
    sql`metadata`,
  ],
  key: sql`feature_key`,
  page: filter.page,
}))

const jsonOf = (value: object | null): string | null => value && JSON.stringify(value)

/** Returns features whose id or name has a beginning; some several times. */
export const featuresBeginning = nameReader({
  columns: sql`feature_key as key, id, display_name, status = 'SUSPENDED' as is_archived`,
  table: sql`features`,
})

/** Inserts or updates a feature. */
export const saveFeature = (tx: Tx, scope: Scope, feature: Feature) =>
  tx.execute(sql`
    insert into features (feature_key, environment_key, id, display_name, folded_name, description,
      feature_type, meter_type, status, units, units_plural, enum_configuration,
      unit_transformation, meter, metadata, created_at, updated_at)
    values (${feature.key}::uuid, ${scope.environmentKey}::uuid, ${feature.id}::text,
      ${feature.displayName}::text, ${foldCase(feature.displayName)}::text,
      ${feature.description}::text, ${feature.featureType}::text,
      ${feature.meterType}::text, ${feature.status}::text, ${feature.units}::text,
      ${feature.unitsPlural}::text, ${jsonOf(feature.enumConfiguration)}::jsonb,
      ${jsonOf(feature.unitTransformation)}::jsonb, ${jsonOf(feature.meter)}::jsonb,
      ${jsonOf(feature.metadata)}::jsonb, ${instantToWire(feature.createdAt)}::timestamptz,
      ${instantToWire(feature.updatedAt)}::timestamptz)
    on conflict (feature_key) do update set
      display_name = excluded.display_name, folded_name = excluded.folded_name,
      description = excluded.description,
      status = excluded.status, units = excluded.units, units_plural = excluded.units_plural,
      enum_configuration = excluded.enum_configuration,
      unit_transformation = excluded.unit_transformation, meter = excluded.meter,
      metadata = excluded.metadata, updated_at = excluded.updated_at`)
