import type { App } from '../app.ts'
import type { WhenArchived } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import { hold } from '../governance/index.ts'
import { type Schedule, scheduleAllUnlessNoted, type WorkHandlers } from '../jobs/index.ts'
import type { Scope } from '../kernel/scope.ts'
import {
  expireReservations,
  freeTotals,
  holdOf,
  lockHeads,
  nextExpiry,
  type Reservation,
  releaseReservations,
} from '../metering/index.ts'

/** Takes what has ended out of all that still holds it. The customers' heads must be locked. */
export async function freeHolds(
  tx: Tx,
  scope: Scope,
  ended: readonly Reservation[],
): Promise<void> {
  await Promise.all([
    freeTotals(tx, ended.map(holdOf)),
    hold(
      tx,
      ended.flatMap((reservation) => postingsOf(reservation, scope, -1n)),
    ),
  ])
}

/** What a reservation holds of budgets, so many times. */
export const postingsOf = (
  { customerKey, attribution }: Reservation,
  scope: Scope,
  times: 1n | -1n,
) =>
  (attribution?.postings ?? []).map((posting) => ({
    ...posting,
    delta: times * posting.delta,
    scope,
    customerKey,
  }))

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

const EXPIRE_HOLDS = 'reservations.expire'
/** How long what has expired may wait to be noted, in milliseconds. Nobody counts it meanwhile. */
const NOTED_AFTER_MS = 15_000

/**
 * Sees to it that what expires is noted even if nobody decides anything for its customer: whoever
 * reads has to leave out one by one what is not.
 */
export function scheduleExpiry(
  tx: Tx,
  { app, scope }: { app: App; scope: Scope },
  reservations: readonly Reservation[],
): Promise<number> {
  const open = reservations.filter(({ status }) => status === 'open')
  const byCustomer = new Map(open.map((each) => [each.customerKey, each]))
  const works = [...byCustomer.values()].map(
    ({ customerKey, expiresAt }): Schedule => ({
      scope,
      customerKey,
      kind: EXPIRE_HOLDS,
      subject: 'open',
      dueAt: expiresAt + NOTED_AFTER_MS,
    }),
  )
  return scheduleAllUnlessNoted(tx, app, works)
}

export const holdWork: WorkHandlers = {
  [EXPIRE_HOLDS]: async (tx, { scope, customerKey }, now) => {
    const [, expired] = await Promise.all([
      lockHeads(tx, scope, { customerKeys: [customerKey], now }),
      expireReservations(tx, [customerKey]),
    ])
    await freeHolds(tx, scope, expired)
    const next = await nextExpiry(tx, customerKey)
    return next === null ? null : Math.max(next, now) + NOTED_AFTER_MS
  },
}
