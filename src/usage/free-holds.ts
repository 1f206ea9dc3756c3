import type { WhenArchived } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import { hold } from '../governance/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import {
  expireReservations,
  freeTotals,
  holdOf,
  lockHeads,
  type Reservation,
  releaseReservations,
} from '../metering/index.ts'
import type { Call } from '../operation.ts'

/** Takes what has ended out of all that still holds it. The customers' heads must be locked. */
export async function freeHolds(
  tx: Tx,
  scope: Scope,
  ended: readonly Reservation[],
): Promise<void> {
  const postings = ended.flatMap(({ customerKey, amount, attribution }) =>
    (attribution?.postings ?? []).map((posting) => ({
      ...posting,
      delta: -amount,
      scope,
      customerKey,
    })),
  )
  await Promise.all([freeTotals(tx, ended.map(holdOf)), hold(tx, postings)])
}

/** For the port of customers: who is archived holds nothing. */
export const releaseWhenArchived: WhenArchived = async (tx, { scope, now }, customer) => {
  if (customer.archivedAt === null) return
  const [, expired, released] = await Promise.all([
    lockHeads(tx, scope, { customerKeys: [customer.key], now }),
    expireReservations(tx, [customer.key]),
    releaseReservations(tx, customer.key, now),
  ])
  await freeHolds(tx, scope, [...expired, ...released])
}

/** Notes what has expired of a customer; answers at once, and needs not succeed. */
export type NoteExpired = (call: Call, customerKey: Uuid) => void

/**
 * Whoever only reads leaves out one by one what has expired and is not noted. What one of them has
 * found is noted for those who come after; a decision notes it by itself.
 */
export function createNoteExpired(): NoteExpired {
  const underway = new Set<Uuid>()
  return ({ app, scope }, customerKey) => {
    if (underway.has(customerKey)) return
    underway.add(customerKey)
    const work = async (tx: Tx) => {
      const customerKeys = [customerKey]
      const [, expired] = await Promise.all([
        lockHeads(tx, scope, { customerKeys, now: app.clock.now() }),
        expireReservations(tx, customerKeys),
      ])
      await freeHolds(tx, scope, expired)
    }
    app.db
      .transaction(work)
      .catch((error) => app.log.warn({ err: error }, 'expired reservations were not noted'))
      .finally(() => underway.delete(customerKey))
  }
}
