import { type BareFeature, featureFromJson, featureJson } from '../catalog/features/index.ts'
import { customerWithKey, readingInstant, resourceNamed } from '../customers/index.ts'
import { column, type Reader, row, type Sql, sql } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { NO_RESOURCE, type Total } from '../metering/index.ts'
import { expiredHolds, type Hold, holdsFromJson } from '../metering/reservations/index.ts'
import { totalsAt, totalsFromJson } from '../metering/totals/index.ts'
import {
  type EntitlementSource,
  isSubscribedBy,
  type SourcesOf,
  sourcesBy,
  sourcesFromJson,
} from './source-port.ts'
import type { Source } from './types.ts'

/** Whose entitlements are read. */
export type CustomerQuery = {
  scope: Scope
  /** An expression of the customer's key; null where there is no such customer. */
  customerKey: Sql
  resourceId: string | null
  /** The clock's; all is read as of `FoundCustomer.now`, which may be later. */
  now: Instant
}

/** Whose entitlements are read, and from where. */
export type EntitlementQuery = CustomerQuery & { sources: readonly EntitlementSource[] }

/** A customer as a decision has to know it. */
export type FoundCustomer = {
  customerKey: Uuid | null
  customerId: string | null
  archivedAt: Instant | null
  resourceKey: Uuid | null
  hasActiveSubscription: boolean
  /** The instant as of which everything was read: no earlier than the customer's last decision. */
  now: Instant
  /** What totals and counters still hold although it has expired. */
  expired: readonly Omit<Hold, 'customerKey'>[]
}

/** What a customer was given of a feature and has used of it, as it is stored. */
export type FoundFeature = { feature: BareFeature; sources: Source[]; totals: Total[] }

/** All of one instant. */
export type Found = { customer: FoundCustomer; features: FoundFeature[] }

const customerColumns = {
  customer_key: column.nullable(column.uuid),
  customer_id: column.nullable(column.text),
  archived_at: column.nullable(column.instant),
  resource_key: column.nullable(column.uuid),
  is_subscribed: column.boolean,
  now: column.instant,
  expired: holdsFromJson,
}
const customerRow = row(customerColumns)
const foundRow = row({
  ...customerColumns,
  feature: featureFromJson,
  sources: sourcesFromJson,
  totals: totalsFromJson,
})

const customerOf = (found: ReturnType<typeof customerRow>): FoundCustomer => ({
  customerKey: found.customer_key,
  customerId: found.customer_id,
  archivedAt: found.archived_at,
  resourceKey: found.resource_key,
  hasActiveSubscription: found.is_subscribed,
  now: found.now,
  expired: found.expired,
})

/** A customer and all features that anything gives it, the newest first. One statement. */
export const findFeatures = (reader: Reader, reading: EntitlementQuery): Promise<Found> => {
  const of = sourcesOf(null)
  return foundBy(
    reader,
    sql`
    select ${customerPart(reading, of)}, ${featurePart()},
      coalesce(given.sources, '[]') as sources
    from ${asked(reading)}
      left join lateral (
        select feature_key, json_agg(source) as sources
        from (${sourcesBy(reading.sources, of)}) given group by feature_key) given on true
      left join features of_feature on of_feature.feature_key = given.feature_key
    order by of_feature.feature_key desc`,
  )
}

async function foundBy(reader: Reader, statement: Sql): Promise<Found> {
  const rows = await reader.many(foundRow, statement)
  return {
    customer: customerOf(required(rows[0], 'a row even of a customer who is not there')),
    features: rows.flatMap(({ feature, sources, totals }) =>
      feature === null ? [] : [{ feature, sources, totals }],
    ),
  }
}

const sourcesOf = (featureKey: Sql | null): SourcesOf => ({
  customerKey: sql`of_customer.customer_key`,
  featureKey,
  resourceKey: sql`of_resource.resource_key`,
  now,
})

const now = sql`of_instant.now`

/**
 * One row, whether or not the customer and the resource exist. `offset 0` has the instant found
 * once, not wherever something is compared with it.
 */
const asked = ({ customerKey, resourceId, now: clock }: EntitlementQuery): Sql => sql`
  (select) one left join ${customerWithKey(customerKey)} of_customer on true
    cross join lateral (select ${
      resourceId === null
        ? sql`null::uuid`
        : resourceNamed(sql`of_customer.customer_key`, resourceId)
    } as resource_key) of_resource
    cross join lateral (
      select ${readingInstant(sql`of_customer.customer_key`, clock)} as now offset 0) of_instant`

const customerPart = ({ sources }: EntitlementQuery, of: SourcesOf): Sql => sql`
  of_customer.customer_key, of_customer.id as customer_id, of_customer.archived_at,
  of_resource.resource_key, ${now} as now,
  ${isSubscribedBy(sources, of)} as is_subscribed,
  ${expiredHolds(sql`of_customer.customer_key`, now)} as expired`

const featurePart = (): Sql => {
  const resourceKey = sql`coalesce(of_resource.resource_key, ${NO_RESOURCE}::uuid)`
  const metered = {
    customerKey: sql`of_customer.customer_key`,
    featureKey: sql`of_feature.feature_key`,
    resourceKey,
  }
  return sql`${featureJson(sql`of_feature`)} as feature, ${totalsAt(metered, now)} as totals`
}
