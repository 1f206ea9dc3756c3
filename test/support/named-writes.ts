/**
 * Operations whose repetitions are recognised by keys of their own, or by the reservation that they
 * are about. They announce nothing.
 */
export const NAMED_WRITES: ReadonlySet<string> = new Set([
  'v1.usage.report',
  'v1.events.report',
  'v1.customers.consume',
  'v1.customers.reservations.create',
  'v1.customers.reservations.commit',
  'v1.customers.reservations.extend',
  'v1.customers.reservations.release',
])
