import type { PromotionalEntitlementPeriod, PromotionalEntitlementStatus } from '../api.gen.ts'
import {
  allowanceColumns,
  featureFromJson,
  featureJson,
  resetColumns,
} from '../catalog/features/index.ts'
import type { Reader, Sql, Tx } from '../db/index.ts'
import { column, pageReader, readValue, row, rows, rowWriter, sql } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { CreatedRange } from '../kernel/created-range.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import { boundToSql, LIFETIME } from '../kernel/period.ts'
import type { Owner } from '../kernel/scope.ts'
import type { PromotionalEntitlement } from './types.ts'

export const PERIODS = [
  '1 week',
  '1 month',
  '6 month',
  '1 year',
  'lifetime',
  'custom',
] as const satisfies readonly PromotionalEntitlementPeriod[]

/** null: no end. */
export const endFromSql: column.Decode<Instant | null> = (raw) => {
  const end = column.bound(raw)
  return end === LIFETIME.end ? null : end
}

const promotionalRow = row<PromotionalEntitlement>({
  key: column.from('promotional_key', column.uuid),
  revision: column.integer,
  feature: (raw) => required(featureFromJson(raw), 'the feature of a promotional entitlement'),
  period: column.oneOf(...PERIODS),
  allowance: allowanceColumns,
  reset: resetColumns,
  isVisible: column.boolean,
  startsAt: column.instant,
  since: column.instant,
  endsAt: endFromSql,
  createdAt: column.instant,
  updatedAt: column.instant,
})

const selectPromotional = sql`
  select p.promotional_key, p.revision, ${featureJson(sql`f`)} as feature, p.period, p.usage_limit,
    p.is_unlimited, p.is_soft, to_json(p.enum_values) as enum_values, p.is_visible,
    p.reset_period, p.reset_according_to, p.starts_at, coalesce(p.since, p.starts_at) as since,
    p.ends_at, p.created_at, p.updated_at
  from promotional_entitlements p join features f using (feature_key)`

const promotionals = (reader: Reader, where: Sql): Promise<PromotionalEntitlement[]> =>
  reader.many(promotionalRow, sql`${selectPromotional} ${where}`)

/** Returns the promotional entitlements of a customer in force for any of the features. */
export const findInForce = (
  reader: Reader,
  customerKey: Uuid,
  wanted: { featureIds: readonly string[]; now: Instant },
): Promise<PromotionalEntitlement[]> =>
  promotionals(
    reader,
    sql`
    where p.customer_key = ${customerKey}::uuid and f.id = any(${wanted.featureIds}::text[])
      and p.ends_at > ${instantToWire(wanted.now)}::timestamptz`,
  )

/** Returns the latest revision of a promotional entitlement, in force or not. */
export const findPromotional = async (
  reader: Reader,
  customerKey: Uuid,
  key: Uuid,
): Promise<PromotionalEntitlement | null> => {
  const [found] = await promotionals(
    reader,
    sql`
    where p.customer_key = ${customerKey}::uuid and p.promotional_key = ${key}::uuid
      and not p.superseded`,
  )
  return found ?? null
}

export const countInForce = (reader: Reader, customerKey: Uuid, now: Instant) =>
  readValue(
    reader,
    column.integer,
    sql`
    select count(*) from promotional_entitlements
    where customer_key = ${customerKey}::uuid
      and ends_at > ${instantToWire(now)}::timestamptz`,
  )

export type PromotionalFilter = {
  /** The status of those in force, which depends on whether the customer is archived. */
  inForce: PromotionalEntitlementStatus
  /** null: any status. */
  statuses: readonly PromotionalEntitlementStatus[] | null
  created: CreatedRange
  now: Instant
  page: PageRequest
}

