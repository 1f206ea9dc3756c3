import { setTimeout as delay } from 'node:timers/promises'
import { advance } from './pace.ts'

/** The maximum number of requests that wait for a response. Their connections are kept alive. */
const MAX_IN_FLIGHT = 64
const TICK_MS = 5

/**
 * Sends requests until the signal aborts, then waits for the remaining responses. `perSecond` is
 * the rate. If responses are slow, fewer requests are sent. `send` must never reject.
 */
export async function sendRequests(
  send: () => Promise<void>,
  perSecond: number,
  until: AbortSignal,
): Promise<void> {
  const inFlight = new Set<Promise<void>>()
  let pace = { atMs: performance.now(), owed: 1 }
  while (!until.aborted) {
    pace = advance(pace, performance.now(), perSecond)
    for (; pace.owed >= 1 && inFlight.size < MAX_IN_FLIGHT; pace.owed -= 1) {
      const request = send().finally(() => inFlight.delete(request))
      inFlight.add(request)
    }
    await delay(TICK_MS, undefined, { signal: until }).catch(() => undefined)
  }
  await Promise.all(inFlight)
}
