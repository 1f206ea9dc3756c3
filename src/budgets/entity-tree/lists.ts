import type { Database } from '../../db/index.ts'
import { perEpoch } from '../../db/index.ts'
import { createCache } from '../../kernel/cache.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { listKeys } from './list-store.ts'
import type { ListQuery } from './types.ts'

/** Shorter lists are ordered anew for each request. */
const LEAST_CACHED = 2000
/**
 * How long a list is cached, in milliseconds for each entity in it: about a hundred times as long
 * as ordering it takes, and at most a minute.
 */
const CACHED_MS = 0.6
const CACHED_AT_MOST_MS = 60_000
/** All cached lists of a server, and the longest one: 1,000,000 entities. */
const CACHE_BYTES = 64_000_000
const LONGEST_BYTES = 16_000_000

const KEY_BYTES = 16

/** The keys of the entities of a list, in its order. */
export type OrderedList = {
  total: number
  orderedAt: Instant
  /** Returns at most `limit` keys from a place on. */
  from(place: number, limit: number): Uuid[]
  /** Returns the place of an entity. Null if it is not in the list. */
  placeOf(entityKey: Uuid): number | null
}

type CachedList = OrderedList & { structureVersion: Uuid; bytes: number }

/** The customer of a list, as it is now. */
export type ListOwner = { customerKey: Uuid; structureVersion: Uuid; now: Instant }

const cacheOf = perEpoch(() =>
  createCache<string, CachedList>({
    maxBytes: CACHE_BYTES,
    maxEntryBytes: LONGEST_BYTES,
    bytesOf: ({ bytes }) => bytes,
  }),
)

/**
 * Returns a list. A long one is cached for a while, unless the customer's structure changes:
 * ordering 100,000 entities takes a second, and a client that scrolls through them asks for a
 * hundred parts.
 */
export async function orderedList(
  db: Database,
  { customerKey, structureVersion, now }: ListOwner,
  query: ListQuery,
): Promise<OrderedList> {
  const cache = cacheOf(db)
  const name = JSON.stringify([customerKey, query], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  const known = cache.get(name)
  if (known !== undefined && known.structureVersion === structureVersion && isFresh(known, now))
    return known
  const keys = await listKeys(db.read, customerKey, { query, now })
  const list = { ...listOf(keys, now), structureVersion, bytes: keys.length + name.length }
  if (list.total >= LEAST_CACHED) cache.set(name, list)
  return list
}

const isFresh = ({ total, orderedAt }: OrderedList, now: Instant): boolean =>
  now >= orderedAt && now < orderedAt + Math.min(CACHED_AT_MOST_MS, total * CACHED_MS)

function listOf(keys: Buffer, orderedAt: Instant): OrderedList {
  const total = keys.length / KEY_BYTES
  return {
    total,
    orderedAt,
    from: (place, limit) => {
      const length = Math.max(0, Math.min(limit, total - place))
      return Array.from({ length }, (_, index) => uuidAt(keys, (place + index) * KEY_BYTES))
    },
    placeOf: (entityKey) => {
      const sought = Buffer.from(entityKey.replaceAll('-', ''), 'hex')
      let at = keys.indexOf(sought)
      // The bytes may also occur across two keys.
      while (at !== -1 && at % KEY_BYTES !== 0) at = keys.indexOf(sought, at + 1)
      return at === -1 ? null : at / KEY_BYTES
    },
  }
}

const uuidAt = (keys: Buffer, at: number): Uuid =>
  keys
    .toString('hex', at, at + KEY_BYTES)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
