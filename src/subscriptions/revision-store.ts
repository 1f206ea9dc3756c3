import { rows, rowWriter, sql, type Tx } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Owner } from '../kernel/scope.ts'
import { contentToJson, updatesToJson } from './content-json.ts'
import type { LinePlace } from './line-store.ts'
import type { Member, Revision } from './revisions.ts'

/** Inserts a line, or stores until when it is settled. */
export const saveLine = (
  tx: Tx,
  { scope, customerKey }: Owner,
  { key, productKey, resourceKey, settledAt }: LinePlace & { key: Uuid; settledAt: Instant },
): Promise<number> =>
  tx.execute(sql`
    insert into subscription_lines (customer_key, line_key, environment_key, product_key,
      resource_key, settled_at)
    values (${customerKey}::uuid, ${key}::uuid, ${scope.environmentKey}::uuid,
      ${productKey}::uuid, ${resourceKey}::uuid, ${instantToWire(settledAt)}::timestamptz)
    on conflict (customer_key, line_key) do update set settled_at = excluded.settled_at`)

/** What is stored of a subscription and does not change with time, apart from its plan. */
export type Facts = {
  payingCustomerKey: Uuid | null
  billingId: string | null
  salesforceId: string | null
}

export type NewMember = Member & Facts & { createdAt: Instant }

/** Inserts subscriptions. Those that were scheduled are there already. */
export const addMembers = rowWriter<Owner, NewMember>(
  ({ scope, customerKey }, members) => sql`
    insert into subscriptions (customer_key, subscription_key, environment_key, id, plan_key,
      paying_customer_key, billing_id, salesforce_id, created_at)
    select ${customerKey}::uuid, key, ${scope.environmentKey}::uuid, id, plan_key,
      paying_customer_key, billing_id, salesforce_id, created_at
    from ${rows(members, {
      key: ['uuid', ({ key }) => key],
      id: ['text', ({ id }) => id],
      plan_key: ['uuid', ({ planKey }) => planKey],
      paying_customer_key: ['uuid', ({ payingCustomerKey }) => payingCustomerKey],
      billing_id: ['text', ({ billingId }) => billingId],
      salesforce_id: ['text', ({ salesforceId }) => salesforceId],
      created_at: ['timestamptz', ({ createdAt }) => createdAt],
    })} as member`,
)

/** Stores when subscriptions that had been scheduled were created. */
export const startMembers = rowWriter<Owner, Pick<NewMember, 'key' | 'createdAt'>>(
  ({ customerKey }, members) => sql`
    update subscriptions s set created_at = member.created_at
    from ${rows(members, {
      key: ['uuid', ({ key }) => key],
      created_at: ['timestamptz', ({ createdAt }) => createdAt],
    })} as member
    where s.customer_key = ${customerKey}::uuid and s.subscription_key = member.key`,
)

/** Deletes subscriptions that were scheduled and never created. */
export const removeMembers = (
  tx: Tx,
  { customerKey }: Owner,
  keys: readonly Uuid[],
): Promise<number> =>
  tx.execute(sql`
    delete from subscriptions
    where customer_key = ${customerKey}::uuid and subscription_key = any(${keys}::uuid[])`)

/** Replaces the last revision of each subscription by its next revisions, in their order. */
export async function saveRevisions(
  tx: Tx,
  owner: Owner & { lineKey: Uuid },
  revisions: readonly Revision[],
): Promise<void> {
  if (revisions.length === 0) return
  const keys = revisions.map(({ subscription }) => subscription.key)
  // Sent together, they run in this order.
  await Promise.all([
    tx.execute(sql`
      delete from subscription_revisions
      where customer_key = ${owner.customerKey}::uuid and subscription_key = any(${keys}::uuid[])
        and until is null`),
    insertRevisions(tx, owner, revisions),
  ])
}

const json = (value: object | null | undefined): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value)

