import { type Done, findDone } from '../events/index.ts'
import { ApiError } from '../kernel/errors.ts'
import type { Call } from '../operation.ts'
import { answerOfChanges, type RequestInput } from './answer-of-changes.ts'
import type { Operation } from './contract.ts'
import { REPLAYED, type Success } from './idempotency-key.ts'
import { RETRIED_MS } from './undelivered.ts'

/** A request that is sent again, of an operation that announces what it does. */
export type RetryRequest = { operation: Operation; call: Call; stated: RequestInput }

/**
 * Answers a request as the original was, if that was done by any server. It is looked for before
 * the work: what the same caller did goes before what a second one would do. If an object of it has
 * been changed since, the two may well be two: then the work decides, and only where it is refused
 * is the original what explains the refusal.
 */
export async function answerRetry(
  { operation, call, stated }: RetryRequest,
  work: () => Promise<Success>,
): Promise<Success> {
  const answerOf = (done: Done | null): Success | null => {
    const data = answerOfChanges(operation.primaryId, done?.changes ?? [], stated)
    return done === null || data === null
      ? null
      : { status: operation.successStatus, headers: REPLAYED, body: { data } }
  }
  const before = await findOriginal(call)
  const original = answerOf(before)
  if (original !== null && before?.isOvertaken === false) return original
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ApiError) || !EXPLAINED.includes(error.status)) throw error
    // The original may have been under way on another server until now.
    const found = original ?? answerOf(await findOriginal(call))
    if (found === null) throw error
    return found
  }
}

/** What a second creation or removal is refused with. */
const EXPLAINED: readonly number[] = [400, 404, 409]

async function findOriginal({ app, scope, origin }: Call): Promise<Done | null> {
  const { requestDigest } = origin
  if (requestDigest === null) return null
  const since = app.clock.now() - RETRIED_MS
  return findDone(app.db.read, scope, { requestDigest, since })
}
