import type { Tx } from '../db/index.ts'
import { type Event, type EventType, publish } from '../events/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { refuseOutdated } from '../kernel/etag.ts'
import type { Field } from '../kernel/field.ts'
import type { Call } from '../operation.ts'
import { saveCustomers } from './customer-store.ts'
import { lockAndFind, refuseArchived } from './find-customer.ts'
import { type OwnedLink, removeLinks, saveLinks } from './link-store.ts'
import { requireIntegrations } from './require-integrations.ts'
import { raiseSequence } from './sequence-store.ts'
import type { Customer, Link, LinkInput } from './types.ts'
import { customerToWire } from './wire.ts'

/** The result of a command, and the event to publish if the customer differs. */
export type CustomerChange = { after: Customer; event: EventType }
export type CustomerDiff = { before: Customer; after: Customer }
/** A customer to write. If it is new, `before` is a blank customer that never existed. */
export type Change = CustomerDiff & { event: EventType; isNew?: true }

/**
 * Work of another module when a customer is archived or unarchived. It runs in the same
 * transaction, after the change was written.
 */
export type ArchiveHook = (
  tx: Tx,
  call: Call & { now: Instant },
  customer: Customer,
) => Promise<void>

/**
 * Loads and locks a customer, lets `decide` change it, and saves the difference. The hooks `then`
 * run after that, and only if something differs. 404 `CustomerNotFound`.
 */
export async function changeLocked(
  call: Call,
  customerId: string,
  decide: (tx: Tx, before: Customer, now: Instant) => Promise<CustomerChange>,
  then: readonly ArchiveHook[] = [],
): Promise<CustomerDiff> {
  const { app, scope } = call
  const work = async (tx: Tx) => {
    const before = await lockAndFind(tx, scope, customerId)
    const now = app.clock.now()
    const { after, event } = await decide(tx, before, now)
    if (after === before) return { before, after }
    await save(tx, { ...call, now }, [{ before, after, event }])
    for (const each of then) await each(tx, { ...call, now }, after)
    return { before, after }
  }
  return app.db.transaction(work)
}

/** An active customer whose own fields change. */
type ActiveCustomer = { tx: Tx; call: Call; before: Customer; now: Instant }

/**
 * Returns a command that changes a customer's own fields, like `changeLocked`, and returns the
 * customer after that. Refuses outdated writes as `refuseOutdated` does, and archived customers
 * with 400 `EntityIsArchivedError`.
 */
export const activeChange =
  <Input>(decide: (customer: ActiveCustomer, input: Input) => Promise<CustomerChange>) =>
  async (call: Call, customerId: string, input: Input): Promise<Customer> => {
    const { after } = await changeLocked(call, customerId, async (tx, before, now) => {
      refuseOutdated(call, () => customerToWire(before))
      refuseArchived(before)
      return decide({ tx, call, before, now }, input)
    })
    return after
  }

/** Writes the differences and publishes their events. The number of statements is constant. */
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
    publish(tx, call, changes.map(eventOf)),
    raiseSequence(
      tx,
      call,
      customers.map(({ key }) => key),
    ),
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

const eventOf = ({ before, after, event, isNew }: Change): Event => ({
  type: event,
  customerKey: after.key,
  objectId: after.id,
  before: isNew === true ? null : customerToWire(before),
  after: customerToWire(after),
})

/** Returns the links of a request as new links. */
export const newLinks = ({ app }: Call, stated: readonly LinkInput[], now: Instant): Link[] =>
  stated.map((input) => ({ key: app.ids.next(now), ...input, createdAt: now, updatedAt: now }))

/** Makes sure that the integrations of a request's links exist. As `requireIntegrations`. */
export const requireLinked = (
  tx: Tx,
  call: Call & { now: Instant },
  stated: readonly LinkInput[],
  fieldOf: (index: number) => Field,
): Promise<void> =>
  requireIntegrations(tx, call, {
    integrations: stated.map(({ integrationId, vendor }) => ({ id: integrationId, vendor })),
    fieldOf,
    strict: call.app.config.strictIntegrations,
  })
