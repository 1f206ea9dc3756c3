import type { Reader, Sql, Tx } from '../../../db/index.ts'
import {
  column,
  numberedRows,
  readOfEach,
  row,
  rowReader,
  rows,
  rowWriter,
  sql,
} from '../../../db/index.ts'
import { required } from '../../../kernel/assert.ts'
import { type Instant, instantToWire } from '../../../kernel/clock.ts'
import type { Uuid } from '../../../kernel/ids.ts'
import type { Scope } from '../../../kernel/scope.ts'
import {
  allowanceColumns,
  featureFromJson,
  featureJson,
  resetColumns,
} from '../../features/index.ts'
import type { VersionKey } from '../types.ts'
import { INHERITANCE_LIMIT } from './inherit.ts'
import type { CreditOfPackage, FeatureOfPackage, PackageEntitlement, Widget } from './types.ts'

const common = {
  key: column.from('entitlement_key', column.uuid),
  behavior: column.oneOf('Increment', 'Override'),
  isGranted: column.boolean,
  isCustom: column.boolean,
  hiddenFromWidgets: column.json<Widget[]>(),
  order: column.from('display_order', column.quantity),
  displayNameOverride: column.nullable(column.text),
  description: column.nullable(column.text),
  createdAt: column.instant,
  updatedAt: column.instant,
}

const currencyRow = row({
  key: column.from('currency_key', column.uuid),
  id: column.from('currency_id', column.text),
  displayName: column.from('currency_display_name', column.text),
  isArchived: column.from('currency_is_archived', column.boolean),
})
const dependencyRow = row({
  key: column.from('dependency_key', column.uuid),
  id: column.from('dependency_id', column.text),
  isArchived: column.from('dependency_is_archived', column.boolean),
})

const featureRow = row<FeatureOfPackage>({
  ...common,
  type: column.oneOf('FEATURE'),
  feature: (raw) => required(featureFromJson(raw), 'the feature of a package'),
  allowance: allowanceColumns,
  reset: resetColumns,
})
const creditRow = row<CreditOfPackage>({
  ...common,
  type: column.oneOf('CREDIT'),
  currency: column.group(currencyRow),
  amount: column.nullable(column.quantity),
  cadence: column.oneOf('MONTH', 'YEAR'),
  isSoft: column.boolean,
  dependency: column.optional('dependency_key', dependencyRow),
})
const entitlementRow = (raw: Parameters<typeof featureRow>[0]): PackageEntitlement =>
  raw.type === 'FEATURE' ? featureRow(raw) : creditRow(raw)

const columns = sql`
  e.entitlement_key, e.behavior, e.is_granted, e.is_custom, e.is_soft,
  to_json(e.hidden_from_widgets) as hidden_from_widgets, e.display_order,
  e.display_name_override, e.description, e.created_at, e.updated_at,
  case when e.feature_key is null then 'CREDIT' else 'FEATURE' end as type,
  ${featureJson(sql`f`)} as feature, e.usage_limit, e.is_unlimited,
  to_json(e.enum_values) as enum_values, e.reset_period, e.reset_according_to,
  e.currency_key, c.id as currency_id,
  c.display_name as currency_display_name,
  c.archived_at is not null as currency_is_archived, e.amount, e.cadence, e.dependency_key,
  d.id as dependency_id, d.status = 'SUSPENDED' as dependency_is_archived`

const objects = sql`
  left join lateral (select * from features where feature_key = e.feature_key offset 0) as f on true
  left join lateral (
    select * from currencies where currency_key = e.currency_key offset 0) as c on true
  left join lateral (
    select * from features where feature_key = e.dependency_key offset 0) as d on true`

/** Returns the entitlements of a version, in their order. */
export const entitlementsOf = rowReader(
  entitlementRow,
  ({ packageKey, version }: VersionKey) => sql`
    select ${columns} from package_entitlements e ${objects}
    where e.package_key = ${packageKey}::uuid and e.version = ${version}::integer
    order by e.display_order, e.entitlement_key`,
)

