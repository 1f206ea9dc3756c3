/** Values in memory, up to a maximum number. Any of them may be dropped at any time. */
export type Cache<V> = {
  get(name: string): V | undefined
  set(name: string, value: V): void
  clear(): void
}

/**
 * Creates a cache of two halves. When the newer half is full, the older one is dropped. A value
 * that is read moves to the newer half, so values in use stay.
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
      const olderValue = older.get(name)
      if (olderValue !== undefined) set(name, olderValue)
      return olderValue
    },
    set,
    clear: () => {
      newer = new Map()
      older = new Map()
    },
  }
}

/**
 * Returns the values of things by name. Those that are not cached are read together and then
 * cached. What `read` does not find is absent.
 */
export async function readThrough<T, V>(
  cache: Cache<V>,
  things: readonly T[],
  by: {
    nameOf: (thing: T) => string
    read: (missing: T[]) => Promise<Iterable<readonly [name: string, value: V]>>
  },
): Promise<ReadonlyMap<string, V>> {
  const found = new Map<string, V>()
  const missing = new Map<string, T>()
  for (const thing of things) {
    const name = by.nameOf(thing)
    const value = cache.get(name)
    if (value === undefined) missing.set(name, thing)
    else found.set(name, value)
  }
  if (missing.size === 0) return found
  for (const [name, value] of await by.read([...missing.values()])) {
    found.set(name, value)
    cache.set(name, value)
  }
  return found
}
