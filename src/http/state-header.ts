import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, badInput } from '../kernel/errors.ts'
import { inHeader } from '../kernel/field.ts'
import type { Scope } from '../kernel/scope.ts'
import { AT_LEAST } from '../kernel/sequences.ts'
import type { CallState } from '../operation.ts'
import type { StateTokens } from '../state-tokens/index.ts'
import type { RequestInput } from './answer-of-changes.ts'
import type { Operation } from './api-document.ts'
import { MAX_STALENESS_HEADER } from './max-staleness.ts'

/** A valid request. */
type ValidRequest = {
  request: FastifyRequest
  reply: FastifyReply
  scope: Scope
  input: RequestInput
  /** The `Idempotency-Key`. */
  key: string | null
}

/** Responds to a request. The state is that of its customer, if it is about one. */
type StatefulAnswer = (state: CallState | null) => Promise<unknown>

/** Returns the id of the customer that has a subscription; null if there is none with this id. */
export type SubscriberOf = (scope: Scope, subscriptionId: string) => Promise<string | null>

/**
 * Returns a function that responds to the requests of an operation. If a request is about one
 * customer, the response has the token of the state that it shows, and that state is not older than
 * that of the token in the request. 400 for a token of something else, 503 if the database does not
 * have the state of the token.
 */
export function answeringWithState(
  { stateTokens: tokens, subscriberOf }: { stateTokens: StateTokens; subscriberOf: SubscriberOf },
  operation: Operation,
): (valid: ValidRequest, answer: StatefulAnswer) => Promise<unknown> {
  const has = (header: string) => operation.parameters.some(({ name }) => name === header)
  if (!has(AT_LEAST)) return (_, answer) => answer(null)
  // These compare the state themselves with what they read anyway.
  const isCheck = has(MAX_STALENESS_HEADER)
  const isUsage = operation.serializedBy === 'engine'
  const isOfSubscription = operation.path.includes('/subscriptions/{id}')
  return async ({ request, reply, scope, input, key }, answer) => {
    const sent = request.headers[AT_LEAST.toLowerCase()]
    const { id = '' } = input.params
    const customerId = isOfSubscription
      ? await subscriberOf(scope, id)
      : customerIn(operation, input)
    if (customerId === null) {
      // A subscription that does not exist is a 404. Nobody has its tokens.
      if (sent === undefined || isOfSubscription) return answer(null)
      throw badInput(
        inHeader(AT_LEAST),
        `${AT_LEAST} is of one customer, and the request is about several`,
        'InvalidArgumentError',
      )
    }
    const state = await tokens.open(
      { ...scope, customerId },
      sent === undefined ? null : String(sent),
    )
    if (!isCheck && !(isUsage && key === null)) await state.call.verify()
    const body = await answer(state.call).catch(async (error) => {
      // What an older database says of the customer is no reason for a refusal.
      if (error instanceof ApiError && error.status < 500) await state.call.verify()
      throw error
    })
    // A stored refusal is returned, not thrown.
    if (reply.statusCode >= 400) return body
    const isNoted = isCheck || operation.method !== 'GET'
    reply.header('bursar-state', await (isNoted ? state.notedToken() : state.currentToken()))
    return body
  }
}

/** Returns the customer that a request is about, or null if it is about several. */
function customerIn({ path }: Operation, { params, body }: RequestInput): string | null {
  const named = path.includes('/customers/{id}') ? params.id : params.customerId
  const found = named ?? (Object(body) as { customerId?: string }).customerId
  if (found !== undefined) return found
  const list = Object.values(Object(body)).find((value) => Array.isArray(value)) ?? [body]
  const ids = new Set(list.map(idIn))
  const [id] = ids
  return ids.size === 1 && id !== undefined ? id : null
}

const idIn = (item: { customerId?: string; id?: string }): string | undefined =>
  item.customerId ?? item.id
