import { setTimeout as delay } from 'node:timers/promises'
import { goOn } from './pace.ts'

/** So many requests wait for their answers at most, each on a connection that is kept. */
const MOST_IN_FLIGHT = 64
const TICK_MS = 5

/**
 * Sends at a rate of requests per second until the signal, then waits for the answers. When they
 * come too slowly, fewer are sent. `send` never rejects.
 */
export async function sendRequests(
  send: () => Promise<void>,
  perSecond: number,
  until: AbortSignal,
): Promise<void> {
  const inFlight = new Set<Promise<void>>()
  let pace = { atMs: performance.now(), owed: 1 }
  while (!until.aborted) {
    pace = goOn(pace, performance.now(), perSecond)
    for (; pace.owed >= 1 && inFlight.size < MOST_IN_FLIGHT; pace.owed -= 1) {
      const request = send().finally(() => inFlight.delete(request))
      inFlight.add(request)
    }
    await delay(TICK_MS, undefined, { signal: until }).catch(() => undefined)
  }
  await Promise.all(inFlight)
}
