import type { Lanes, Steps, Turn } from './types.ts'

/** The message to `baseline-server.ts`. The reply is its port. */
export type ServeBaseline = { databaseUrl: string; poolSize: number; lanes: Lanes }

/** The message to `by-hand/server.ts` and `by-hand/memory-server.ts`. The reply is the port. */
export type ServeByHand = { databaseUrl: string; poolSize: number }

/** The route of the baseline server that does not use the database. */
export const STATIC_PATH = '/static'

/** The messages to `sql-loop.ts`. The replies are nothing, then the figures of a half. */
export type LoopMessage =
  | { open: { databaseUrl: string; clients: number; lanes: readonly (readonly Steps[])[] } }
  | { run: { seconds: number } }

export type LoadRequest = {
  method: Turn['method']
  path: string
  headers: Record<string, string>
  body?: string
}

/** A list of requests for each connection to a server, which repeats it. */
export type Part = { url: string; lanes: readonly (readonly LoadRequest[])[] }

/**
 * The message to `load.ts`: one part for each server. With `perSecond`, requests are sent at this
 * rate, whether or not earlier ones have a response. The reply is a `Count`, then a `PacedLatency`.
 */
export type Load = { parts: readonly Part[]; seconds: number; perSecond?: number }

/** The message to `latency.ts`. */
export type Ask = { url: string; headers: Record<string, string>; seconds: number }
export type RunResult = { requests: number; medianMs: number; p99Ms: number }
