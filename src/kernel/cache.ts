import { LRUCache } from 'lru-cache'
import { assert } from './assert.ts'

export type CacheOptions<V> = {
  /**
   * The maximum number of entries. Adding one more drops the least recently used entry. The memory
   * for this many entries is allocated at once, unless `grows`. Without `max`, `maxBytes` is
   * required.
   */
  max?: number
  /**
   * Whether the memory is allocated as entries are added. For a cache that is often created and
   * seldom full: 40,000 entries take 7 ms at once. Not together with `maxBytes`.
   */
  grows?: boolean
  /** How long `get` returns an entry, in milliseconds of the machine's time. */
  ttlMs?: number
  /** The maximum size of all entries together. `bytesOf` gives the size of each. */
  maxBytes?: number
  /** The maximum size of one entry. A larger one is not cached. The default is `maxBytes`. */
  maxEntryBytes?: number
  bytesOf?: (value: V) => number
  /** Called with each value that is dropped to make room. */
  onDrop?: (value: V) => void
}

export type CacheCounts = { readonly hits: number; readonly misses: number; readonly size: number }

/** A map with a bounded number of entries, which drops the least recently used ones. */
export type Cache<K, V> = {
  /** Returns the value. Counts a hit or a miss, and makes the entry the most recently used. */
  get(key: K): V | undefined
  /** Returns the value, also of an expired entry. Neither counts nor changes the order. */
  peek(key: K): V | undefined
  /** Caches a value. Call it again for a value that has grown: its size counts as it is now. */
  set(key: K, value: V): void
  /** Returns whether there was such an entry. */
  delete(key: K): boolean
  clear(): void
  /** Returns the entry that will be dropped next. */
  oldest(): [key: K, value: V] | undefined
  counts(): CacheCounts
  /** Returns the size of all entries together, as `bytesOf` gives it. */
  bytes(): number
}

export function createCache<K extends {}, V extends {}>(options: CacheOptions<V>): Cache<K, V> {
  const { max = 0, grows = false, ttlMs, maxBytes, maxEntryBytes, bytesOf, onDrop } = options
  assert(!(grows && maxBytes !== undefined), 'a cache that grows has no limit of bytes')
  const entries = new LRUCache<K, V>({
    noDeleteOnStaleGet: true,
    // The library allocates a number of entries at once, but not a size.
    ...(grows ? { maxSize: max, sizeCalculation: () => 1 } : { max }),
    ...(ttlMs !== undefined && { ttl: ttlMs }),
    ...(maxBytes !== undefined && { maxSize: maxBytes }),
    ...(maxEntryBytes !== undefined && { maxEntrySize: maxEntryBytes }),
    // The library does not accept an entry of size 0.
    ...(bytesOf !== undefined && { sizeCalculation: (value: V) => Math.max(1, bytesOf(value)) }),
    ...(onDrop !== undefined && {
      dispose: (value: V, _: K, reason: LRUCache.DisposeReason) => {
        if (reason === 'evict') onDrop(value)
      },
    }),
  })
  let hits = 0
  let misses = 0
  return {
    get: (key) => {
      const found = entries.get(key)
      if (found === undefined) misses += 1
      else hits += 1
      return found
    },
    peek: (key) => entries.peek(key, { allowStale: true }),
    set: (key, value) => {
      // The library keeps the size of a value that it already has.
      if (bytesOf !== undefined && entries.peek(key, { allowStale: true }) === value)
        entries.delete(key)
      entries.set(key, value)
    },
    delete: (key) => entries.delete(key),
    clear: () => entries.clear(),
    oldest: () => {
      for (const [key, value] of entries.rentries()) return [key as K, value as V]
      return undefined
    },
    counts: () => ({ hits, misses, size: entries.size }),
    bytes: () => entries.calculatedSize,
  }
}
