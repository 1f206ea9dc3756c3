import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Caller, notPermitted, type Permission, permits } from '../access/index.ts'
import type { App } from '../app.ts'
import { BODY_LIMIT } from '../config.ts'
import { type AnswerOnce, createAnswerOnce } from '../idempotency/index.ts'
import { assert, required } from '../kernel/assert.ts'
import { ApiError, badInput } from '../kernel/errors.ts'
import { inHeader, inPath } from '../kernel/field.ts'
import { machine } from '../kernel/watched-clock.ts'
import {
  type Call,
  Csv,
  type Handlers,
  type OperationRequest,
  Otherwise,
  Repeated,
} from '../operation.ts'
import type { StateTokens } from '../state-tokens/index.ts'
import { answerUnnamed, isNamed, isSentAgain } from './answer-write.ts'
import type { ApiDocument, Operation, UnservedOperation } from './api-document.ts'
import { bodyCheck } from './check-body.ts'
import { type AdmitBody, JSON_TYPE } from './content-types.ts'
import { refuseCrossSite, refuseForeignOrigin } from './cross-site.ts'
import { CSV_TYPE, csvText, prefersCsv } from './csv-answer.ts'
import { methodNotAllowed, notServed, routeNotFound } from './error-body.ts'
import { answerKeyed, idempotencyKeyOf, REPLAYED, type Success } from './idempotency-key.ts'
import { ifMatchOf, withEtag } from './if-match.ts'
import { refuseInvalidText } from './json-body.ts'
import { jsonInSlices } from './json-in-slices.ts'
import { stalenessOf } from './max-staleness.ts'
import {
  parseQueryString,
  type QueryShapes,
  queryField,
  queryShapesOf,
  shapeQuery,
} from './query-string.ts'
import { createLimits, type LimitsOf, type OperationLimits } from './rate-limit-calls.ts'
import type { Authentication } from './rate-limit-failures.ts'
import { readApart } from './read-apart.ts'
import { digestOf } from './request-digest.ts'
import { createRequestOrder, type RequestOrder } from './running-requests.ts'
import { createSerializer, type Serialize, serializationKeyOf } from './serialize-writes.ts'
import { answeringWithState, type SubscriberOf } from './state-header.ts'
import { cacheUndelivered, type UndeliveredAnswer } from './undelivered.ts'
import { invalid } from './validation-message.ts'
import type { Validator, Validators } from './validators.ts'

/** Request property: the caller. Set after authentication, before the body is read. */
const CALLER = 'caller'

/** Returns the caller of a request. Null before authentication and on routes without it. */
export const callerOf = (request: FastifyRequest): Caller | null =>
  request.getDecorator<Caller | null>(CALLER)

export type MountContext = {
  app: App
  contract: ApiDocument
  validators: Validators
  authentication: Authentication
  handlers: Handlers
  admitBody: AdmitBody
  stateTokens: StateTokens
  subscriberOf: SubscriberOf
}

type AnyHandler = (request: OperationRequest<never>, call: Call) => Promise<unknown>

/**
 * Gives every operation of the API document its route, and every other method of its path a 405.
 */
export function mountOperations(server: FastifyInstance, mounting: MountContext): void {
  const { app, contract } = mounting
  server.decorateRequest(CALLER, null)
  const limitsOf = createLimits(app.config.rateLimits, contract.operations)
  const answering = {
    once: createAnswerOnce(),
    serializerOf: createSerializer(),
    underWay: createRequestOrder(),
    undelivered: cacheUndelivered(server.server, { db: app.db, monotonic: machine.monotonic }),
  }
  for (const operation of contract.operations)
    mountOperation(server, { ...mounting, limitsOf, ...answering }, operation)
  mountOtherMethods(server, contract)
  mountUnserved(server, contract)
}

/** Converts `/customers/{id}` into the format of the router. */
const routeOf = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1')

type AnswerContext = {
  once: AnswerOnce
  underWay: RequestOrder
  undelivered: UndeliveredAnswer
  serializerOf: (key: string | null) => Serialize
}

