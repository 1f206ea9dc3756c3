import { type Cache, createCache } from '../kernel/cache.ts'

/** How long a count goes on, in milliseconds of the machine's time. */
const WINDOW_MS = 60_000

/** What a limit says to one call. */
export type LimitStatus = {
  readonly isAllowed: boolean
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until the count begins anew. */
  readonly resetMs: number
}

/** Counts by name. `now` is any clock in milliseconds that never goes back. */
export type Windows = {
  /** Counts one and answers where that leads. One that is refused does not count. */
  take(name: string, limit: number, now: number): LimitStatus
  /** The same without counting: whether the next one would be taken. */
  look(name: string, limit: number, now: number): LimitStatus
  size(): number
}

type Window = { readonly openedAt: number; count: number }

/**
 * A window opens with the first call, and is over after a minute (exclusive). Compared with a
 * sliding count it lets through up to twice the limit around its end, and in return has two numbers
 * instead of an instant for each call, and says exactly when to come again: whoever waits for that
 * long has the whole limit. The limits are against what runs away, not for shaping traffic.
 *
 * Windows last equally long, so they end in the order in which they were opened. Beyond `capacity`
 * the oldest is dropped, in favour of its name.
 */
export function createWindows(capacity: number): Windows {
  // Written when a window opens, and read by `peek` alone: the order is that of opening.
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

/** Whole seconds, rounded up: whoever waits for them does not come too early. */
export const secondsUntilReset = ({ resetMs }: LimitStatus): number => Math.ceil(resetMs / 1000)
