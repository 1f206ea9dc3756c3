import type { FastifyRequest } from 'fastify'
import type { Authenticator, Caller } from '../access/index.ts'
import { ApiError, tooManyRequests } from '../kernel/errors.ts'
import { credentialsOf, type EnvironmentDemand } from './credentials.ts'
import { isForwarded } from './forwarded.ts'
import { createWindows, type LimitStatus, secondsUntilReset } from './rate-limit.ts'
import { countedAs } from './rate-limit-address.ts'

/**
 * Bad credentials per address and minute: enough for a person's typing errors, too few to guess.
 */
const FAILURES_PER_MINUTE = 20
/** How many addresses are in memory: about 2 MB. */
const ADDRESSES = 10_000

/** Like `Authenticator.authenticate`, but 429 for an address with too many failures. */
export type Authenticate = (request: FastifyRequest, of: EnvironmentDemand) => Promise<Caller>

/** How callers are authenticated. Bad credentials of both kinds count together. */
export type Authentication = {
  authenticate: Authenticate
  /** Like `Authenticator.authenticateCode`, but 429 for an address with too many failures. */
  authenticateCode(request: FastifyRequest, code: string): Promise<Caller>
  /** 429 for an address with too many failures. For requests whose body is not read yet. */
  refuseBlocked(request: FastifyRequest): void
}

/**
 * Counts only 401s. After too many, credentials from that address are not looked up until its
 * window ends. A key that is in the cache still passes. So an attacker cannot lock out others with
 * the same address, for example behind a proxy.
 */
export function limitFailures(
  authenticator: Pick<Authenticator, 'authenticate' | 'authenticateCode' | 'keys'>,
): Authentication {
  const { keys } = authenticator
  const failures = createWindows(ADDRESSES)

  const refuseBlocked = (request: FastifyRequest) => {
    if (failures.size() === 0) return
    const address = failingAddress(request)
    if (address !== null) refuse(failures.look(address, FAILURES_PER_MINUTE, performance.now()))
  }
  const counting = async (request: FastifyRequest, found: Promise<Caller>): Promise<Caller> => {
    try {
      return await found
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error
      const address = failingAddress(request)
      // Other requests from the same address may have failed during this look-up.
      if (address !== null) refuse(failures.take(address, FAILURES_PER_MINUTE, performance.now()))
      throw error
    }
  }

  return {
    authenticate: async (request, of) => {
      const credentials = credentialsOf(request, of)
      if (!keys.knows(credentials.apiKey ?? '')) refuseBlocked(request)
      return counting(request, authenticator.authenticate(credentials))
    },
    authenticateCode: async (request, code) => {
      refuseBlocked(request)
      return counting(request, authenticator.authenticateCode(code))
    },
    refuseBlocked,
  }
}

/**
 * Returns null for callers on this machine, which are not counted. Requests that a proxy on this
 * machine forwards come from elsewhere; they all count as one address.
 */
const failingAddress = (request: FastifyRequest): string | null =>
  countedAs(request.ip) ?? (isForwarded(request) ? 'passed on' : null)

function refuse(standing: LimitStatus): void {
  if (standing.isAllowed) return
  const seconds = secondsUntilReset(standing)
  throw tooManyRequests(
    `too many requests with bad credentials from your address; try again in ${seconds} s`,
    { 'retry-after': String(seconds) },
  )
}
