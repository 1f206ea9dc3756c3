/** How many requests are owed at an instant of a monotonic clock, in milliseconds. */
export type Pace = { atMs: number; owed: number }

/** What could not be sent within this time is not sent later: no burst follows a pause. */
const LONGEST_BURST_MS = 100

/** Goes on to a later instant, at a rate of requests per second. */
export function goOn(pace: Pace, nowMs: number, perSecond: number): Pace {
  const owed = pace.owed + ((nowMs - pace.atMs) / 1000) * perSecond
  return { atMs: nowMs, owed: Math.min(owed, Math.max(1, (LONGEST_BURST_MS / 1000) * perSecond)) }
}
