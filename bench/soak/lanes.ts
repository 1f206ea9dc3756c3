import type { ApiDocument } from '../../src/http/index.ts'
import { checkOf } from '../scenarios/usage/check.ts'
import { REPORTED } from '../scenarios/usage/company.ts'
import { httpOf } from '../world.ts'
import { BULK, BUSY, HISTORY, SMALL, WIDE, WINDOWS } from './customers.ts'

/** Requests of one kind, which are repeated. */
export type Lane = {
  readonly name: string
  /** How many requests are sent at a time. */
  readonly loops: number
  readonly method: string
  readonly path: string
  readonly body: string | null
  /** The pause between a response and the next request, in milliseconds. */
  readonly pauseMs: number
  /** The expected statuses. 503 is always expected, other 5xx never. */
  readonly expected: readonly number[]
  /** Whether a response may be lost because it arrives while the body is still being sent. */
  readonly mayBeCut: boolean
  /** Whether the latency has a target. A separate process sends these requests. */
  readonly isTimed: boolean
}

/** The lanes whose latency has a target. */
export const PROBE = 'a small check'
export const LIVENESS = 'liveness'

/** The size of a body of the bulk lane, in bytes. It is close to the limit. */
const BULK_BYTES = 15_000_000
const BULK_EVENTS = 1000

/**
 * Returns requests that can overload a server or exhaust its pool: pages of large events, bodies of
 * 15 MB for an unknown customer, trees over all stored windows, and histories. Checks run at the
 * same time.
 */
export function lanesOf(contract: ApiDocument): readonly Lane[] {
  const load = { body: null, pauseMs: 0, mayBeCut: false, isTimed: false }
  const get = (path: string) => ({ ...load, method: 'GET', path })
  const timed = { isTimed: true, pauseMs: 50, expected: [200] }
  const check = httpOf(contract, checkOf(SMALL))
  return [
    { ...get(check.path), name: PROBE, loops: 1, ...timed },
    { ...get('/health/live'), name: LIVENESS, loops: 1, ...timed },
    {
      ...get(`/api/v1/events-log?customerId=${WIDE}&limit=100`),
      name: 'pages of large events',
      loops: 8,
      expected: [200, 429],
    },
    {
      ...load,
      ...{ name: 'bodies of 15 MB', loops: 100, method: 'POST', path: '/api/v1/events' },
      ...{ body: bulkBody(), expected: [404, 429], mayBeCut: true },
    },
    {
      ...get(`/api/v1/customers/${WINDOWS}/governance?limit=100`),
      name: 'trees of many windows',
      loops: 4,
      expected: [200, 429],
    },
    {
      ...get(historyOf(HISTORY)),
      name: 'histories',
      loops: 12,
      expected: [200, 429],
    },
    {
      ...get(httpOf(contract, checkOf(BUSY)).path),
      name: 'checks',
      loops: 40,
      pauseMs: 100,
      expected: [200],
    },
  ]
}

const historyOf = (customerId: string): string => {
  const now = new Date()
  const start = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1))
  const range = `startDate=${start.toISOString()}&endDate=${now.toISOString()}`
  return `/api/v1/usage/${customerId}/history/${REPORTED}?${range}`
}

function bulkBody(): string {
  const filler = 'x'.repeat(BULK_BYTES / BULK_EVENTS - 200)
  const events = Array.from({ length: BULK_EVENTS }, (_, index) => ({
    customerId: BULK,
    eventName: 'bulk',
    idempotencyKey: `bulk-${index}`,
    dimensions: { filler },
  }))
  return JSON.stringify({ events })
}
