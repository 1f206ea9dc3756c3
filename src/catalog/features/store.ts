import type { FeatureEnumValue, UnitTransformation } from '../../api.gen.ts'
import type { Reader, SearchText, Sql, Tx } from '../../db/index.ts'
import {
  column,
  milliseconds,
  readPage,
  readValue,
  row,
  rowsBeginning,
  sql,
  textsOf,
} from '../../db/index.ts'
import { instantToWire } from '../../kernel/clock.ts'
import type { CreatedRange } from '../../kernel/created-range.ts'
import { foldCase } from '../../kernel/fold-case.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Metadata } from '../../kernel/metadata.ts'
import type { Page, PageRequest } from '../../kernel/page.ts'
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

const featuresWithIds = (scope: Scope, ids: readonly string[]): Sql =>
  sql`${selectFeatures} where ${inEnvironment(scope)} and id = any(${ids}::text[])`

const features = (reader: Reader, statement: Sql): Promise<Feature[]> =>
  reader.many(featureRow, statement)

/** Returns features by their ids, including archived ones, in no particular order. */
export const findFeatures = (
  reader: Reader,
  scope: Scope,
  ids: readonly string[],
): Promise<Feature[]> => features(reader, featuresWithIds(scope, ids))

/**
 * Returns features by their ids, locked (key share) so that none is archived or loses values before
 * this transaction ends. For adding references. Lock the customer first. In the order of keys.
 */
export const holdFeatures = (tx: Tx, scope: Scope, ids: readonly string[]): Promise<Feature[]> =>
  features(tx, sql`${featuresWithIds(scope, ids)} order by feature_key for key share`)

/** Locks features (key share) by their keys, in the order of keys. Reads nothing. */
export const holdFeaturesByKey = (tx: Tx, keys: readonly Uuid[]): Promise<number> =>
  tx.execute(sql`
    select from features where feature_key = any(${keys}::uuid[]) order by feature_key
    for key share`)

/**
 * Returns features by their ids, locked (update) so that nothing can refer to them before this
 * transaction ends.
 */
export const lockFeatures = (tx: Tx, scope: Scope, ids: readonly string[]): Promise<Feature[]> =>
  features(tx, sql`${featuresWithIds(scope, ids)} order by feature_key for update`)

/** Returns features of any environment by their keys, in no particular order. */
export const findFeaturesByKey = (reader: Reader, keys: readonly Uuid[]): Promise<Feature[]> =>
  features(reader, sql`${selectFeatures} where feature_key = any(${keys}::uuid[])`)

/**
 * Returns the features with a meter, oldest first. Includes archived ones, which customers may
 * still have.
 */
export async function meteredFeatures(reader: Reader, scope: Scope): Promise<MeteredFeature[]> {
  const found = await features(
    reader,
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

export const listFeatures = (
  reader: Reader,
  scope: Scope,
  filter: FeatureFilter,
): Promise<Page<Feature>> =>
  readPage(reader, {
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
  })

const jsonOf = (value: object | null): string | null => value && JSON.stringify(value)

/** Returns features whose id or name has a beginning; some several times. */
export const featuresBeginning = (
  reader: Reader,
  scope: Scope,
  sought: SearchText,
): Promise<FoundFeature[]> =>
  reader.many(
    foundRow,
    rowsBeginning(
      {
        columns: sql`feature_key, id, display_name, status`,
        from: sql`features`,
        where: inEnvironment(scope),
      },
      textsOf(sql`id`, sql`folded_name`, sql`display_name`),
      sought,
    ),
  )

type FoundFeature = Pick<Feature, 'key' | 'id' | 'displayName' | 'status'>

const foundRow = row<FoundFeature>({
  key: column.from('feature_key', column.uuid),
  id: column.text,
  displayName: column.text,
  status: column.oneOf('NEW', 'SUSPENDED', 'ACTIVE'),
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
