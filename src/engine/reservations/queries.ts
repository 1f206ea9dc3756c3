import { findInstant, requireCustomer } from '../../customers/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { type ApiError, notFound } from '../../kernel/errors.ts'
import { inPath } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Page, PageRequest } from '../../kernel/page.ts'
import type { Reservation } from '../../metering/index.ts'
import {
  findReservations,
  listReservations as list,
  reservationAt,
} from '../../metering/reservations/index.ts'
import type { Call } from '../../operation.ts'
import type { Cache } from '../cache/index.ts'
import { addIds, type ReservationWithIds } from './add-ids.ts'

export const unknownReservation = (id: string): ApiError =>
  notFound(inPath('reservationId'), null, `the customer has no reservation ${id}`)

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** Returns the key of a reservation from the id in a path. 404 if the id is no UUID. */
export function reservationKey(id: string): Uuid {
  if (!UUID.test(id)) throw unknownReservation(id)
  return id.toLowerCase()
}

/**
 * Returns a reservation as it is now. 404 `CustomerNotFound`; 404 without a code for an unknown
 * reservation.
 */
export async function retrieveReservation(
  { app, scope }: Call,
  { customerId, id }: { customerId: string; id: string },
  ids: Cache<string>,
): Promise<ReservationWithIds> {
  const { read } = app.db
  const customerKey = await requireCustomer(read, scope, customerId)
  const found = await findReservations(read, [{ customerKey, key: reservationKey(id) }])
  const now = await findInstant(read, customerKey, app.clock.now())
  const [reservation] = await addIds(read, asOf(found, now), ids)
  if (reservation === undefined) throw unknownReservation(id)
  return reservation
}

/** Returns a customer's reservations as they are now, newest first. 404 `CustomerNotFound`. */
export async function listReservations(
  { app, scope }: Call,
  query: {
    customerId: string
    statuses: readonly Reservation['status'][] | null
    page: PageRequest
  },
  ids: Cache<string>,
): Promise<Page<ReservationWithIds>> {
  const { read } = app.db
  const customerKey = await requireCustomer(read, scope, query.customerId)
  const now = await findInstant(read, customerKey, app.clock.now())
  const filter = { ...query, now }
  const { data, pagination } = await list(read, customerKey, filter)
  return { data: await addIds(read, asOf(data, now), ids), pagination }
}

const asOf = (reservations: readonly Reservation[], now: Instant): Reservation[] =>
  reservations.map((reservation) => reservationAt(reservation, now))
