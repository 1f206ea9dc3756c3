import { column, type Reader, row, rows, type Sql, sql } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { contentFromJson, updatesFromJson } from './content-json.ts'
import { SUBSCRIPTION_LIMIT } from './require-place.ts'
import type { End, Line, Pin, Subscription, Successor, Trial } from './types.ts'

/** What a customer has subscribed to, and for which resource. null: for none. */
export type LinePlace = { productKey: Uuid; resourceKey: Uuid | null }

/** A line as it is stored. Its instant of settlement may be in the past. */
export type StoredLine = LinePlace & {
  key: Uuid
  line: Line
  /** The last revision of each subscription of the line. */
  revisions: ReadonlyMap<Uuid, RevisionSpan>
}

/** The number of a revision, and since when it is in force. */
export type RevisionSpan = { revision: number; since: Instant }

const endRow = (at: string, successor: string) =>
  column.optional(
    at,
    row<End>({
      at: column.from(at, column.instant),
      successor: column.from(successor, column.nullable(column.json<Successor>())),
    }),
  )

export const subscriptionRow = row<Subscription>({
  key: column.from('subscription_key', column.uuid),
  id: column.text,
  planKey: column.uuid,
  pricingType: column.oneOf('FREE', 'PAID', 'CUSTOM'),
  status: column.oneOf(
    ...(['NOT_STARTED', 'PAYMENT_PENDING', 'IN_TRIAL', 'ACTIVE', 'CANCELED', 'EXPIRED'] as const),
  ),
  cancelReason: column.nullable(
    column.oneOf(
      'UPGRADE_OR_DOWNGRADE',
      'CANCELLED_BY_BILLING',
      'EXPIRED',
      'DETACH_BILLING',
      'TRIAL_ENDED',
      'Immediate',
      'TRIAL_CONVERTED',
      'PENDING_PAYMENT_EXPIRED',
      'ScheduledCancellation',
      'CustomerArchived',
      'AutoCancellationRule',
    ),
  ),
  createdAt: column.instant,
  startsAt: column.instant,
  followsTrial: column.nullable(column.uuid),
  ending: endRow('ending_at', 'ending_successor'),
  cancellation: endRow('cancellation_at', 'cancellation_successor'),
  closedAt: column.nullable(column.instant),
  trial: column.optional(
    'trial_at',
    row<Trial>({
      at: column.from('trial_at', column.instant),
      successor: column.from('trial_successor', column.nullable(column.json<Successor>())),
      endBehavior: column.from(
        'trial_end_behavior',
        column.oneOf('CONVERT_TO_PAID', 'CANCEL_SUBSCRIPTION'),
      ),
    }),
  ),
  firstPayment: column.oneOf('NOT_NEEDED', 'BEFORE_CHARGE', 'BEFORE_TRIAL'),
  paymentUntil: column.nullable(column.instant),
  billingPeriod: column.nullable(column.oneOf('MONTHLY', 'ANNUALLY')),
  anchor: column.nullable(column.instant),
  periodStart: column.nullable(column.instant),
  usageAnchor: column.instant,
  usageCutoff: column.oneOf('NEVER_RESET', 'ALWAYS_RESET', 'BILLING_PERIOD_CHANGE'),
  content: (raw) => contentFromJson(column.json<Parameters<typeof contentFromJson>[0]>()(raw)),
  pins: column.json<Pin[]>(),
  updates: (raw) => updatesFromJson(column.json<Parameters<typeof updatesFromJson>[0]>()(raw)),
})

/** The columns of a subscription at a revision, from `subscriptions s` and a revision `r`. */
export const subscriptionColumns = sql`
  s.subscription_key, s.id, s.plan_key, s.created_at, r.revision, r.since, r.status,
  r.cancel_reason, r.pricing_type, r.starts_at, r.follows_trial, r.ending_at, r.ending_successor,
  r.cancellation_at, r.cancellation_successor, r.closed_at, r.trial_at, r.trial_end_behavior,
  r.trial_successor, r.first_payment, r.payment_until, r.billing_period, r.anchor, r.period_start,
  r.usage_anchor, r.usage_cutoff, r.content, r.pins, r.updates`

type MemberRow = LinePlace & {
  lineKey: Uuid
  settledAt: Instant
  member: (RevisionSpan & { subscription: Subscription }) | null
}

export const memberRow = row<MemberRow>({
  lineKey: column.uuid,
  productKey: column.uuid,
  resourceKey: column.nullable(column.uuid),
  settledAt: column.instant,
  member: column.optional(
    'revision',
    row({
      revision: column.integer,
      since: column.instant,
      subscription: column.group(subscriptionRow),
    }),
  ),
})

/**
 * Lines with their subscriptions that have not ended. Conditions follow. The limits, which are
 * never reached, keep PostgreSQL from reading whole tables.
 */
