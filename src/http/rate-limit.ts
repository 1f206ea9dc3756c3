import { type Cache, createCache } from '../kernel/cache.ts'

/** The length of a window, in milliseconds of the machine's time. */
const WINDOW_MS = 60_000

/** The state of a limit after a call. */
export type LimitStatus = {
  readonly isAllowed: boolean
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until the window ends. */
  readonly resetMs: number
}

/** Counts per name. `now` is any monotonic clock in milliseconds. */
export type Windows = {
  /** Counts one call and returns the state of the limit. A refused call does not count. */
  take(name: string, limit: number, now: number): LimitStatus
  /** Returns the state that `take` would, without counting. */
  look(name: string, limit: number, now: number): LimitStatus
  size(): number
}

type Window = { readonly openedAt: number; count: number }

/**
 * A window opens with the first call and ends after a minute (exclusive). Compared to a sliding
 * window, it admits up to twice the limit around its end. In return it stores two numbers instead
 * of the instants of all calls, and knows exactly when the full limit is available again. The
 * limits protect against runaway clients; they do not shape traffic.
 *
 * All windows have the same length, so they end in the order in which they opened. Beyond
 * `capacity` the oldest one is dropped, which resets the count of its name.
 */
export function createWindows(capacity: number): Windows {
  // Written only when a window opens, and read with `peek`, so its order is the order of opening.
  const windows: Cache<string, Window> = createCache({ max: capacity })

  const isOver = ({ openedAt }: Window, now: number) => now >= openedAt + WINDOW_MS
  const find = (name: string, now: number): Window => {
    const found = windows.peek(name)
    return found === undefined || isOver(found, now) ? { openedAt: now, count: 0 } : found
  }
  const keep = (name: string, window: Window, now: number) => {
    if (windows.peek(name) === window) return
    windows.delete(name)
    for (let next = windows.oldest(); next !== undefined; next = windows.oldest()) {
      const [oldest, candidate] = next
      if (!isOver(candidate, now)) break
      windows.delete(oldest)
    }
    windows.set(name, window)
  }
  const standing = ({ openedAt, count }: Window, limit: number, now: number) => ({
    isAllowed: count < limit,
    limit,
    remaining: Math.max(0, limit - count),
    resetMs: openedAt + WINDOW_MS - now,
  })

  return {
    take: (name, limit, now) => {
      const window = find(name, now)
      const before = standing(window, limit, now)
      if (!before.isAllowed) return before
      window.count += 1
      keep(name, window, now)
      return { ...before, remaining: before.remaining - 1 }
    },
    look: (name, limit, now) => standing(find(name, now), limit, now),
    size: () => windows.counts().size,
  }
}

/** Returns whole seconds, rounded up so that nobody retries too early. */
export const secondsUntilReset = ({ resetMs }: LimitStatus): number => Math.ceil(resetMs / 1000)
