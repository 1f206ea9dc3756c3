import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answer, AnswerOnce, Given } from '../idempotency/index.ts'
import { ApiError, badInput } from '../kernel/errors.ts'
import type { Call } from '../operation.ts'
import { JSON_TYPE } from './content-types.ts'
import type { Serialize } from './serialize-writes.ts'
import { withoutSecrets } from './without-secrets.ts'

/** A header's value that every client and proxy passes on as it is. */
const KEY = /^[\x21-\x7e]{1,255}$/

/** The caller's name for its request. 400 for one that cannot be used; sent twice it is one too. */
export function idempotencyKeyOf({ headers }: FastifyRequest): string | null {
  const key = headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key === 'string' && KEY.test(key)) return key
  throw badInput('Idempotency-Key must be 1 to 255 visible ASCII characters')
}

/** A request with a key, and the work behind it. */
export type KeyedRequest = {
  once: AnswerOnce
  call: Call
  path: string
  key: string
  content: unknown
  /** Where the answer has secrets. */
  secrets: readonly string[]
  serialize: Serialize
  work: (call: Call) => Promise<Success>
}

/** What an operation answers, and as which of its successes. */
export type Success = { status: number; headers: Answer['headers']; body: unknown }

/** What an answer says that was given before. */
export const REPLAYED: Answer['headers'] = { 'idempotency-replayed': 'true' }

/**
 * Answers a request with a key: by its work the first time, by the same bytes from then on, but for
 * secrets.
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

async function answerOf({ work, secrets }: KeyedRequest, call: Call): Promise<Given> {
  try {
    const { body, ...answer } = await work(call)
    const text = JSON.stringify(body)
    const kept = secrets.length === 0 ? text : JSON.stringify(withoutSecrets(body, secrets))
    return { ...answer, body: text, kept }
  } catch (error) {
    if (!(error instanceof ApiError) || !isFinal(error)) throw error
    const { status, headers, message, code } = error
    const body = JSON.stringify({ message, code })
    return { status, headers, body, kept: body }
  }
}

/** Later the same request may be answered otherwise: such an answer must not stay. */
const isFinal = ({ status }: ApiError): boolean => status < 500 && status !== 429