function mountOperation(
  server: FastifyInstance,
  mounting: MountContext & AnswerContext & { limitsOf: LimitsOf },
  operation: Operation,
): void {
  const { app, validators } = mounting
  const handler = mounting.handlers[operation.primaryId] as unknown as AnyHandler
  assert(handler !== undefined, `the operation ${operation.primaryId} has no handler`)
  const check = {
    path: validators.params(operation),
    query: validators.query(operation),
    body: bodyCheck(validators, operation),
  }
  const queryShapes = queryShapesOf(operation)
  const limits = mounting.limitsOf(operation)
  const maxStalenessOf = stalenessOf(operation, app.config.maxStalenessMs)
  const withState = answeringWithState(mounting, operation)
  server.route({
    method: operation.method,
    url: routeOf(operation.path),
    onRequest: (request, reply) => admit({ request, reply }, { ...mounting, operation, limits }),
    handler: async (request, reply) => {
      const known = callerOf(request)
      if (known !== null) limits?.afterBody({ caller: known, reply }, request.body)
      const input = {
        params: checkedParams(check.path, request.params as Record<string, string>),
        query: checkedQuery(check.query, queryShapes, request.url),
        body: await check.body(request.body),
      }
      const caller = known ?? (await callerOfBody(request, input.body, mounting.authentication))
      const { scope, actor, expiresAt } = caller
      refuseOtherCustomers(caller, operation, input.params)
      const key = operation.method === 'POST' ? idempotencyKeyOf(request) : null
      const maxStalenessMs = maxStalenessOf(request)
      const ifMatch = ifMatchOf(operation, request, input.body)
      if (scope instanceof ApiError) throw scope
      const origin = { actor, operation: operation.id, traceId: request.id, requestDigest: null }
      const work = async (own: Call) =>
        withEtag(
          operation,
          successOf(operation, await handler(input as OperationRequest<never>, own)),
        )
      const serialize = mounting.serializerOf(serializationKeyOf(operation, scope, input))
      const mounted = { ...mounting, operation, caller, key, input, serialize, work }
      return withState({ request, reply, scope, input, key }, (state) => {
        const holds = (permission: string) => permits(caller.role, permission)
        const shared = { app, scope, origin, expiresAt, permits: holds, maxStalenessMs, ifMatch }
        const call = {
          ...shared,
          ...(state && { state }),
          ...(operation.hasCsv && { prefersCsv: prefersCsv(request.headers) }),
        }
        return answer({ request, reply }, { ...mounted, call })
      })
    },
  })
}

/** Decides before the body is read whether a request may continue. */
async function admit(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  mounted: MountContext & { operation: Operation; limits: OperationLimits | null },
): Promise<void> {
  const { operation, limits, authentication } = mounted
  const params = request.params as Record<string, string>
  const maxBytes = operation.maxBytes ?? BODY_LIMIT
  refuseEmptySegments(request)
  const isWrite = operation.method !== 'GET'
  if (isWrite) refuseCrossSite(request)
  if (operation.permission === null) {
    authentication.refuseBlocked(request)
    limits?.beforeBody({ caller: request.ip, reply }, params)
    mounted.admitBody({ request, reply }, request.ip, maxBytes)
    return
  }
  const caller = await authentication.authenticate(request, operation)
  limits?.beforeBody({ caller, reply }, params)
  if (isWrite) refuseForeignOrigin(request, caller.allowedOrigins)
  refuseUnpermitted(caller, operation.permission)
  request.setDecorator<Caller>(CALLER, caller)
  mounted.admitBody({ request, reply }, caller.actor.id, maxBytes)
}

/** Returns the caller of an operation without a permission: who made the code in the body. */
async function callerOfBody(
  request: FastifyRequest,
  body: unknown,
  { authenticateCode }: Authentication,
): Promise<Caller> {
  const { code } = body as { code: string }
  const caller = await authenticateCode(request, code)
  refuseForeignOrigin(request, caller.allowedOrigins)
  request.setDecorator<Caller>(CALLER, caller)
  return caller
}

type MountedRequest = Omit<AnswerContext, 'serializerOf'> & {
  serialize: Serialize
  operation: Operation
  caller: Caller
  call: Call
  key: string | null
  input: { params: Record<string, string>; query: object; body: unknown }
  work: (own: Call) => Promise<Success>
}

/** Executes a request, unless it repeats one that was executed. */
async function answer(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  mounted: MountedRequest,
): Promise<unknown> {
  const { operation, caller, call, key, input, serialize, work } = mounted
  if (key === null && (operation.method === 'GET' || isNamed(operation, input.body))) {
    if (!operation.isHeavy) {
      const { status, headers, body } = await serialize(() => work(call))
      reply.code(status).headers(headers)
      return body
    }
    const { status, headers, body } = await readApart(reply, call, work)
    const isCsv = body instanceof Csv
    reply
      .code(status)
      .headers(headers)
      .type(isCsv ? CSV_TYPE : JSON_TYPE)
    return isCsv ? csvText(body) : jsonInSlices(body)
  }
  const { params, query, body } = input
  const content = { query, body, ...(call.ifMatch && { ifMatch: call.ifMatch }) }
  const path = `${operation.path} ${JSON.stringify(params)}`
  if (key !== null) {
    const { secrets } = operation
    return answerKeyed(reply, { ...mounted, path, key, content, secrets })
  }
  const { method } = operation
  const { name, short } = digestOf(call.scope, caller, { method, path, content })
  const origin = { ...call.origin, requestDigest: short }
  const own = { ...call, origin, isRetry: isSentAgain(request) }
  return answerUnnamed(request, reply, {
    ...mounted,
    ...{ call: own, name, stated: input },
    work: () => serialize(() => work(own)),
  })
}

