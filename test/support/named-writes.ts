/**
 * Operations whose repetitions are recognised by deduplication keys, or by the reservation that
 * they change. They publish no events.
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
