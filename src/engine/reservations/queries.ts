import { findInstant, requireCustomer } from '../../customers/index.ts'
import { readPage } from '../../db/index.ts'
import { ApiError } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Page, PageRequest } from '../../kernel/page.ts'
import type { Reservation } from '../../metering/index.ts'
import {
  findReservations,
  listReservations as list,
  reservationAt,
  reservationExists,
} from '../../metering/reservations/index.ts'
import type { Call } from '../../operation.ts'
import type { Cache } from '../cache/index.ts'
import { type NamedReservation, nameReservations } from './name-reservations.ts'

export const unknownReservation = (id: string): ApiError =>
  new ApiError(404, null, `the customer has no reservation ${id}`)

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** The key in an id of a path. 404 for what can be none. */
export function reservationKey(id: string): Uuid {
  if (!UUID.test(id)) throw unknownReservation(id)
  return id.toLowerCase()
}

/** A reservation as it is now. 404 `CustomerNotFound`, and 404 without a code. */
export async function retrieveReservation(
  { app, scope }: Call,
  { customerId, id }: { customerId: string; id: string },
  ids: Cache<string>,
): Promise<NamedReservation> {
  const { read } = app.db
  const customerKey = await requireCustomer(read, scope, customerId)
  const found = await findReservations(read, [{ customerKey, key: reservationKey(id) }])
  const now = await findInstant(read, customerKey, app.clock.now())
  const [named] = await nameReservations(read, asOf(found, now), ids)
  if (named === undefined) throw unknownReservation(id)
  return named
}

/** A customer's reservations as they are now, newest first. 404 `CustomerNotFound`. */
export async function listReservations(
  { app, scope }: Call,
  query: {
    customerId: string
    statuses: readonly Reservation['status'][] | null
    page: PageRequest
  },
  ids: Cache<string>,
): Promise<Page<NamedReservation>> {
  const { read } = app.db
  const customerKey = await requireCustomer(read, scope, query.customerId)
  const now = await findInstant(read, customerKey, app.clock.now())
  const filter = { ...query, now }
  return readPage(query.page, {
    rows: async () => {
      const { rows, hasMore } = await list(read, customerKey, filter)
      return { rows: await nameReservations(read, asOf(rows, now), ids), hasMore }
    },
    exists: (cursor) => reservationExists(read, customerKey, cursor),
  })
}

const asOf = (reservations: readonly Reservation[], now: number): Reservation[] =>
  reservations.map((reservation) => reservationAt(reservation, now))