function successOf(operation: Operation, answer: unknown): Success {
  if (answer instanceof Repeated)
    return { ...successOf(operation, answer.answer), headers: REPLAYED }
  if (!(answer instanceof Otherwise))
    return { status: operation.successStatus, headers: {}, body: answer }
  const status = required(operation.otherwiseStatus, `a second success of ${operation.id}`)
  return { status, headers: {}, body: answer.body }
}

/** An empty segment would match a parameter. No id is empty, so such a path does not exist. */
function refuseEmptySegments(request: FastifyRequest): void {
  if (Object.values(request.params as Record<string, string>).includes(''))
    throw routeNotFound(request)
}

/** A person has no role outside of an environment. The 404 for that comes after the validation. */
function refuseUnpermitted({ actor, role, scope }: Caller, permission: Permission): void {
  if (scope instanceof ApiError || permits(role, permission)) return
  throw notPermitted(actor, role)
}

/**
 * A customer token may only read what belongs to its customer, whatever the key may do. 400
 * `AuthCustomerReadonly`, `AuthCustomerMismatch`.
 */
function refuseOtherCustomers(
  { customerId }: Caller,
  operation: Operation,
  params: { readonly id?: string; readonly customerId?: string },
): void {
  if (customerId === null) return
  if (operation.permission?.endsWith(':write'))
    throw badInput(
      inHeader('X-CUSTOMER-KEY'),
      'X-CUSTOMER-KEY: a customer token may only read',
      'AuthCustomerReadonly',
    )
  const named = operation.path.includes('/customers/{id}') ? params.id : params.customerId
  if (named !== customerId)
    throw badInput(
      inHeader('X-CUSTOMER-KEY'),
      `X-CUSTOMER-KEY: the token is for customer ${customerId} only`,
      'AuthCustomerMismatch',
    )
}

function checkedParams(
  validate: Validator,
  params: Record<string, string>,
): Record<string, string> {
  for (const [name, value] of Object.entries(params)) refuseInvalidText(value, () => inPath(name))
  const error = validate(params)
  if (error !== null) throw invalid('path', error)
  return params
}

function checkedQuery(validate: Validator, shapes: QueryShapes, url: string): object {
  const start = url.indexOf('?')
  const raw = parseQueryString(start === -1 ? '' : url.slice(start + 1))
  for (const [name, value] of raw) refuseInvalidText(name + value, () => queryField(name))
  const query = shapeQuery(shapes, raw)
  const error = validate(query)
  if (error !== null) throw invalid('query', error)
  return query
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/**
 * A method that no operation of a path has is 405, unless a template with that method also matches
 * the path: `GET …/entities/archive` reads the entity `archive`.
 */
function mountOtherMethods(server: FastifyInstance, { operations, unserved }: ApiDocument): void {
  for (const path of new Set(operations.map((operation) => operation.path))) {
    const allowed = operations
      .filter((operation) => covers(operation.path, path))
      .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    const refused = METHODS.filter((method) => !allowed.includes(method))
    server.route({
      method: [...refused],
      url: routeOf(path),
      onRequest: async (request) => {
        refuseEmptySegments(request)
        const isPublished = unserved.some(
          (each) => each.path === path && each.method === request.method,
        )
        throw methodNotAllowed(request, { allowed: [...new Set(allowed)], isPublished })
      },
      handler: async () => undefined,
    })
  }
}

/** 404 for operations of the published API on a path that has no other operation. */
function mountUnserved(server: FastifyInstance, { operations, unserved }: ApiDocument): void {
  const served = new Set(operations.map(({ path }) => path))
  const alone = ({ path }: UnservedOperation) => !served.has(path)
  for (const { method, path } of unserved.filter(alone))
    server.route({
      method,
      url: routeOf(path),
      onRequest: async (request) => {
        refuseEmptySegments(request)
        throw notServed(request)
      },
      handler: async () => undefined,
    })
}

/** Returns whether the template matches every request to `path`. */
function covers(template: string, path: string): boolean {
  const parts = path.split('/')
  const templated = template.split('/')
  return (
    parts.length === templated.length &&
    templated.every((part, index) => part === parts[index] || part.startsWith('{'))
  )
}
