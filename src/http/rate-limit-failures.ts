import type { FastifyRequest } from 'fastify'
import type { Authenticator, Caller } from '../access/index.ts'
import { ApiError, tooManyRequests } from '../kernel/errors.ts'
import { credentialsOf } from './credentials.ts'
import { isForwarded } from './forwarded.ts'
import { createWindows, type LimitStatus, secondsUntilReset } from './rate-limit.ts'
import { countedAs } from './rate-limit-address.ts'

/** Bad credentials from one address within a minute: a person's typing, no machine's guessing. */
const FAILURES_PER_MINUTE = 20
/** Addresses that are remembered; about 2 MB. */
const ADDRESSES = 10_000

/**
 * Who calls, as `Authenticator.authenticate`; 429 where too much of an address has been refused.
 */
export type Authenticate = (request: FastifyRequest) => Promise<Caller>

/**
 * Only 401s count. An address that has used them up is not listened to until its window is over:
 * its credentials are not looked up. A key that this process knows to be good still passes, so that
 * whoever shares an address with an attacker, as behind a proxy, is not locked out by one.
 */
export function limitFailures({
  authenticate,
  keys,
}: Pick<Authenticator, 'authenticate' | 'keys'>): Authenticate {
  const failures = createWindows(ADDRESSES)

  return async (request) => {
    const credentials = credentialsOf(request)
    if (failures.size() > 0 && !keys.knows(credentials.apiKey ?? '')) {
      const address = failingAddress(request)
      if (address !== null) refuse(failures.look(address, FAILURES_PER_MINUTE, performance.now()))
    }
    try {
      return await authenticate(credentials)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error
      const address = failingAddress(request)
      // Others of the same address may have failed while this one was looked up.
      if (address !== null) refuse(failures.take(address, FAILURES_PER_MINUTE, performance.now()))
      throw error
    }
  }
}

/**
 * null for whoever is on this machine, who is not counted. What is passed on is another's, although
 * it comes from here: all of those count as one.
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
