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

/** The customer whose entitlements are read. */
export type CustomerQuery = {
  scope: Scope
  /** An SQL expression of the customer's key; null if the customer does not exist. */
  customerKey: Sql
  resourceId: string | null
  /**
   * The time of the clock. The instant of the result is `CustomerFacts.now`, which may be later.
   */
  now: Instant
}

/** The customer whose entitlements are read, and the sources to read. */
export type EntitlementQuery = CustomerQuery & { sources: readonly EntitlementSource[] }

/** What a decision must know about a customer. */
export type CustomerFacts = {
  customerKey: Uuid | null
  customerId: string | null
  archivedAt: Instant | null
  resourceKey: Uuid | null
  hasActiveSubscription: boolean
  /** The instant of decision, as of which everything was read. */
  now: Instant
  /** Reservations that have expired, but are still part of the stored totals and counters. */
  expired: readonly Omit<Hold, 'customerKey'>[]
}

/** The stored sources and window totals of a feature of a customer. */
export type StoredFeature = { feature: BareFeature; sources: Source[]; totals: Total[] }

/** Read as of one instant. */
export type StoredEntitlements = { customer: CustomerFacts; features: StoredFeature[] }

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
const featureRow = row({
  ...customerColumns,
  feature: featureFromJson,
  sources: sourcesFromJson,
  totals: totalsFromJson,
})

const customerOf = (found: ReturnType<typeof customerRow>): CustomerFacts => ({
  customerKey: found.customer_key,
  customerId: found.customer_id,
  archivedAt: found.archived_at,
  resourceKey: found.resource_key,
  hasActiveSubscription: found.is_subscribed,
  now: found.now,
  expired: found.expired,
})

/** Returns a customer and the features of all its sources, newest first. One statement. */
export const findFeatures = (
  reader: Reader,
  query: EntitlementQuery,
): Promise<StoredEntitlements> => {
  const of = sourcesOf(null)
  return readStored(
    reader,
    sql`
    select ${customerPart(query, of)}, ${featurePart()},
      coalesce(given.sources, '[]') as sources
    from ${subjectRow(query)}
      left join lateral (
        select feature_key, json_agg(source) as sources
        from (${sourcesBy(query.sources, of)}) given group by feature_key) given on true
      left join features of_feature on of_feature.feature_key = given.feature_key
    order by of_feature.feature_key desc`,
  )
}

async function readStored(reader: Reader, statement: Sql): Promise<StoredEntitlements> {
  const rows = await reader.many(featureRow, statement)
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
 * Returns one row even if the customer or the resource does not exist. With `offset 0` the instant
 * is computed once and not for each comparison.
 */
const subjectRow = ({ customerKey, resourceId, now: clock }: EntitlementQuery): Sql => sql`
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
