import { customerNamed, resourceIdOf } from '../customers/index.ts'
import { column, pageReader, row, type Sql, sql } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import type { CreatedRange } from '../kernel/created-range.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import {
  type StoredSubscription,
  selectSubscriptions,
  storedRow,
  subscriptionsWithLines,
} from './line-store.ts'
import type { PricingType, SubscriptionStatus } from './types.ts'

/** Null values do not filter. */
export type SubscriptionFilter = {
  customerId: string | null
  planKey: Uuid | null
  resourceId: string | null
  pricingTypes: readonly PricingType[] | null
  statuses: readonly SubscriptionStatus[] | null
  /** Whether all that have not ended are listed, because what is due may change their status. */
  includesDue: boolean
  created: CreatedRange
  page: PageRequest
}

type ListedSubscription = StoredSubscription & { key: Uuid }

const stored = storedRow
const keyRow = row({ key: column.from('subscription_key', column.uuid) })

/**
 * Lists subscriptions as they are stored. With `includesDue`, their present status is still to be
 * compared.
 */
export const listSubscriptions = pageReader((scope: Scope, filter: SubscriptionFilter) => ({
  row: (raw): ListedSubscription => ({ ...stored(raw), ...keyRow(raw) }),
  select: selectSubscriptions,
  table: subscriptionsWithLines,
  of: isByStatus(filter)
    ? sql`r.environment_key = ${scope.environmentKey}::uuid`
    : sql`s.environment_key = ${scope.environmentKey}::uuid`,
  where: [
    filter.customerId === null
      ? null
      : sql`s.customer_key = ${customerNamed(scope, filter.customerId)}`,
    filter.planKey === null ? null : sql`s.plan_key = ${filter.planKey}::uuid`,
    filter.resourceId === null
      ? null
      : sql`${resourceIdOf(sql`l.customer_key`, sql`l.resource_key`)}
          = ${filter.resourceId}::text`,
    filter.pricingTypes && sql`r.pricing_type = any(${filter.pricingTypes}::text[])`,
    filter.statuses && ofStatus(filter, filter.statuses),
    ...createdIn(filter.created),
  ],
  large: [sql`content`, sql`updates`],
  key: isByStatus(filter) ? sql`r.subscription_key` : sql`s.subscription_key`,
  page: filter.page,
}))

/** The index of revisions by status has the order of the list for one status. */
const isByStatus = ({ customerId, planKey, statuses, includesDue }: SubscriptionFilter): boolean =>
  statuses?.length === 1 && customerId === null && planKey === null && !includesDue

function ofStatus({ includesDue }: SubscriptionFilter, statuses: readonly string[]): Sql {
  const [first = ''] = statuses
  const isStored =
    statuses.length === 1
      ? sql`r.status = ${first}::text`
      : sql`r.status = any(${statuses}::text[])`
  return includesDue ? sql`(${isStored} or r.closed_at is null)` : isStored
}

/** The key of a subscription that was scheduled is from before its creation, so it cannot tell. */
const createdIn = ({ from, until }: CreatedRange) => [
  from === null ? null : sql`s.created_at >= ${instantToWire(from)}::timestamptz`,
  until === null ? null : sql`s.created_at < ${instantToWire(until)}::timestamptz`,
]
