import { unavailable } from '../kernel/errors.ts'
import { createKeyedMutex } from '../kernel/keyed-mutex.ts'
import type { Scope } from '../kernel/scope.ts'
import type { RequestInput } from './answer-of-changes.ts'
import type { Operation } from './api-document.ts'

/** Runs work alone among the writes with the same key. Call it without a connection. */
export type Serialize = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Returns the same key for requests that must not run at the same time in this process. Null if the
 * request can run at any time.
 */
export function serializationKeyOf(
  { serializedBy }: Pick<Operation, 'serializedBy'>,
  { environmentKey }: Scope,
  { params, body }: RequestInput,
): string | null {
  if (serializedBy === null || serializedBy === 'engine') return null
  if (serializedBy === 'subscription' || serializedBy === 'task')
    return `${environmentKey} ${serializedBy} ${params.id ?? ''}`
  if (serializedBy !== 'customer') return `${environmentKey} ${serializedBy}`
  const { id, customerId = id } = Object(body) as { id?: string; customerId?: string }
  return `${environmentKey} customer ${params.id ?? customerId}`
}

/** One mutex for the writes of all operations. 503 if the queue of a key is full. */
export function createSerializer(): (key: string | null) => Serialize {
  const exclusively = createKeyedMutex({
    refusal: () => unavailable('too many writes to one customer or environment are waiting'),
  })
  return (key) => (work) => (key === null ? work() : exclusively(key, work))
}
