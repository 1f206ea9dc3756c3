import { holdCatalog } from '../catalog/index.ts'
import { findPackageNames } from '../catalog/packages/index.ts'
import type { Product } from '../catalog/products/index.ts'
import { findOwner, lockCustomerByKey } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { notFound } from '../kernel/errors.ts'
import { refuseOutdated } from '../kernel/etag.ts'
import { inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import { announce, concludeChange } from './announce.ts'
import { cancelFutureUpdates as giveUp } from './cancel-future-updates.ts'
import {
  type CancelInput,
  cancelSubscription as cancel,
  refuseOver,
} from './cancel-subscription.ts'
import { emptyLine, inTurn, subscriptionOf } from './change-line.ts'
import { downgradePlanOf, newSuccessor, productOf } from './journey.ts'
import { findSubscription, type StoredLine } from './line-store.ts'
import { loadPackages } from './load-packages.ts'
import { loadNames, type OwnedSubscription } from './names-store.ts'
import type { SubscriptionCall } from './provision.ts'
import { type ContentInput, readAddons, readMetadata, readOverrides } from './read-content.ts'
import { changeSalesforceId } from './revision-store.ts'
import { saveChange, scheduleSettlement } from './save-change.ts'
import { type SettledCustomer, settleCustomer, settled } from './settle-lines.ts'
import type { LineChange, Packages, Subscription } from './types.ts'
import { type UpdateInput, updateSubscription as update } from './update-subscription.ts'
import { subscriptionToWire } from './wire.ts'

export const unknownSubscription = (id: string) =>
  notFound(inPath('id'), 'SubscriptionNotFound', `subscription ${id} not found`)

/** A subscription that is about to change, with its line settled. */
type Subject = {
  tx: Tx
  call: SubscriptionCall & { now: Instant }
  customerKey: Uuid
  stored: StoredLine
  before: Subscription
}

/** How a request changes a line, and the packages that the line can meet then. */
type Decision = { change: LineChange; packages: Packages }

/**
 * Changes a subscription and returns it. 404 `SubscriptionNotFound`; 412 as `refuseOutdated`; and
 * what `decide` throws.
 */
const changeSubscription = (
  call: SubscriptionCall,
  id: string,
  decide: (subject: Subject) => Promise<Decision>,
): Promise<OwnedSubscription> =>
  call.app.db.transaction(async (tx) => {
    const { app, scope } = call
    await holdCatalog(tx, scope)
    const customerKey = await findOwner(tx, scope, { kind: 'subscription', id })
    if (customerKey === null) throw unknownSubscription(id)
    await lockCustomerByKey(tx, customerKey)
    const customer = await settleCustomer(tx, { ...call, now: app.clock.now() }, customerKey)
    const at = { ...call, now: customer.now }
    const { stored, before } = await subjectOf(tx, customer, id)
    if (call.ifMatch) {
      const names = await loadNames(tx, [{ customerKey, subscription: before }])
      refuseOutdated(call, () => subscriptionToWire(before, names))
    }
    const { change: made, packages } = await decide({ tx, call: at, customerKey, stored, before })
    const change = inTurn(made, (line) => settled(line, at.now, packages))
    if (made.transitions.length > 0) {
      const saved = await saveChange(tx, at, { customerKey, stored, change })
      await scheduleSettlement(tx, at, customerKey, saved)
      await announce(tx, at, { customerKey, transitions: change.transitions, packages })
    }
    const transitions = [...customer.transitions, ...change.transitions]
    await concludeChange(tx, at, { customerKey, transitions }, call.publishEntitlements)
    return { customerKey, subscription: subscriptionOf(change.line, before.key) }
  })

/** A subscription that has ended is alone in its line: no rule changes it. */
async function subjectOf(
  tx: Tx,
  { customerKey, lines, now }: SettledCustomer,
  id: string,
): Promise<Pick<Subject, 'stored' | 'before'>> {
  for (const stored of lines) {
    const before = stored.line.subscriptions.find((each) => each.id === id)
    if (before !== undefined) return { stored, before }
  }
  const ended = await findSubscription(tx, customerKey, id)
  if (ended === null) throw unknownSubscription(id)
  const { subscription: before, lineKey: key, productKey, resourceKey } = ended
  const line = { ...emptyLine(now), subscriptions: [before] }
  return { stored: { key, productKey, resourceKey, line, revisions: new Map() }, before }
}

export type UpdateRequest = ContentInput &
  Pick<UpdateInput, 'billingPeriod' | 'trialEndsAt' | 'cancellationAt' | 'strategy' | 'anchor'> & {
    /** undefined: not sent. */
    salesforceId: string | null | undefined
  }

/**
 * Changes a subscription, now or later. 404 `SubscriptionNotFound`, `AddonsNotFound`,
 * `FeatureNotFound`; 400 as `readAddons`, `readOverrides`, `readMetadata` and the rule.
 */
export const updateSubscription = (
  call: SubscriptionCall,
  id: string,
  request: UpdateRequest,
): Promise<OwnedSubscription> =>
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
    const { salesforceId } = request
    if (salesforceId !== undefined)
      await changeSalesforceId(tx, customerKey, { key: before.key, salesforceId })
    return { change, packages }
  })

/** Returns the packages that the line of a subject can meet, and others by their keys. */
const packagesOf = (
  { tx, call, stored }: Subject,
  product: Product,
  keys: readonly Uuid[],
): Promise<Packages> => {
  const follower = downgradePlanOf(product)
  const all = follower === null ? keys : [...keys, follower]
  return loadPackages(tx, [stored.line], { keys: all, now: call.now })
}

/** Cancels a subscription, now or later. 404 `SubscriptionNotFound`; 400 as the rule. */
export const cancelSubscription = (
  call: SubscriptionCall,
  id: string,
  input: CancelInput,
): Promise<OwnedSubscription> =>
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
): Promise<OwnedSubscription> =>
  changeSubscription(call, id, async ({ tx, call: { now }, stored, before }) => {
    const packages = await loadPackages(tx, [stored.line], { keys: [], now })
    return { change: giveUp(stored.line, before.key, { kind, at: now }), packages }
  })