/** Inserts revisions. */
export const insertRevisions = rowWriter<Owner & { lineKey: Uuid }, Revision>(
  ({ scope, customerKey, lineKey }, revisions) => sql`
    insert into subscription_revisions (customer_key, subscription_key, revision, environment_key,
      line_key, since, until, status, cancel_reason, pricing_type, starts_at, follows_trial,
      ending_at, ending_successor, cancellation_at, cancellation_successor, closed_at, trial_at,
      trial_end_behavior, trial_successor, first_payment, payment_until, billing_period, anchor,
      period_start, usage_anchor, usage_cutoff, content, pins, updates)
    select ${customerKey}::uuid, subscription_key, revision, ${scope.environmentKey}::uuid,
      ${lineKey}::uuid, since, until, status, cancel_reason, pricing_type, starts_at, follows_trial,
      ending_at, ending_successor, cancellation_at, cancellation_successor, closed_at, trial_at,
      trial_end_behavior, trial_successor, first_payment, payment_until, billing_period, anchor,
      period_start, usage_anchor, usage_cutoff, content, pins, updates
    from ${rows(revisions, {
      subscription_key: ['uuid', ({ subscription }) => subscription.key],
      revision: ['integer', ({ revision }) => revision],
      since: ['timestamptz', ({ since }) => since],
      until: ['timestamptz', ({ until }) => until],
      status: ['text', ({ subscription }) => subscription.status],
      cancel_reason: ['text', ({ subscription }) => subscription.cancelReason],
      pricing_type: ['text', ({ subscription }) => subscription.pricingType],
      starts_at: ['timestamptz', ({ subscription }) => subscription.startsAt],
      follows_trial: ['uuid', ({ subscription }) => subscription.followsTrial],
      ending_at: ['timestamptz', ({ subscription }) => subscription.ending?.at ?? null],
      ending_successor: ['jsonb', ({ subscription }) => json(subscription.ending?.successor)],
      cancellation_at: ['timestamptz', ({ subscription }) => subscription.cancellation?.at ?? null],
      cancellation_successor: [
        'jsonb',
        ({ subscription }) => json(subscription.cancellation?.successor),
      ],
      closed_at: ['timestamptz', ({ subscription }) => subscription.closedAt],
      trial_at: ['timestamptz', ({ subscription }) => subscription.trial?.at ?? null],
      trial_end_behavior: ['text', ({ subscription }) => subscription.trial?.endBehavior ?? null],
      trial_successor: ['jsonb', ({ subscription }) => json(subscription.trial?.successor)],
      first_payment: ['text', ({ subscription }) => subscription.firstPayment],
      payment_until: ['timestamptz', ({ subscription }) => subscription.paymentUntil],
      billing_period: ['text', ({ subscription }) => subscription.billingPeriod],
      anchor: ['timestamptz', ({ subscription }) => subscription.anchor],
      period_start: ['timestamptz', ({ subscription }) => subscription.periodStart],
      usage_anchor: ['timestamptz', ({ subscription }) => subscription.usageAnchor],
      usage_cutoff: ['text', ({ subscription }) => subscription.usageCutoff],
      content: ['jsonb', ({ subscription }) => json(contentToJson(subscription.content))],
      pins: ['jsonb', ({ subscription }) => json(subscription.pins)],
      updates: ['jsonb', ({ subscription }) => json(updatesToJson(subscription.updates))],
    })} as revision`,
)

/** Sets the id of a subscription in Salesforce. */
export const changeSalesforceId = (
  tx: Tx,
  customerKey: Uuid,
  { key, salesforceId }: { key: Uuid; salesforceId: string | null },
): Promise<number> =>
  tx.execute(sql`
    update subscriptions set salesforce_id = ${salesforceId}::text
    where customer_key = ${customerKey}::uuid and subscription_key = ${key}::uuid`)

/** Sets the id of a subscription in an outside billing system. */
export const changeBillingId = (
  tx: Tx,
  customerKey: Uuid,
  { key, billingId }: { key: Uuid; billingId: string | null },
): Promise<number> =>
  tx.execute(sql`
    update subscriptions set billing_id = ${billingId}::text
    where customer_key = ${customerKey}::uuid and subscription_key = ${key}::uuid`)

/** Sets the customer that pays for a subscription. null: its own customer. */
export const changePayer = (
  tx: Tx,
  customerKey: Uuid,
  { key, payingCustomerKey }: { key: Uuid; payingCustomerKey: Uuid | null },
): Promise<number> =>
  tx.execute(sql`
    update subscriptions set paying_customer_key = ${payingCustomerKey}::uuid
    where customer_key = ${customerKey}::uuid and subscription_key = ${key}::uuid`)
