import type { FastifyInstance } from 'fastify'
import { instantFromWire, instantToWire, type MovableClock } from '../kernel/clock.ts'
import { badInput, forbidden } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { refuseCrossSite, refuseForeignOrigin } from './cross-site.ts'
import type { Authenticate } from './rate-limit-failures.ts'

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/
/** Well before the year 10000, which PostgreSQL writes in another format. */
const LATEST = Date.UTC(9000, 0)

/** The second check refuses 31 February, which would become a day in March. */
const isDateTime = (text: string): boolean => {
  const day = text.slice(0, 10)
  return ISO.test(text) && new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) === day
}

/**
 * `POST /test/clock {"now": "<ISO>" | null}` moves the clock of this process, to test applications
 * that use Bursar. Responds after all work that is due by then has run. Mounted only if configured.
 */
export function mountTestClock(
  server: FastifyInstance,
  from: { clock: MovableClock; authenticate: Authenticate; runDueWork: () => Promise<unknown> },
): void {
  server.post('/test/clock', {
    onRequest: async (request) => {
      refuseCrossSite(request)
      const { role, allowedOrigins } = await from.authenticate(request, {
        defaultsEnvironment: false,
      })
      refuseForeignOrigin(request, allowedOrigins)
      if (role !== 'full-access') throw forbidden('only a full-access key may move the clock')
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
  if (keys.length !== 1 || keys[0] !== 'now')
    throw badInput(inBody(), 'send {"now": "<ISO date-time>"|null}')
  const { now } = body as { now: unknown }
  if (now === null) return null
  const instant = typeof now === 'string' && isDateTime(now) ? instantFromWire(now) : Number.NaN
  if (!(instant >= 0 && instant < LATEST))
    throw badInput(inBody('now'), 'now must be an ISO-8601 date-time from 1970 to 8999')
  return instant
}
