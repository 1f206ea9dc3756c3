import { Refusal, unavailable } from '../kernel/errors.ts'

const sqlState = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** Deadlock and serialisation failure: PostgreSQL undid the transaction, the same one may pass. */
export const isRetryable = (error: unknown): boolean => ['40001', '40P01'].includes(sqlState(error))

/** Node's words for a peer that is not there, and `pg`'s for a connection that went away. */
const UNREACHABLE = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
]
const WENT_AWAY =
  /terminated|timeout exceeded when trying to connect|not queryable|Connection ended/i
/** Connection exceptions (08), too many connections, shutting down, starting up, crash of a sibling. */
const GONE_STATES = /^(08...|53300|57P0[1-5])$/
/** Statement cancelled for its time, lock not had in time: the load may pass. */
const OVERLOAD_STATES = ['57014', '55P03', '53200', '53100', '40001', '40P01']

export function isUnreachable(error: unknown): boolean {
  if (UNREACHABLE.includes(sqlState(error)) || GONE_STATES.test(sqlState(error))) return true
  return sqlState(error) === '' && error instanceof Error && WENT_AWAY.test(error.message)
}

/**
 * What the caller learns: 503 with `Retry-After` when the database is out of reach or overloaded,
 * else the error itself. Identity tells the pool that the connection is still good.
 */
export function translated(error: unknown): unknown {
  if (error instanceof Refusal || isRetryable(error)) return error
  if (isUnreachable(error)) return unavailableBecause(error, 'the database is out of reach')
  if (OVERLOAD_STATES.includes(sqlState(error)))
    return unavailableBecause(error, 'the database is overloaded')
  return error
}

function unavailableBecause(cause: unknown, what: string): Refusal {
  const refusal = unavailable(`${what}; nothing was acknowledged, try again`)
  refusal.cause = cause
  return refusal
}