export const listPromotional = pageReader(
  (customerKey: Uuid, { inForce, statuses, created, now, page }: PromotionalFilter) => {
    const wanted = {
      inForce: statuses === null || statuses.includes(inForce),
      over: statuses === null || statuses.includes('Expired'),
    }
    return {
      row: promotionalRow,
      select: selectPromotional,
      table: sql`promotional_entitlements p`,
      of: sql`p.customer_key = ${customerKey}::uuid and not p.superseded`,
      where: [
        sql`case when p.ends_at > ${instantToWire(now)}::timestamptz
        then ${wanted.inForce}::boolean else ${wanted.over}::boolean end`,
      ],
      created,
      large: [sql`feature`, sql`enum_values`],
      key: sql`p.promotional_key`,
      page,
    }
  },
)

export const addPromotional = rowWriter<Owner, PromotionalEntitlement>(
  (owner, revisions) => sql`
    insert into promotional_entitlements (customer_key, promotional_key, revision, environment_key,
      feature_key, period, usage_limit, is_unlimited, is_soft, enum_values, is_visible,
      reset_period, reset_according_to, starts_at, since, ends_at, created_at, updated_at)
    select ${owner.customerKey}::uuid, key, revision, ${owner.scope.environmentKey}::uuid,
      feature_key, period, usage_limit, is_unlimited, is_soft, enum_values, is_visible,
      reset_period, reset_according_to, starts_at, since, ends_at, created_at, updated_at
    from ${rows(revisions, {
      key: ['uuid', ({ key }) => key],
      revision: ['integer', ({ revision }) => revision],
      feature_key: ['uuid', ({ feature }) => feature.key],
      period: ['text', ({ period }) => period],
      usage_limit: ['numeric', ({ allowance }) => allowance.limit],
      is_unlimited: ['boolean', ({ allowance }) => allowance.isUnlimited],
      is_soft: ['boolean', ({ allowance }) => allowance.isSoft],
      enum_values: ['text[]', ({ allowance }) => allowance.enumValues],
      is_visible: ['boolean', ({ isVisible }) => isVisible],
      reset_period: ['text', ({ reset }) => reset?.period ?? null],
      reset_according_to: ['text', ({ reset }) => reset?.accordingTo ?? null],
      starts_at: ['timestamptz', ({ startsAt }) => startsAt],
      since: ['timestamptz', ({ since }) => since],
      ends_at: ['timestamptz', ({ endsAt }) => endsAt ?? LIFETIME.end],
      created_at: ['timestamptz', ({ createdAt }) => createdAt],
      updated_at: ['timestamptz', ({ updatedAt }) => updatedAt],
    })} as given`,
)

/** Writes the new end of a promotional entitlement. */
export const endPromotional = (
  tx: Tx,
  customerKey: Uuid,
  { key, endsAt, updatedAt }: PromotionalEntitlement,
): Promise<number> =>
  tx.execute(sql`
    update promotional_entitlements
    set ends_at = ${boundToSql(endsAt ?? LIFETIME.end)}::timestamptz,
      updated_at = ${instantToWire(updatedAt)}::timestamptz
    where customer_key = ${customerKey}::uuid and promotional_key = ${key}::uuid
      and not superseded`)

/** Ends a revision now, because the next one replaces it. It is kept for reads of the past. */
export const supersede = (
  tx: Tx,
  customerKey: Uuid,
  { key, revision, now }: Pick<PromotionalEntitlement, 'key' | 'revision'> & { now: Instant },
): Promise<number> =>
  tx.execute(sql`
    update promotional_entitlements
    set ends_at = ${instantToWire(now)}::timestamptz, superseded = true
    where customer_key = ${customerKey}::uuid and promotional_key = ${key}::uuid
      and revision = ${revision}::integer`)

const valueRow = row({ value: column.text })

/**
 * Returns which of the values of a feature any promotional entitlement in force uses. Reads each of
 * them once, however many values are asked for.
 */
export const valuesGranted = async (
  reader: Reader,
  query: { featureKey: Uuid; values: readonly string[]; now: Instant },
): Promise<string[]> => {
  const found = await reader.many(
    valueRow,
    sql`
    select value from promotional_entitlements
      cross join lateral unnest(enum_values) as granted (value)
    where feature_key = ${query.featureKey}::uuid
      and ends_at > ${instantToWire(query.now)}::timestamptz
      and value = any(${query.values}::text[])
    group by value order by value collate "C"`,
  )
  return found.map(({ value }) => value)
}
