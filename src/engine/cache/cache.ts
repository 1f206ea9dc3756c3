/** What a process remembers, up to a number of things; it may forget any of them at any time. */
export type Cache<V> = {
  get(name: string): V | undefined
  set(name: string, value: V): void
  clear(): void
}

/**
 * Two halves: when the newer one is full, the older is forgotten. What was asked for in between is
 * in the newer one again, so that what is in use stays.
 */
export function createCache<V>(limit: number): Cache<V> {
  let newer = new Map<string, V>()
  let older = new Map<string, V>()
  const set = (name: string, value: V) => {
    if (newer.size >= limit / 2) {
      older = newer
      newer = new Map()
    }
    newer.set(name, value)
  }
  return {
    get: (name) => {
      const value = newer.get(name)
      if (value !== undefined) return value
      const before = older.get(name)
      if (before !== undefined) set(name, before)
      return before
    },
    set,
    clear: () => {
      newer = new Map()
      older = new Map()
    },
  }
}
