import type { FastifyInstance } from 'fastify'
import { instantFromWire, instantToWire, type MovableClock } from '../kernel/clock.ts'
import { badInput, forbidden } from '../kernel/errors.ts'
import { refuseCrossSite, refuseForeignOrigin } from './cross-site.ts'
import type { Authenticate } from './rate-limit-failures.ts'

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/
/** Far enough from the year 10000, which the database writes in another form. */
const LATEST = Date.UTC(9000, 0)

/** Without the second look, 31 February would be a day in March. */
const isDateTime = (text: string): boolean => {
  const day = text.slice(0, 10)
  return ISO.test(text) && new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) === day
}

/**
 * `POST /test/clock {"now": "<ISO>" | null}`: moves this process's clock, for tests of what others
 * build on Bursar. Answers after the work that is due by then has run. Mounted only on request.
 */
export function mountTestClock(
  server: FastifyInstance,
  from: { clock: MovableClock; authenticate: Authenticate; runDueWork: () => Promise<unknown> },
): void {
  server.post('/test/clock', {
    onRequest: async (request) => {
      refuseCrossSite(request)
      const { role, allowedOrigins } = await from.authenticate(request)
      refuseForeignOrigin(request, allowedOrigins)
      if (role !== 'full-access') throw forbidden('only a full-access key moves the clock')
    },
    handler: async (request) => {
      from.clock.moveTo(instantOf(request.body))
      await from.runDueWork()
      return { data: { now: instantToWire(from.clock.now()) } }
    },
  })
}

function instantOf(body: unknown): number | null {
  const keys = typeof body === 'object' && body !== null ? Object.keys(body) : []
  if (keys.length !== 1 || keys[0] !== 'now') throw badInput('send {"now": "<ISO date-time>"|null}')
  const { now } = body as { now: unknown }
  if (now === null) return null
  const instant = typeof now === 'string' && isDateTime(now) ? instantFromWire(now) : Number.NaN
  if (!(instant >= 0 && instant < LATEST))
    throw badInput('now must be an ISO-8601 date-time from 1970 to 8999')
  return instant
}
