import { findOriginal, type RequestChanges } from '../events/index.ts'
import { ApiError, NewerObject } from '../kernel/errors.ts'
import type { Call } from '../operation.ts'
import { answerOfChanges, type RequestInput } from './answer-of-changes.ts'
import type { Operation } from './api-document.ts'
import { REPLAYED, type Success } from './idempotency-key.ts'
import { withEtag } from './if-match.ts'

/** A retry of an operation that publishes events. */
export type RetryRequest = { operation: Operation; call: Call; stated: RequestInput }

/**
 * Responds to a retry as to its original, if any server has executed the original. Otherwise
 * executes the retry. If an object of the original was changed since, the request may also be a new
 * one with the same content. Then it is executed, and gets the response of the original only if it
 * is refused. Operations that cannot be undone refuse to be executed on a newer object.
 */
export async function answerRetry(
  { operation, call, stated }: RetryRequest,
  work: () => Promise<Success>,
): Promise<Success> {
  const answerOf = (done: RequestChanges | null): Success | null => {
    const data = answerOfChanges(operation.primaryId, done?.changes ?? [], stated)
    return done === null || data === null
      ? null
      : withEtag(operation, {
          status: operation.successStatus,
          headers: REPLAYED,
          body: { data },
        })
  }
  const before = await findOriginal(call.app.db.read, call)
  const original = answerOf(before)
  if (original !== null && before?.isOvertaken === false) return original
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ApiError) || !isExplained(error)) throw error
    // The original may have been running on another server until now.
    const found = original ?? answerOf(await findOriginal(call.app.db.read, call))
    if (found === null) throw error
    return found
  }
}

const isExplained = (error: ApiError): boolean =>
  EXPLAINED.includes(error.status) && !(error instanceof NewerObject)

/**
 * The statuses with which a repetition is refused because its original has already taken effect: it
 * creates or removes the same object, changes it with an outdated `If-Match`, or uses a sign-in
 * code again.
 */
const EXPLAINED: readonly number[] = [400, 401, 404, 409, 412]
