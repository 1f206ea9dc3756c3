import type { Lanes, Steps, Turn } from './types.ts'

/** The message to `baseline-server.ts`. The reply is its port. */
export type ServeBaseline = { databaseUrl: string; poolSize: number; lanes: Lanes }

/** The message to `by-hand/server.ts`. The reply is its port. */
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

/** The message to `load.ts`, with a list for each connection, which repeats it. */
export type Load = { url: string; seconds: number; lanes: readonly (readonly LoadRequest[])[] }

/** The message to `latency.ts`. */
export type Ask = { url: string; headers: Record<string, string>; seconds: number }
export type RunResult = { requests: number; medianMs: number }
