import { findOwner } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import { within } from '../db/index.ts'
import { ApiError, badInput } from '../kernel/errors.ts'
import { type Field, inBody } from '../kernel/field.ts'
import type { Metadata } from '../kernel/metadata.ts'
import { updateSubscription } from './commands.ts'
import { findSubscription } from './line-store.ts'
import { loadNames } from './names-store.ts'
import { provision, type SubscriptionCall } from './provision.ts'
import type { BillingPeriod } from './types.ts'

/** A subscription as another system knows it. Absent fields were not sent. */
export type ImportRow = {
  id: string
  customerId: string
  planId: string
  /** null: for none. */
  resourceId: string | null
  startsAt?: number | undefined
  endingAt?: number | null | undefined
  billingPeriod?: BillingPeriod | undefined
  addons?: readonly { id: string; quantity: number }[] | undefined
  billingId?: string | null | undefined
  metadata?: Metadata | undefined
}

/**
 * Imports a row: creates the subscription, without a trial, or changes the one with the id. 400
 * `FailedToImportSubscriptions` with the reason.
 */
export async function importRow(
  tx: Tx,
  call: SubscriptionCall,
  { row, index }: { row: ImportRow; index: number },
): Promise<void> {
  const field = inBody('subscriptions', index).of(row.id)
  const inside = { ...call, app: { ...call.app, db: within(tx) } }
  try {
    const owner = await findOwner(tx, call.scope, { kind: 'subscription', id: row.id })
    if (owner === null) await create(inside, row)
    else {
      await refuseOtherPlace(tx, owner, row)
      await update(inside, row)
    }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error
    throw refusal(field, error.message)
  }
}

const refusal = (field: Field | null, message: string): ApiError =>
  badInput(field, field === null ? message : `${field}: ${message}`, 'FailedToImportSubscriptions')

async function create(call: SubscriptionCall, row: ImportRow): Promise<void> {
  const { id, customerId, planId, resourceId, billingPeriod, addons, metadata } = row
  const { subscription } = await provision(call, {
    ...{ id, customerId, planId, resourceId, billingPeriod, addons, metadata },
    startsAt: row.startsAt ?? null,
    endingAt: row.endingAt ?? null,
    billingId: row.billingId || null,
    ...{ overrides: undefined, cancellationAt: null, anchor: null, strategy: 'IMMEDIATE' },
    trial: { isTrial: false, endsAt: null, endBehavior: null },
    ...{ payingCustomerId: null, salesforceId: null },
  })
  if (subscription.id !== id)
    throw refusal(null, `the customer has the plan already, in the subscription ${subscription.id}`)
}

/** A row without such a field leaves it as it is. */
async function update(call: SubscriptionCall, row: ImportRow): Promise<void> {
  const { id, billingPeriod, addons, metadata, endingAt, billingId } = row
  await updateSubscription(call, id, {
    ...{ addons, metadata, billingPeriod, endingAt, overrides: undefined },
    ...{ anchor: null, strategy: 'IMMEDIATE', trialEndsAt: undefined, cancellationAt: undefined },
    ...{ billingId: billingId === '' ? null : billingId, salesforceId: undefined },
  })
}

/** The customer, the plan and the resource of a subscription do not change by an import. */
async function refuseOtherPlace(tx: Tx, customerKey: string, row: ImportRow): Promise<void> {
  const found = await findSubscription(tx, customerKey, row.id)
  if (found === null) throw refusal(null, 'the id belongs to a subscription that is to come')
  const { subscription } = found
  const { facts, packageIds } = await loadNames(tx, [{ customerKey, subscription }])
  const named = facts.get(subscription.key)
  const places = [
    ['customerId', named?.customerId, row.customerId],
    ['planId', packageIds.get(subscription.planKey), row.planId],
    ['resourceId', named?.resourceId, row.resourceId],
  ] as const
  for (const [name, present, asked] of places)
    if (present !== asked)
      throw refusal(null, `${name}: the subscription has another one, ${present ?? 'none'}`)
}
