import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import { countedAs } from './rate-limit-address.ts'

/** Whether somebody says that the request is passed on for another. */
export const isForwarded = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined

/** How many requests a proxy of this machine has passed on whose word is not believed. */
export type ForwardedCounter = { readonly count: () => number }

/** Warns of the first one: all callers are one address to the server then. */
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
            'a proxy of this machine passes requests on and BURSAR_TRUST_PROXY is unset: ' +
              'all its callers count as one address',
          )
      }
      done()
    })
  return { count: () => count }
}
