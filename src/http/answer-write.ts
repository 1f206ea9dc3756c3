import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Call } from '../operation.ts'
import { type RequestInput, tellsAnswer } from './answer-of-changes.ts'
import { answerRetry } from './answer-retry.ts'
import { JSON_TYPE } from './content-types.ts'
import type { Operation } from './contract.ts'
import { REPLAYED, type Success } from './idempotency-key.ts'
import type { UndeliveredAnswer } from './undelivered.ts'
import type { UnderWay } from './under-way.ts'

/** A write that has no name of its own, and the work behind it. */
export type UnkeyedWrite = {
  undelivered: UndeliveredAnswer
  underWay: UnderWay
  operation: Operation
  call: Call
  /** The same for the same request by the same caller. */
  name: string
  stated: RequestInput
  work: () => Promise<Success>
}

/**
 * Answers a write; one that is sent again as its original was, if that is known to be done. What an
 * operation has announced tells that, and whether it was overtaken since. Where it announces
 * nothing, it is told by the loss of an answer alone.
 */
export async function answerUnnamed(
  request: FastifyRequest,
  reply: FastifyReply,
  write: UnkeyedWrite,
): Promise<unknown> {
  const { name, operation, work } = write
  const isRetry = isSentAgain(request)
  if (tellsAnswer(operation.primaryId)) {
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

/** The official SDKs count the times that they have sent a request again. */
const isSentAgain = ({ headers }: FastifyRequest): boolean =>
  /^[1-9]\d*$/.test(String(headers['x-stainless-retry-count'] ?? ''))

/**
 * Whether all that is asked for has names: a reservation, or a key of its own, or a list of things
 * that each have one. Then a repetition is known for much longer, and by any server.
 */
export function isNamed({ path }: Operation, body: unknown): boolean {
  if (path.includes('{reservationId}') || hasKey(body)) return true
  const [list, ...others] = Object.values(Object(body))
  return others.length === 0 && Array.isArray(list) && list.length > 0 && list.every(hasKey)
}

const hasKey = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'idempotencyKey' in value