/** Returns the entitlements of each version, in their order. */
export const entitlementsOfEach = (
  reader: Reader,
  versions: readonly VersionKey[],
): Promise<PackageEntitlement[][]> =>
  readOfEach(reader, versions, {
    row: entitlementRow,
    statement: sql`
      select asked.position, ${columns}
      from ${numberedRows(versions, {
        package_key: ['uuid', ({ packageKey }) => packageKey],
        version: ['integer', ({ version }) => version],
      })} as asked
        cross join lateral (
          select * from package_entitlements e
          where e.package_key = asked.package_key and e.version = asked.version offset 0
        ) as e ${objects}
      order by asked.position, e.display_order, e.entitlement_key`,
  })

const aboveRow = row<VersionKey & { id: string }>({
  packageKey: column.uuid,
  version: column.integer,
  id: column.text,
})

/**
 * Returns the plans above a version of a plan, the nearest first: each with its latest version, or
 * with its draft if it was never published.
 */
export const plansAbove = (
  reader: Reader,
  { packageKey, version }: VersionKey,
): Promise<(VersionKey & { id: string })[]> =>
  reader.many(
    aboveRow,
    sql`
    with recursive above (package_key, version, id, distance) as (
      select ${packageKey}::uuid, ${version}::integer, '' collate "C", 0
      union all
      select p.package_key, coalesce(p.latest_version, p.draft_version), p.id, below.distance + 1
      from above as below
        cross join lateral (
          select parent_key from package_versions
          where package_key = below.package_key and version = below.version offset 0) as v
        cross join lateral (
          select * from packages where package_key = v.parent_key offset 0) as p
      where below.distance < ${INHERITANCE_LIMIT}::integer
    )
    select package_key, version, id from above where distance > 0 order by distance`,
  )

/**
 * A scalar for statements of packages: the ids and types of the entitlements of a version, in their
 * order, as JSON.
 */
export const referencesJson = (packageKey: Sql, version: Sql): Sql => sql`
  (select coalesce(json_agg(json_build_object('id', coalesce(f.id, c.id),
      'type', case when e.feature_key is null then 'CREDIT' else 'FEATURE' end)
      order by e.display_order, e.entitlement_key), '[]'::json)
    from package_entitlements e
      left join features f on f.feature_key = e.feature_key
      left join currencies c on c.currency_key = e.currency_key
    where e.package_key = ${packageKey} and e.version = ${version})`

type Place = VersionKey & { scope: Scope }

