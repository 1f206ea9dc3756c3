import type { FastifyReply } from 'fastify'
import { type Caller, permits } from '../access/index.ts'
import { ConfigError, type RateLimits } from '../config.ts'
import { ApiError, tooManyRequests } from '../kernel/errors.ts'
import type { Operation } from './api-document.ts'
import { createWindows, type LimitStatus, secondsUntilReset, type Windows } from './rate-limit.ts'
import { STIGG_LIMITS } from './rate-limit-preset.ts'

/** How many counts are in memory: about 10 MB with long names. */
const COUNTS = 50_000
/** Longer ids are invalid. Their requests will be refused and need not be counted. */
const ID_LIMIT = 255
/** Resources whose writes report usage, many times a minute, and do not change the customer. */
const REPORTED = ['usage', 'events']

/** The limits of one operation, checked at two points of a request. */
export type OperationLimits = {
  /** Before the body is read: by key, and by the customer in the path. Throws 429. */
  beforeBody(call: LimitedCall, params: Readonly<Record<string, string>>): void
  /** After the body was read: by the customer in it. Throws 429. */
  afterBody(call: LimitedCall, body: unknown): void
}

/** A call without a caller counts by its address. */
type LimitedCall = { caller: Caller | string; reply: FastifyReply }

/** Returns the limits of an operation, or null if it has none. This process counts for itself. */
export type LimitsOf = (operation: Operation) => OperationLimits | null

/** The configured limits of calls per minute. Throws `ConfigError` for an unknown operation. */
export function createLimits(
  configured: 'stigg' | RateLimits | null,
  operations: readonly Operation[],
): LimitsOf {
  if (configured === null) return () => null
  if (configured !== 'stigg') refuseUnknown(configured, operations)
  const limits = configured === 'stigg' ? STIGG_LIMITS : configured
  const windows = createWindows(COUNTS)
  return (operation) => {
    const perKey = limits.operations[operation.primaryId] ?? null
    const perCustomer = changesCustomers(operation) ? limits.mutationsPerCustomer : null
    return perKey === null && perCustomer === null
      ? null
      : limitsOf(windows, operation, { perKey, perCustomer })
  }
}

function refuseUnknown({ operations: named }: RateLimits, operations: readonly Operation[]): void {
  const known = new Set<string>(operations.map(({ primaryId }) => primaryId))
  const unknown = Object.keys(named).filter((id) => !known.has(id))
  if (unknown.length > 0)
    throw new ConfigError(
      `BURSAR_RATE_LIMITS: there is no operation ${unknown.join(', ')}; /openapi.json has every operationId`,
    )
}

function changesCustomers({ method, permission }: Operation): boolean {
  const [resource = '', verb] = (permission ?? '').split(':')
  return method !== 'GET' && verb === 'write' && !REPORTED.includes(resource)
}

function limitsOf(
  windows: Windows,
  operation: Operation,
  { perKey, perCustomer }: { perKey: number | null; perCustomer: number | null },
): OperationLimits {
  const inPath = operation.path.includes('/customers/{id}')
  // A new customer is not in the path yet. In all other bodies the field is `customerId`.
  const field = operation.primaryId === 'v1.customers.provision' ? 'id' : 'customerId'

  const limitKey = ({ caller, reply }: LimitedCall, limit: number) => {
    const name = `${operation.primaryId} ${nameOf(caller)}`
    tell(reply, windows.take(name, limit, performance.now()), 'requests')
  }
  const limitCustomer = ({ caller, reply }: LimitedCall, id: unknown) => {
    if (perCustomer === null || typeof id !== 'string' || id.length > ID_LIMIT) return
    if (typeof caller === 'string') return
    const name = `customer ${environmentOf(caller)} ${id}`
    // All keys share this limit, so a request without permission must not use it up.
    const count = mayCall(caller, operation) ? windows.take : windows.look
    tell(reply, count(name, perCustomer, performance.now()), `changes of the customer ${id}`)
  }

  return {
    beforeBody: (limited, params) => {
      if (perKey !== null) limitKey(limited, perKey)
      if (inPath) limitCustomer(limited, params.id)
    },
    afterBody: (limited, body) => {
      if (!inPath && typeof body === 'object' && body !== null)
        limitCustomer(limited, (body as Record<string, unknown>)[field])
    },
  }
}

const mayCall = ({ role, scope }: Caller, { permission }: Operation): boolean =>
  !(scope instanceof ApiError) && permission !== null && permits(role, permission)

const nameOf = (caller: Caller | string): string =>
  typeof caller === 'string' ? caller : `${environmentOf(caller)} ${caller.actor.id}`

const environmentOf = ({ scope }: Caller): string =>
  scope instanceof ApiError ? '' : scope.environmentKey

/** The headers describe the limit that is closest to exhaustion. */
function tell(reply: FastifyReply, standing: LimitStatus, what: string): void {
  const told = reply.getHeader('ratelimit-remaining')
  const headers = headersOf(standing)
  if (told === undefined || standing.remaining <= Number(told)) reply.headers(headers)
  if (standing.isAllowed) return
  const seconds = secondsUntilReset(standing)
  throw tooManyRequests(`too many ${what}; try again in ${seconds} s`, {
    ...headers,
    'retry-after': String(seconds),
  })
}

const headersOf = (standing: LimitStatus): Record<string, string> => ({
  'ratelimit-limit': String(standing.limit),
  'ratelimit-remaining': String(standing.remaining),
  'ratelimit-reset': String(secondsUntilReset(standing)),
})
