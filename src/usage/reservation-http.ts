import { pageRequest } from '../kernel/page.ts'
import type { Handlers } from '../operation.ts'
import { createMemory } from './memory.ts'
import { listReservations, retrieveReservation } from './reservation-queries.ts'
import { reservationToWire } from './reservation-wire.ts'

type Reservations =
  | 'v1.customers.consume'
  | 'v1.customers.reservations.create'
  | 'v1.customers.reservations.commit'
  | 'v1.customers.reservations.extend'
  | 'v1.customers.reservations.release'
  | 'v1.customers.reservations.list'
  | 'v1.customers.reservations.retrieve'

/** Ids of features and resources that are remembered. */
const IDS = 10_000

export function reservationHandlers(): Handlers<Reservations> {
  const ids = createMemory<string>(IDS)
  const later = async (): Promise<never> => {
    throw new Error('not yet')
  }
  return {
    'v1.customers.consume': later,
    'v1.customers.reservations.create': later,
    'v1.customers.reservations.commit': later,
    'v1.customers.reservations.extend': later,
    'v1.customers.reservations.release': later,
    'v1.customers.reservations.list': async ({ params, query }, call) => {
      const { data, pagination } = await listReservations(
        call,
        { customerId: params.id, statuses: query.status ?? null, page: pageRequest(query) },
        ids,
      )
      return { data: data.map((each) => reservationToWire(each, params.id)), pagination }
    },
    'v1.customers.reservations.retrieve': async ({ params }, call) => {
      const named = { customerId: params.id, id: params.reservationId }
      return { data: reservationToWire(await retrieveReservation(call, named, ids), params.id) }
    },
  }
}