/** Inserts entitlements into a draft, or writes changed ones again. */
export const saveEntitlements = rowWriter<Place, PackageEntitlement>(
  ({ packageKey, version, scope }, entitlements) => sql`
    insert into package_entitlements as known (package_key, version, entitlement_key,
      environment_key, feature_key, currency_key, behavior, is_granted, is_custom, is_soft,
      hidden_from_widgets, display_order, display_name_override, description, usage_limit,
      is_unlimited, enum_values, reset_period, reset_according_to, amount, cadence, dependency_key,
      created_at, updated_at)
    select ${packageKey}::uuid, ${version}::integer, key, ${scope.environmentKey}::uuid,
      feature_key, currency_key, behavior, is_granted, is_custom, is_soft, hidden_from_widgets,
      display_order, display_name_override, description, usage_limit, is_unlimited, enum_values,
      reset_period, reset_according_to, amount, cadence, dependency_key, created_at, updated_at
    from ${rows(entitlements, {
      key: ['uuid', ({ key }) => key],
      feature_key: ['uuid', (each) => (each.type === 'FEATURE' ? each.feature.key : null)],
      currency_key: ['uuid', (each) => (each.type === 'CREDIT' ? each.currency.key : null)],
      behavior: ['text', ({ behavior }) => behavior],
      is_granted: ['boolean', ({ isGranted }) => isGranted],
      is_custom: ['boolean', ({ isCustom }) => isCustom],
      is_soft: [
        'boolean',
        (each) => (each.type === 'FEATURE' ? each.allowance.isSoft : each.isSoft),
      ],
      hidden_from_widgets: ['text[]', ({ hiddenFromWidgets }) => hiddenFromWidgets],
      display_order: ['numeric', ({ order }) => order],
      display_name_override: ['text', ({ displayNameOverride }) => displayNameOverride],
      description: ['text', ({ description }) => description],
      usage_limit: ['numeric', (each) => (each.type === 'FEATURE' ? each.allowance.limit : null)],
      is_unlimited: [
        'boolean',
        (each) => (each.type === 'FEATURE' ? each.allowance.isUnlimited : null),
      ],
      enum_values: [
        'text[]',
        (each) => (each.type === 'FEATURE' ? each.allowance.enumValues : null),
      ],
      reset_period: ['text', (each) => (each.type === 'FEATURE' && each.reset?.period) || null],
      reset_according_to: [
        'text',
        (each) => (each.type === 'FEATURE' && each.reset?.accordingTo) || null,
      ],
      amount: ['numeric', (each) => (each.type === 'CREDIT' ? each.amount : null)],
      cadence: ['text', (each) => (each.type === 'CREDIT' ? each.cadence : null)],
      dependency_key: ['uuid', (each) => (each.type === 'CREDIT' && each.dependency?.key) || null],
      created_at: ['timestamptz', ({ createdAt }) => createdAt],
      updated_at: ['timestamptz', ({ updatedAt }) => updatedAt],
    })} as given
    on conflict (package_key, version, entitlement_key) do update set
      behavior = excluded.behavior, is_granted = excluded.is_granted,
      is_custom = excluded.is_custom, is_soft = excluded.is_soft,
      hidden_from_widgets = excluded.hidden_from_widgets,
      display_order = excluded.display_order,
      display_name_override = excluded.display_name_override,
      description = excluded.description, usage_limit = excluded.usage_limit,
      is_unlimited = excluded.is_unlimited, enum_values = excluded.enum_values,
      reset_period = excluded.reset_period, reset_according_to = excluded.reset_according_to,
      amount = excluded.amount, cadence = excluded.cadence,
      dependency_key = excluded.dependency_key, updated_at = excluded.updated_at`,
)

export const deleteEntitlements = (tx: Tx, of: VersionKey, keys: readonly Uuid[]) =>
  tx.execute(sql`
    delete from package_entitlements
    where package_key = ${of.packageKey}::uuid and version = ${of.version}::integer
      and entitlement_key = any(${keys}::uuid[])`)

/**
 * Copies the entitlements of versions into other ones, which have none. `at` is the instant of
 * creation of the copies; null: they keep that of the original, because the package is the same.
 */
export const copyEntitlements = rowWriter<Instant | null, { from: VersionKey; to: VersionKey }>(
  (at, copies) => sql`
    insert into package_entitlements (package_key, version, entitlement_key, environment_key,
      feature_key, currency_key, behavior, is_granted, is_custom, is_soft, hidden_from_widgets,
      display_order, display_name_override, description, usage_limit, is_unlimited, enum_values,
      reset_period, reset_according_to, amount, cadence, dependency_key, created_at, updated_at)
    select to_key, to_version, entitlement_key, environment_key, feature_key, currency_key,
      behavior, is_granted, is_custom, is_soft, hidden_from_widgets, display_order,
      display_name_override, description, usage_limit, is_unlimited, enum_values, reset_period,
      reset_according_to, amount, cadence, dependency_key,
      coalesce(${at && instantToWire(at)}::timestamptz, created_at),
      coalesce(${at && instantToWire(at)}::timestamptz, updated_at)
    from ${rows(copies, {
      from_key: ['uuid', ({ from }) => from.packageKey],
      from_version: ['integer', ({ from }) => from.version],
      to_key: ['uuid', ({ to }) => to.packageKey],
      to_version: ['integer', ({ to }) => to.version],
    })} as copy
      cross join lateral (
        select * from package_entitlements e
        where e.package_key = copy.from_key and e.version = copy.from_version offset 0) as e`,
)
