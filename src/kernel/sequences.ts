import { ApiError } from './errors.ts'
import { inHeader } from './field.ts'

/** The header with which a caller sends back the token of a state that it has seen. */
export const AT_LEAST = 'Bursar-At-Least'

/**
 * How many changes a state includes: of the customer, and of what the customers of its environment
 * share. 0 before the first one. Within one database, of two states of a customer none is older
 * than the other in one of the two and newer in the other.
 */
export type Sequences = { readonly customer: number; readonly environment: number }

/** Returns whether a state is at least as new as another state of the same customer. */
export const reaches = (found: Sequences, wanted: Sequences): boolean =>
  found.customer >= wanted.customer && found.environment >= wanted.environment

/**
 * 503 for a caller that has seen a newer state than the database has. The header keeps the official
 * SDKs from sending the same request twice more, because waiting does not help.
 */
export const stateNotFound = (): ApiError =>
  new ApiError(
    503,
    null,
    'the database does not have the state of Bursar-At-Least: an older copy has replaced it. ' +
      'Leave the header out to accept the state of the copy',
    { field: inHeader(AT_LEAST), headers: { 'x-should-retry': 'false' } },
  )
