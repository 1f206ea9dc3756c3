import { setTimeout as delay } from 'node:timers/promises'

/**
 * The deadline of all waits, in milliseconds. It is far longer than any of them takes, even on a
 * busy machine. It only ends tests that would hang, and does not measure speed.
 */
export const DEADLINE_MS = 120_000
const POLL_MS = 10

/** Waits for `work`. Fails if it has not ended by the deadline. */
export async function within<T>(what: string, work: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = async () => {
    await delay(DEADLINE_MS, null, { signal: timer.signal })
    throw new Error(`${what}: not within ${DEADLINE_MS} ms`)
  }
  const expired = late()
  expired.catch(() => {})
  try {
    return await Promise.race([work, expired])
  } finally {
    timer.abort()
  }
}

/** Calls `ask` repeatedly until the result is neither null nor false. Throws at the deadline. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
): Promise<Exclude<T, null | false>> {
  const end = performance.now() + DEADLINE_MS
  for (;;) {
    const answer = await within(what, Promise.resolve(ask()))
    if (answer !== null && answer !== false) return answer as Exclude<T, null | false>
    if (performance.now() > end) throw new Error(`${what}: not within ${DEADLINE_MS} ms`)
    await delay(POLL_MS)
  }
}
