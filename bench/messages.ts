import type { Lanes, Steps, Turn } from './types.ts'

/** What `baseline-server.ts` is asked. It answers its port. */
export type ServeBaseline = { databaseUrl: string; poolSize: number; lanes: Lanes }

/** What `by-hand/server.ts` is asked. It answers its port. */
export type ServeByHand = { databaseUrl: string; poolSize: number }

/** The route of the baseline server that touches no database. */
export const STATIC_PATH = '/static'

/** What `sql-loop.ts` is asked. It answers nothing, then the figures of a half. */
export type LoopMessage =
  | { open: { databaseUrl: string; clients: number; lanes: readonly (readonly Steps[])[] } }
  | { run: { seconds: number } }

export type LoadRequest = {
  method: Turn['method']
  path: string
  headers: Record<string, string>
  body?: string
}

/** What `load.ts` is asked: one list per connection, which goes round its own. */
export type Load = { url: string; seconds: number; lanes: readonly (readonly LoadRequest[])[] }

/** What `latency.ts` is asked, and what it answers. */
export type Ask = { url: string; headers: Record<string, string>; seconds: number }
export type RunResult = { requests: number; medianMs: number }
