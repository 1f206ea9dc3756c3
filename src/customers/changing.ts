import type { Tx } from '../db/index.ts'
import { type Event, type EventType, publish } from '../events/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Call } from '../operation.ts'
import { saveCustomers } from './customer-store.ts'
import { lockedCustomer } from './find-customer.ts'
import { type OwnedLink, removeLinks, saveLinks } from './link-store.ts'
import { requireIntegrations } from './require-integrations.ts'
import type { Customer, Link, LinkInput } from './types.ts'
import { customerToWire } from './wire.ts'

/** What a command makes of a customer, and what is announced if that differs. */
export type CustomerChange = { after: Customer; event: EventType }
export type CustomerDiff = { before: Customer; after: Customer }
/** A customer to be written; one that is new has a blank `before` that was never there. */
export type Change = CustomerDiff & { event: EventType; isNew?: true }

/**
 * What a module that customers know nothing of does when one is archived or brought back: in the
 * transaction of that, after it was written.
 */
export type ArchiveHook = (
  tx: Tx,
  call: Call & { now: Instant },
  customer: Customer,
) => Promise<void>

/**
 * Loads a customer under its lock, lets `decide` say what becomes of it, and saves what differs;
 * `then` comes after that. 404 `CustomerNotFound`.
 */
export async function changing(
  call: Call,
  customerId: string,
  decide: (tx: Tx, before: Customer, now: Instant) => Promise<CustomerChange>,
  then: readonly ArchiveHook[] = [],
): Promise<CustomerDiff> {
  const { app, scope } = call
  const work = async (tx: Tx) => {
    const before = await lockedCustomer(tx, scope, customerId)
    const now = app.clock.now()
    const { after, event } = await decide(tx, before, now)
    if (after === before) return { before, after }
    await save(tx, { ...call, now }, [{ before, after, event }])
    for (const each of then) await each(tx, { ...call, now }, after)
    return { before, after }
  }
  return app.db.transaction(work)
}

/** Writes what differs from before, and announces it. The number of statements is constant. */
export async function save(
  tx: Tx,
  call: Call & { now: Instant },
  changes: readonly Change[],
): Promise<void> {
  const customers = changes.map(({ after }) => after)
  await Promise.all([
    saveCustomers(tx, call.scope, customers),
    removeLinks(tx, changes.flatMap(removedLinks)),
    saveLinks(tx, call.scope, changes.flatMap(writtenLinks)),
    publish(tx, call, changes.map(announcementOf)),
  ])
}

function removedLinks({ before, after }: CustomerDiff): OwnedLink[] {
  const kept = new Set(after.links.map(({ key }) => key))
  return ownedBy(after, before.links).filter(({ link }) => !kept.has(link.key))
}

function writtenLinks({ before, after }: CustomerDiff): OwnedLink[] {
  const untouched = new Set(before.links)
  return ownedBy(after, after.links).filter(({ link }) => !untouched.has(link))
}

const ownedBy = ({ key }: Customer, links: readonly Link[]): OwnedLink[] =>
  links.map((link) => ({ customerKey: key, link }))

const announcementOf = ({ before, after, event, isNew }: Change): Event => ({
  type: event,
  customerKey: after.key,
  objectId: after.id,
  before: isNew === true ? null : customerToWire(before),
  after: customerToWire(after),
})

/** Links as a request states them, each as it is if it is new. */
export const newLinks = ({ app }: Call, stated: readonly LinkInput[], now: Instant): Link[] =>
  stated.map((input) => ({ key: app.ids.next(now), ...input, createdAt: now, updatedAt: now }))

/** The integrations of links that a request states, which it may be the first to name. */
export const requireLinked = (
  tx: Tx,
  call: Call & { now: Instant },
  stated: readonly LinkInput[],
): Promise<void> =>
  requireIntegrations(tx, call, {
    integrations: stated.map(({ integrationId, vendor }) => ({ id: integrationId, vendor })),
    strict: call.app.config.strictIntegrations,
  })
