/** How many requests are due at a time of a monotonic clock, in milliseconds. */
export type Pace = { atMs: number; owed: number }

/** At most the requests of this time are due at once, so that no burst follows a pause. */
const LONGEST_BURST_MS = 100

/** Returns the pace at a later time. `perSecond` is the rate of requests. */
export function advance(pace: Pace, nowMs: number, perSecond: number): Pace {
  const owed = pace.owed + ((nowMs - pace.atMs) / 1000) * perSecond
  return { atMs: nowMs, owed: Math.min(owed, Math.max(1, (LONGEST_BURST_MS / 1000) * perSecond)) }
}
