import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answer, AnswerOnce, AnswerToStore } from '../idempotency/index.ts'
import { ApiError, badInput, errorBody } from '../kernel/errors.ts'
import { inHeader } from '../kernel/field.ts'
import type { Call } from '../operation.ts'
import { JSON_TYPE } from './content-types.ts'
import type { Serialize } from './serialize-writes.ts'
import { withoutSecrets } from './without-secrets.ts'

/** Values that every client and proxy passes on unchanged. */
const KEY = /^[\x21-\x7e]{1,255}$/

/**
 * Returns the `Idempotency-Key` of a request, or null. 400 for an invalid one, also if the header
 * was sent twice.
 */
export function idempotencyKeyOf({ headers }: FastifyRequest): string | null {
  const key = headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key === 'string' && KEY.test(key)) return key
  throw badInput(
    inHeader('Idempotency-Key'),
    'Idempotency-Key must be 1 to 255 visible ASCII characters',
  )
}

/** A request with an `Idempotency-Key`, and its work. */
export type KeyedRequest = {
  once: AnswerOnce
  call: Call
  path: string
  key: string
  content: unknown
  /** The paths of secrets in the response. */
  secrets: readonly string[]
  serialize: Serialize
  work: (call: Call) => Promise<Success>
}

/** The result of an operation, with the status of this success. */
export type Success = { status: number; headers: Answer['headers']; body: unknown }

/** The header of a replayed response. */
export const REPLAYED: Answer['headers'] = { 'idempotency-replayed': 'true' }

/**
 * Executes a request with a key the first time. Later requests with the key get the same bytes
 * without the secrets.
 */
export async function answerKeyed(reply: FastifyReply, keyed: KeyedRequest): Promise<string> {
  const { once, call, path, key, content, serialize } = keyed
  const answer = await once(
    call,
    { path, key, content },
    {
      serialize,
      work: (within) => answerOf(keyed, within),
    },
  )
  reply.code(answer.status).headers(answer.headers).type(JSON_TYPE)
  if (answer.isReplay) reply.headers(REPLAYED)
  return answer.body
}

async function answerOf({ work, secrets }: KeyedRequest, call: Call): Promise<AnswerToStore> {
  try {
    const { body, ...answer } = await work(call)
    const text = JSON.stringify(body)
    const storedBody = secrets.length === 0 ? text : JSON.stringify(withoutSecrets(body, secrets))
    return { ...answer, body: text, storedBody }
  } catch (error) {
    if (!(error instanceof ApiError) || !isFinal(error)) throw error
    const { status, headers } = error
    const body = JSON.stringify(errorBody(error))
    return { status, headers, body, storedBody: body }
  }
}

/** An error must not be stored if a later attempt may succeed. */
const isFinal = ({ status }: ApiError): boolean => status < 500 && status !== 429
