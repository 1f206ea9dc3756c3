import { findPackageNames } from '../catalog/packages/index.ts'
import { cancelFutureUpdates as giveUp } from './cancel-future-updates.ts'
import {
  type CancelInput,
  cancelSubscription as cancel,
  refuseOver,
} from './cancel-subscription.ts'
import {
  changeSubscription,
  type Decision,
  packagesOf,
  type Subject,
} from './change-subscription.ts'
import { newSuccessor, productOf } from './journey.ts'
import { loadPackages } from './load-packages.ts'
import { type MigrationTime, migrateSubscription as migrate } from './migrate-subscription.ts'
import { loadNames, type NamedSubscription } from './names-store.ts'
import type { SubscriptionCall } from './provision.ts'
import { type ContentInput, readAddons, readMetadata, readOverrides } from './read-content.ts'
import { changeBillingId, changeSalesforceId } from './revision-store.ts'
import type { LineChange } from './types.ts'
import { type UpdateInput, updateSubscription as update } from './update-subscription.ts'

export type UpdateRequest = ContentInput &
  Pick<UpdateInput, 'billingPeriod' | 'trialEndsAt' | 'cancellationAt' | 'endingAt'> &
  Pick<UpdateInput, 'strategy' | 'anchor'> & {
    /** undefined: not sent. */
    salesforceId: string | null | undefined
    /** undefined: not sent. */
    billingId: string | null | undefined
  }

/**
 * Changes a subscription, now or later. 404 `SubscriptionNotFound`, `AddonsNotFound`,
 * `FeatureNotFound`; 400 as `readAddons`, `readOverrides`, `readMetadata` and the rule.
 */
export const updateSubscription = (
  call: SubscriptionCall,
  id: string,
  request: UpdateRequest,
): Promise<NamedSubscription> =>
  changeSubscription(call, id, async (subject) => {
    const { tx, call: at, customerKey, stored, before } = subject
    const { now, scope } = at
    refuseOver(before)
    const addonIds = (request.addons ?? []).map((addon) => addon.id)
    const [names, product] = await Promise.all([
      findPackageNames(tx, scope, addonIds),
      productOf(tx, stored.productKey),
    ])
    const keys = names.map(({ key }) => key)
    const packages = await packagesOf(subject, product, keys)
    const { planKey, pins, content } = before
    const input: UpdateInput = {
      ...request,
      units: undefined,
      addons: readAddons(request, names, { planKey, pins, at: now, packages }),
      overrides: await readOverrides(tx, scope, request),
      metadata: readMetadata(content.metadata, request),
      successor: newSuccessor(product, at.app.ids, now),
    }
    const change = update(stored.line, before.key, input, { at: now, packages })
    const { salesforceId, billingId } = request
    if (salesforceId !== undefined)
      await changeSalesforceId(tx, customerKey, { key: before.key, salesforceId })
    if (billingId === undefined) return { change, packages }
    return { packages, ...(await withBillingId(subject, change, billingId)) }
  })

/** Sets the id of a subscription in an outside billing system, which is no part of its state. */
async function withBillingId(
  { tx, call: { now }, customerKey, stored, before }: Subject,
  change: LineChange,
  billingId: string | null,
): Promise<Omit<Decision, 'packages'>> {
  const present = stored.line.subscriptions.map((subscription) => ({ customerKey, subscription }))
  const namesBefore = await loadNames(tx, present)
  if (namesBefore.facts.get(before.key)?.billingId === billingId) return { change }
  await changeBillingId(tx, customerKey, { key: before.key, billingId })
  const shown = { at: now, kind: 'UPDATED', before, after: before } as const
  const transitions = change.transitions.length === 0 ? [shown] : change.transitions
  return { change: { ...change, transitions }, namesBefore }
}

/** Cancels a subscription, now or later. 404 `SubscriptionNotFound`; 400 as the rule. */
export const cancelSubscription = (
  call: SubscriptionCall,
  id: string,
  input: CancelInput,
): Promise<NamedSubscription> =>
  changeSubscription(call, id, async (subject) => {
    const { tx, call: at, stored, before } = subject
    const product = await productOf(tx, stored.productKey)
    const packages = await packagesOf(subject, product, [])
    const { cancellationTime } = product.settings
    const journey = { cancellationTime, successor: newSuccessor(product, at.app.ids, at.now) }
    const moment = { at: at.now, packages }
    return { change: cancel(stored.line, before.key, { input, journey }, moment), packages }
  })

/**
 * Gives up what is scheduled for a subscription, or what waits for a payment. 404
 * `SubscriptionNotFound`, `FutureUpdateNotFound`.
 */
export const cancelFutureUpdates = (
  call: SubscriptionCall,
  id: string,
  kind: 'SCHEDULED' | 'PENDING_PAYMENT',
): Promise<NamedSubscription> =>
  changeSubscription(call, id, async ({ tx, call: { now }, stored, before }) => {
    const packages = await loadPackages(tx, [stored.line], { keys: [], now })
    return { change: giveUp(stored.line, before.key, { kind, at: now }), packages }
  })

/** Moves a subscription to the newest versions, now or later. 404 and 400 as the rule. */
export const migrateSubscription = (
  call: SubscriptionCall,
  id: string,
  time: MigrationTime,
): Promise<NamedSubscription> =>
  changeSubscription(call, id, async ({ tx, call: { now }, stored, before }) => {
    const packages = await loadPackages(tx, [stored.line], { keys: [before.planKey], now })
    return { change: migrate(stored.line, before.key, time, { at: now, packages }), packages }
  })
