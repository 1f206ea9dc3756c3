import type { Tx } from '../db/index.ts'
import type { EventType } from '../events/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { duplicated } from '../kernel/errors.ts'
import { refuseOutdated } from '../kernel/etag.ts'
import { inBody } from '../kernel/field.ts'
import type { Call } from '../operation.ts'
import {
  archived,
  changeCustomer,
  newCustomer,
  refuseUnknownCoupon,
  unarchived,
} from './change-customer.ts'
import type { ArchiveHook } from './customer-change.ts'
import { activeChange, changeLocked, newLinks, requireLinked, save } from './customer-change.ts'
import { KIND } from './customer-store.ts'
import { claimIds } from './directory-store.ts'
import { linkField, refuseRepeatedLinks } from './put-links.ts'
import type { Customer, CustomerInput } from './types.ts'
import { customerToWire } from './wire.ts'

/**
 * Creates a customer. 409 if the id is taken, also by an archived customer; 404 `CouponNotFound`;
 * 400 and 404 as `requireIntegrations`, `putLinks` and `mirrorBillingId`.
 */
export async function provisionCustomer(
  call: Call,
  customerId: string,
  input: CustomerInput,
): Promise<Customer> {
  const { app, scope } = call
  refuseUnknownCoupon(input)
  const stated = input.links ?? []
  refuseRepeatedLinks(stated)
  const work = async (tx: Tx) => {
    const now = app.clock.now()
    const blank = newCustomer(customerId, { key: app.ids.next(now), now })
    const links = newLinks(call, stated, now)
    const after = changeCustomer(blank, input, { links, now })
    const [claimed] = await Promise.all([
      claimIds(tx, scope, { kind: KIND, claims: [{ id: customerId, customerKey: after.key }] }),
      requireLinked(tx, { ...call, now }, stated, linkField),
    ])
    if (claimed === 0) throw duplicated(inBody('id'), `id: customer ${customerId} already exists`)
    const created = { before: blank, after, event: 'customer.created', isNew: true } as const
    await save(tx, { ...call, now }, [created])
    return after
  }
  return app.db.transaction(work)
}

/**
 * Changes the fields that are sent and keeps the others. 404 `CustomerNotFound`; 400
 * `EntityIsArchivedError`; otherwise as `provisionCustomer`.
 */
export const updateCustomer = activeChange(
  async ({ tx, call, before, now }, input: CustomerInput) => {
    refuseUnknownCoupon(input)
    const stated = input.links ?? []
    refuseRepeatedLinks(stated)
    await requireLinked(tx, { ...call, now }, stated, linkField)
    const links = newLinks(call, stated, now)
    return { after: changeCustomer(before, input, { links, now }), event: 'customer.updated' }
  },
)

const archival =
  (change: (before: Customer, now: Instant) => Customer, event: EventType) =>
  async (call: Call, customerId: string, then: readonly ArchiveHook[]): Promise<Customer> => {
    const decide = async (_: Tx, before: Customer, now: Instant) => {
      refuseOutdated(call, () => customerToWire(before))
      return { after: change(before, now), event }
    }
    return (await changeLocked(call, customerId, decide, then)).after
  }

/** Archives a customer. An archived customer stays as it is. 404 `CustomerNotFound`. */
export const archiveCustomer = archival(archived, 'customer.deleted')

/** Unarchives a customer. One that is not archived stays as it is. 404 `CustomerNotFound`. */
export const unarchiveCustomer = archival(unarchived, 'customer.updated')
