import { type ArchiveHook, lockVersions } from '../../customers/index.ts'
import type { Tx } from '../../db/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Reservation } from '../../metering/index.ts'
import {
  findExpired,
  findOpen,
  releaseReservation,
  reservationAt,
  saveReservations,
} from '../../metering/reservations/index.ts'
import type { Call } from '../../operation.ts'
import { PARTICIPANTS } from '../participants/index.ts'

/** Saves reservations that have ended, and frees what they were holding. */
async function saveEnds(tx: Tx, scope: Scope, ended: readonly Reservation[]): Promise<void> {
  await Promise.all([
    saveReservations(tx, scope, ended),
    ...PARTICIPANTS.map((participant) => participant.free(tx, scope, ended)),
  ])
}

/**
 * Records the expiry of the reservations of customers. The versions of the customers must be
 * locked. Returns the customers that had expired reservations. One round trip if there are none.
 */
export async function expireReservations(
  tx: Tx,
  scope: Scope,
  customerKeys: readonly Uuid[],
): Promise<ReadonlySet<Uuid>> {
  const changed = new Set<Uuid>()
  for (;;) {
    const expired = await findExpired(tx, customerKeys)
    if (expired.length === 0) return changed
    for (const { customerKey } of expired) changed.add(customerKey)
    await saveEnds(
      tx,
      scope,
      expired.map((each) => reservationAt(each, each.expiresAt)),
    )
  }
}

async function lockAndExpire(
  tx: Tx,
  { scope, now }: { scope: Scope; now: Instant },
  customerKey: Uuid,
): Promise<void> {
  const customerKeys = [customerKey]
  await Promise.all([
    lockVersions(tx, scope, { customerKeys, now }),
    expireReservations(tx, scope, customerKeys),
  ])
}

/** A hook for `customers`: releases the reservations of a customer that is archived. */
export const releaseWhenArchived: ArchiveHook = async (tx, { scope, now }, customer) => {
  if (customer.archivedAt === null) return
  await lockAndExpire(tx, { scope, now }, customer.key)
  for (;;) {
    const open = await findOpen(tx, customer.key)
    if (open.length === 0) return
    await saveEnds(
      tx,
      scope,
      open.map((each) => releaseReservation(each, now)),
    )
  }
}

/**
 * Records expired reservations of a customer in the background, in its own transaction. Returns at
 * once. Errors have no effect.
 */
export type BackgroundExpiry = (call: Call, customerKey: Uuid) => void

/**
 * As long as the expiry of a reservation is not recorded, each read must subtract its hold. To keep
 * later reads fast, a read that finds such reservations starts a `BackgroundExpiry`. Decisions
 * record expired reservations in their own transaction.
 */
export function createBackgroundExpiry(): BackgroundExpiry {
  const running = new Set<Uuid>()
  return ({ app, scope }, customerKey) => {
    if (running.has(customerKey)) return
    running.add(customerKey)
    app.db
      .transaction((tx) => lockAndExpire(tx, { scope, now: app.clock.now() }, customerKey))
      .catch((error) => app.log.warn({ err: error }, 'the expiry of reservations was not recorded'))
      .finally(() => running.delete(customerKey))
  }
}
