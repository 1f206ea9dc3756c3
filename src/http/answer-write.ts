import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Call } from '../operation.ts'
import { isAnswerKnown, type RequestInput } from './answer-of-changes.ts'
import { answerRetry } from './answer-retry.ts'
import type { Operation } from './api-document.ts'
import { JSON_TYPE } from './content-types.ts'
import { REPLAYED, type Success } from './idempotency-key.ts'
import type { RequestOrder } from './running-requests.ts'
import type { UndeliveredAnswer } from './undelivered.ts'

/** A write without `Idempotency-Key`, and its work. */
export type UnkeyedWrite = {
  undelivered: UndeliveredAnswer
  underWay: RequestOrder
  operation: Operation
  call: Call
  /** Equal for equal requests of the same caller. */
  name: string
  stated: RequestInput
  work: () => Promise<Success>
}

/**
 * Executes a write. If it is a retry and its original was executed, responds as to the original
 * instead. The events of the original show whether it was executed, and whether its objects have
 * changed since. If the operation publishes no events, only a cached response that may not have
 * arrived shows that the original was executed.
 */
export async function answerUnnamed(
  request: FastifyRequest,
  reply: FastifyReply,
  write: UnkeyedWrite,
): Promise<unknown> {
  const { name, operation, call, work } = write
  const isRetry = call.isRetry === true
  if (isAnswerKnown(operation.primaryId)) {
    const { status, headers, body } = await write.underWay({ name, isRetry }, () =>
      isRetry ? answerRetry(write, work) : work(),
    )
    reply.code(status).headers(headers)
    return body
  }
  const asked = { name, isRetry, request: request.raw, response: reply.raw }
  const { isReplay, ...given } = await write.undelivered(asked, async () => {
    const { body, ...answer } = await work()
    return { ...answer, body: JSON.stringify(body) }
  })
  reply.code(given.status).headers(given.headers).type(JSON_TYPE)
  if (isReplay) reply.headers(REPLAYED)
  return given.body
}

/** The official SDKs send the number of the retry. */
export const isSentAgain = ({ headers }: FastifyRequest): boolean =>
  /^[1-9]\d*$/.test(String(headers['x-stainless-retry-count'] ?? ''))

/**
 * Returns whether repetitions are recognised without this module: the request names a reservation,
 * has a deduplication key, or is a list of items that each have one. Any server recognises such
 * repetitions, and for much longer.
 */
export function isNamed({ path }: Operation, body: unknown): boolean {
  if (path.includes('{reservationId}') || hasKey(body)) return true
  const [list, ...others] = Object.values(Object(body))
  return others.length === 0 && Array.isArray(list) && list.length > 0 && list.every(hasKey)
}

const hasKey = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'idempotencyKey' in value