const selectLines = (join: Sql): Sql => sql`
  select l.line_key, l.product_key, l.resource_key, l.settled_at, ${subscriptionColumns}
  from subscription_lines l
    ${join} join lateral (
      select * from subscription_revisions live
      where live.customer_key = l.customer_key and live.line_key = l.line_key
        and live.until is null and live.closed_at is null
      limit ${SUBSCRIPTION_LIMIT}::integer
    ) r on true
    ${join} join lateral (
      select * from subscriptions of_revision
      where of_revision.customer_key = r.customer_key
        and of_revision.subscription_key = r.subscription_key
      limit 1
    ) s on true`

const inOrder = sql`order by l.line_key, s.subscription_key`

export function linesFrom(found: readonly MemberRow[]): StoredLine[] {
  const byKey = Map.groupBy(found, ({ lineKey }) => lineKey)
  return [...byKey.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return []
    const { lineKey: key, productKey, resourceKey, settledAt } = first
    const members = [first, ...others].flatMap(({ member }) => (member === null ? [] : [member]))
    const subscriptions = members.map(({ subscription }) => subscription)
    const revisions = new Map(
      members.map(({ subscription, revision, since }) => [subscription.key, { revision, since }]),
    )
    return [{ key, productKey, resourceKey, line: { subscriptions, settledAt }, revisions }]
  })
}

/**
 * Returns the lines of a customer that have subscriptions which have not ended, with these. Nothing
 * that is due since a line was settled has been applied.
 */
export const loadLines = async (reader: Reader, customerKey: Uuid): Promise<StoredLine[]> =>
  linesFrom(
    await reader.many(
      memberRow,
      sql`${selectLines(sql`inner`)} where l.customer_key = ${customerKey}::uuid ${inOrder}`,
    ),
  )

/** Returns lines of any customers, as `loadLines` does. */
export const loadLinesByKey = async (
  reader: Reader,
  lines: readonly { customerKey: Uuid; lineKey: Uuid }[],
): Promise<StoredLine[]> =>
  linesFrom(
    await reader.many(
      memberRow,
      sql`
      ${selectLines(sql`inner`)}
      where (l.customer_key, l.line_key) in (select customer_key, line_key from ${rows(lines, {
        customer_key: ['uuid', ({ customerKey }) => customerKey],
        line_key: ['uuid', ({ lineKey }) => lineKey],
      })} as wanted)
      ${inOrder}`,
    ),
  )

/** Returns a line of a customer by its place, also if all its subscriptions have ended. */
export const findLine = async (
  reader: Reader,
  customerKey: Uuid,
  { productKey, resourceKey }: LinePlace,
): Promise<StoredLine | null> => {
  const [found] = linesFrom(
    await reader.many(
      memberRow,
      sql`
      ${selectLines(sql`left`)}
      where l.customer_key = ${customerKey}::uuid and l.product_key = ${productKey}::uuid
        and l.resource_key is not distinct from ${resourceKey}::uuid
      ${inOrder}`,
    ),
  )
  return found ?? null
}

/** A subscription at its last revision, and the line that it belongs to. */
export type StoredSubscription = LinePlace & {
  customerKey: Uuid
  lineKey: Uuid
  subscription: Subscription
}

export const storedRow = row<StoredSubscription>({
  customerKey: column.uuid,
  lineKey: column.uuid,
  productKey: column.uuid,
  resourceKey: column.nullable(column.uuid),
  subscription: column.group(subscriptionRow),
})

/** Subscriptions `s` at their last revision `r`, with their line `l`. */
export const subscriptionsWithLines = sql`
  subscriptions s join subscription_revisions r
    on r.customer_key = s.customer_key and r.subscription_key = s.subscription_key
      and r.until is null
  join subscription_lines l on l.customer_key = r.customer_key and l.line_key = r.line_key`

/** Subscriptions at their last revision. Conditions follow. */
export const selectSubscriptions = sql`
  select s.customer_key, r.line_key, l.product_key, l.resource_key, ${subscriptionColumns}
  from ${subscriptionsWithLines}`

/** Returns a subscription of a customer as it is stored, also if it has ended. */
export const findSubscription = (
  reader: Reader,
  customerKey: Uuid,
  id: string,
): Promise<StoredSubscription | null> =>
  reader.maybeOne(
    storedRow,
    sql`
    ${selectSubscriptions} where s.customer_key = ${customerKey}::uuid and s.id = ${id}::text`,
  )

/** Whether a customer has had a trial of a product, and whether it has paid for it. */
export const findHistory = (
  reader: Reader,
  customerKey: Uuid,
  productKey: Uuid,
): Promise<{ hadTrial: boolean; hadPaid: boolean }> =>
  reader.one(
    row({ hadTrial: column.boolean, hadPaid: column.boolean }),
    sql`
    select coalesce(bool_or(r.trial_at is not null and r.pins <> '[]'
        and r.status <> 'PAYMENT_PENDING'), false) as had_trial,
      coalesce(bool_or(r.pricing_type <> 'FREE' and r.status = 'ACTIVE'), false) as had_paid
    from subscription_lines l join subscription_revisions r using (customer_key, line_key)
    where l.customer_key = ${customerKey}::uuid and l.product_key = ${productKey}::uuid`,
  )
