import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import { countedAs } from './rate-limit-address.ts'

/** Returns whether a header says that the request was forwarded for somebody else. */
export const isForwarded = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined

/** Counts requests that an untrusted proxy on this machine has forwarded. */
export type ForwardedCounter = { readonly count: () => number }

/** Logs a warning at the first one: the server then sees all callers as one address. */
export function watchForwarded(
  server: FastifyInstance,
  { trustsNobody, log }: { trustsNobody: boolean; log: FastifyBaseLogger },
): ForwardedCounter {
  let count = 0
  if (trustsNobody)
    server.addHook('onRequest', (request, _, done) => {
      if (isForwarded(request) && countedAs(request.ip) === null) {
        count += 1
        if (count === 1)
          log.warn(
            'a proxy on this machine forwards requests but BURSAR_TRUST_PROXY is not set: ' +
              'all its callers count as one address',
          )
      }
      done()
    })
  return { count: () => count }
}
