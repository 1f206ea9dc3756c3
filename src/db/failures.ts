import { ApiError, unavailable } from '../kernel/errors.ts'

const sqlState = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** Deadlock and serialisation failure: PostgreSQL undid the transaction, the same one may pass. */
export const isRetryable = (error: unknown): boolean => ['40001', '40P01'].includes(sqlState(error))

/** A lock was not had within the time that a transaction waits for one. */
export const isLockTimeout = (error: unknown): boolean => sqlState(error) === '55P03'

/** What a row refers to is not there. */
export const isDangling = (error: unknown): boolean => sqlState(error) === '23503'

/** Node's words for a peer that is not there, and `pg`'s for a connection that went away. */
const UNREACHABLE = [
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
]
const WENT_AWAY = /terminated|Query read timeout|not queryable|Connection ended/i
/** The pool's words when no connection came free in time. */
const BUSY = /timeout exceeded when trying to connect/
/**
 * Connection exceptions (08), too many connections, shutting down, starting up, crash of a sibling,
 * and a session on a standby, or on what has been made read-only: writing may be possible where
 * the next one leads to.
 */
const GONE_STATES = /^(08...|53300|57P0[1-5]|25P03|25006|28P01)$/
/** Cancelled for its time, lock not had in time, no memory, no disk: the state may pass. */
const OVERLOAD_STATES = ['57014', '55P03', '53200', '53100', '40001', '40P01']

/** Whether the database has no connection left, or none for this user or database. */
export const isCrowded = (error: unknown): boolean => sqlState(error) === '53300'

/** Whether a session is on something that cannot be written to. */
export const isReadOnly = (error: unknown): boolean => sqlState(error) === '25006'

/** Whether the connection itself is lost, so that another one has to be made. */
export function isUnreachable(error: unknown): boolean {
  if (UNREACHABLE.includes(sqlState(error)) || GONE_STATES.test(sqlState(error))) return true
  return sqlState(error) === '' && error instanceof Error && WENT_AWAY.test(error.message)
}

const isBusy = (error: unknown): boolean =>
  OVERLOAD_STATES.includes(sqlState(error)) || (error instanceof Error && BUSY.test(error.message))

/**
 * What the caller learns: 503 with `Retry-After` when the database is out of reach or busy, else
 * the error itself. `ended`: what became of the work, as far as that is known.
 */
export function translated(error: unknown, ended = 'nothing was written'): unknown {
  if (error instanceof ApiError) return error
  if (isReadOnly(error)) return because(error, `the database is a standby or read-only; ${ended}`)
  if (isUnreachable(error)) return because(error, `the database is out of reach; ${ended}`)
  if (isBusy(error)) return because(error, `the database is busy; ${ended}`)
  return error
}

function because(cause: unknown, what: string): ApiError {
  const refusal = unavailable(`${what}, try again`)
  refusal.cause = cause
  return refusal
}
