import { hold } from '../../budgets/index.ts'
import { type ArchiveHook, lockVersions } from '../../customers/index.ts'
import type { Tx } from '../../db/index.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Reservation } from '../../metering/index.ts'
import {
  findExpired,
  findOpen,
  freeTotals,
  holdOf,
  releaseReservation,
  reservationAt,
  saveReservations,
} from '../../metering/reservations/index.ts'
import type { Call } from '../../operation.ts'

/** Notes how reservations have ended, and takes them out of all that still holds them. */
async function end(tx: Tx, scope: Scope, ended: readonly Reservation[]): Promise<void> {
  const postings = ended.flatMap(({ customerKey, amount, attribution }) =>
    (attribution?.postings ?? []).map((posting) => ({
      ...posting,
      delta: -amount,
      scope,
      customerKey,
    })),
  )
  await Promise.all([
    saveReservations(tx, scope, ended),
    freeTotals(tx, ended.map(holdOf)),
    hold(tx, postings),
  ])
}

/**
 * Ends what of customers has expired and nobody has noted. Their heads must be locked. One round
 * trip where there is nothing.
 */
export async function freeExpired(
  tx: Tx,
  scope: Scope,
  customerKeys: readonly Uuid[],
): Promise<void> {
  for (;;) {
    const expired = await findExpired(tx, customerKeys)
    if (expired.length === 0) return
    await end(
      tx,
      scope,
      expired.map((each) => reservationAt(each, each.expiresAt)),
    )
  }
}

/** For the port of customers: who is archived holds nothing. */
export const releaseWhenArchived: ArchiveHook = async (tx, { scope, now }, customer) => {
  if (customer.archivedAt === null) return
  const customerKeys = [customer.key]
  await Promise.all([
    lockVersions(tx, scope, { customerKeys, now }),
    freeExpired(tx, scope, customerKeys),
  ])
  for (;;) {
    const open = await findOpen(tx, customer.key)
    if (open.length === 0) return
    await end(
      tx,
      scope,
      open.map((each) => releaseReservation(each, now)),
    )
  }
}

/**
 * Notes what has expired of a customer; answers at once, and needs not succeed. Not for requests
 * that are one transaction: it outlives them.
 */
export type ExpiryNote = (call: Call, customerKey: Uuid) => void

/**
 * Whoever only reads leaves out one by one what has expired and is not noted. What one of them has
 * found is noted for those who come after; a decision notes it by itself.
 */
export function createNoteExpired(): ExpiryNote {
  const underway = new Set<Uuid>()
  return ({ app, scope }, customerKey) => {
    if (underway.has(customerKey)) return
    underway.add(customerKey)
    const work = async (tx: Tx) => {
      const customerKeys = [customerKey]
      await Promise.all([
        lockVersions(tx, scope, { customerKeys, now: app.clock.now() }),
        freeExpired(tx, scope, customerKeys),
      ])
    }
    app.db
      .transaction(work)
      .catch((error) => app.log.warn({ err: error }, 'expired reservations were not noted'))
      .finally(() => underway.delete(customerKey))
  }
}
