import type { ApiDocument } from '../../src/http/index.ts'
import { checkOf } from '../scenarios/usage/check.ts'
import { REPORTED } from '../scenarios/usage/company.ts'
import { httpOf } from '../world.ts'
import { BULK, BUSY, HISTORY, SMALL, WIDE, WINDOWS } from './customers.ts'

/** Requests of one kind, over and over. */
export type Lane = {
  readonly name: string
  /** How many ask at once. */
  readonly loops: number
  readonly method: string
  readonly path: string
  readonly body: string | null
  /** Milliseconds between an answer and the next request. */
  readonly pauseMs: number
  /** Statuses that this load is meant to meet; 503 is always one, any other 5xx never. */
  readonly expected: readonly number[]
  /** Whether an answer may be lost because it came while the body was still being sent. */
  readonly mayBeCut: boolean
  /** Whether it is only there to be timed: asked by a process that does nothing else. */
  readonly isTimed: boolean
}

/** Those whose latency is judged. */
export const PROBE = 'a small check'
export const LIVENESS = 'liveness'

/** Bytes of a body of the bulk lane, which is as large as one may be, nearly. */
const BULK_BYTES = 15_000_000
const BULK_EVENTS = 1000

/**
 * What once took a server down or its pool away, all at once: pages of large events, bodies of
 * 15 MB for nobody, a tree over all windows that are kept, histories, and checks beside them.
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
