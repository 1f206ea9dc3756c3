import { ApiError, unavailable } from '../kernel/errors.ts'

const sqlState = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** A deadlock or serialization failure. PostgreSQL has rolled back; a retry may succeed. */
export const isRetryable = (error: unknown): boolean => ['40001', '40P01'].includes(sqlState(error))

/** A lock was not available within the lock timeout. */
export const isLockTimeout = (error: unknown): boolean => sqlState(error) === '55P03'

/** A row with this key exists already. */
export const isDuplicate = (error: unknown): boolean => sqlState(error) === '23505'

/** A statement refused to write, by `refuse_stale_state` of the schema. */
export const isStaleState = (error: unknown): boolean => sqlState(error) === 'BU001'

/** The target of a foreign key does not exist. */
export const isDangling = (error: unknown): boolean => sqlState(error) === '23503'

/** Node's error codes for a peer that cannot be reached, and for a lost connection. */
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
/** The messages of `pg` for a lost connection. They have no code. */
const CONNECTION_LOST = /terminated|Query read timeout|not queryable|Connection ended/i
/** The message of the pool when no connection became free in time. */
const BUSY = /timeout exceeded when trying to connect/
/**
 * Connection exceptions (08), too many connections, shutdown, start, the crash of another backend,
 * and a session on a standby or read-only database. In the last case the next session may lead to
 * a database that can be written to.
 */
const GONE_STATES = /^(08...|53300|57P0[1-5]|25P03|25006|28P01)$/
/** Timeout, lock timeout, no memory, no disk space, conflicts. These states may pass. */
const OVERLOAD_STATES = ['57014', '55P03', '53200', '53100', '40001', '40P01']

/** Returns whether the database has no connection left, or none for this user or database. */
export const isOutOfConnections = (error: unknown): boolean => sqlState(error) === '53300'

/** Returns whether the session is on a standby or a read-only database. */
export const isReadOnly = (error: unknown): boolean => sqlState(error) === '25006'

/** Returns whether the connection is lost, so that a new one is needed. */
export function isUnreachable(error: unknown): boolean {
  if (UNREACHABLE.includes(sqlState(error)) || GONE_STATES.test(sqlState(error))) return true
  return sqlState(error) === '' && error instanceof Error && CONNECTION_LOST.test(error.message)
}

const isBusy = (error: unknown): boolean =>
  OVERLOAD_STATES.includes(sqlState(error)) || (error instanceof Error && BUSY.test(error.message))

/**
 * Returns the error for the caller: a 503 with `Retry-After` if the database is unreachable, busy
 * or read-only, otherwise the error itself. `ended` is the part of the message that says what is
 * known about the changes.
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
