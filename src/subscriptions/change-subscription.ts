import { holdCatalog } from '../catalog/index.ts'
import type { Product } from '../catalog/products/index.ts'
import { findOwner, lockCustomerByKey } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { notFound } from '../kernel/errors.ts'
import { refuseOutdated } from '../kernel/etag.ts'
import { inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import { announce, concludeChange } from './announce.ts'
import { emptyLine, inTurn, subscriptionOf } from './change-line.ts'
import { downgradePlanOf } from './journey.ts'
import { findSubscription, type StoredLine } from './line-store.ts'
import { loadPackages } from './load-packages.ts'
import {
  loadNames,
  type NamedSubscription,
  type Names,
  type OwnedSubscription,
} from './names-store.ts'
import type { SubscriptionCall } from './provision.ts'
import { saveChange, scheduleSettlement } from './save-change.ts'
import { type SettledCustomer, settleCustomer, settled } from './settle-lines.ts'
import type { LineChange, Packages, Subscription } from './types.ts'
import { subscriptionToWire } from './wire.ts'

export const unknownSubscription = (id: string) =>
  notFound(inPath('id'), 'SubscriptionNotFound', `subscription ${id} not found`)

/** A subscription that is about to change, with all lines of its customer settled. */
export type Subject = {
  tx: Tx
  call: SubscriptionCall & { now: Instant }
  customer: SettledCustomer
  customerKey: Uuid
  stored: StoredLine
  before: Subscription
}

/** How a request changes a line, and the packages that the line can meet then. */
export type Decision = {
  change: LineChange
  packages: Packages
  /** What the subscription named before, if the request has changed that in the database. */
  namesBefore?: Names
}

/**
 * Finds a subscription, locks its customer, and lets `work` change it in the same transaction. 404
 * `SubscriptionNotFound`; 412 as `refuseOutdated`; and what `work` throws. The names are read in
 * this transaction: later ones may be newer than the state token of the response.
 */
export const withSubscription = (
  call: SubscriptionCall,
  id: string,
  work: (subject: Subject) => Promise<OwnedSubscription>,
): Promise<NamedSubscription> =>
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
    const changed = await work({ tx, call: at, customer, customerKey, stored, before })
    return { ...changed, names: await loadNames(tx, [changed]) }
  })

/** Changes a subscription. 404 and 412 as `withSubscription`, and what `decide` throws. */
export const changeSubscription = (
  call: SubscriptionCall,
  id: string,
  decide: (subject: Subject) => Promise<Decision>,
): Promise<NamedSubscription> =>
  withSubscription(call, id, async (subject) => {
    const { tx, call: at, customer, customerKey, stored, before } = subject
    const { change: made, packages, ...shown } = await decide(subject)
    const change = inTurn(made, (line) => settled(line, at.now, packages))
    if (made.transitions.length > 0) {
      const saved = await saveChange(tx, at, { customerKey, stored, change })
      await scheduleSettlement(tx, at, customerKey, saved)
      const { transitions } = change
      await announce(tx, at, { customerKey, transitions, packages, ...shown })
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

/** Returns the packages that the line of a subject can meet, and others by their keys. */
export const packagesOf = (
  { tx, call, stored }: Subject,
  product: Product,
  keys: readonly Uuid[],
): Promise<Packages> => {
  const follower = downgradePlanOf(product)
  const all = follower === null ? keys : [...keys, follower]
  return loadPackages(tx, [stored.line], { keys: all, now: call.now })
}
