import { isUnreachable } from '../db/index.ts'
import { ApiError } from '../kernel/errors.ts'

type Failure = { code?: unknown; syscall?: unknown; severity?: unknown; errors?: unknown }

/**
 * Returns the message of the system or of PostgreSQL if the error is a failed connection to the
 * database, otherwise null.
 */
export function connectionFailure(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  if (error instanceof ApiError) return connectionFailure(error.cause)
  const { code, syscall, severity, errors } = error as Error & Failure
  // A host name with several addresses fails with one error for each.
  if (Array.isArray(errors)) return connectionFailure(errors[0])
  if (severity === 'FATAL') return error.message
  if (code === 'ENOENT' && syscall !== 'connect') return null
  return isUnreachable(error) ? error.message : null
}
