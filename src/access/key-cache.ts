import type { App } from '../app.ts'
import { type Cache, type CacheCounts, createCache } from '../kernel/cache.ts'
import { isLive } from './key-rules.ts'
import { findSignedKey, type SignedKey } from './key-store.ts'
import { hashOf } from './secret.ts'
import { openedSecret } from './stored-secrets.ts'

/**
 * Cached keys are read again after so many milliseconds, in case the notification of a change is
 * lost.
 */
const CACHED_MS = 30_000
/** If there are more live keys than this, some are read again now and then. */
const CACHED_KEYS = 10_000
/** No key is longer. Longer values are not worth hashing. */
const SECRET_LIMIT = 512

/**
 * A key with the decrypted secret for customer tokens. `secret` is null if this server cannot
 * decrypt it.
 */
export type OpenedKey = Omit<SignedKey, 'signing'> & {
  signing: { secret: string | null; isEnforced: boolean } | null
}

export type KeyCache = {
  /** Returns the live key with this secret, or null if it is unknown, expired or revoked. */
  find(secret: string): Promise<OpenedKey | null>
  /** Returns whether a secret is in the cache. Reads nothing from the database. */
  knows(secret: string): boolean
  /** Drops all keys, because a key has changed. */
  clear(): void
  /** While notifications cannot be received, nothing is cached. */
  listening(on: boolean): void
  counts(): CacheCounts
}

/**
 * Caches live keys, so that most requests need no query for their key. Each change of a key sends a
 * notification to all servers, in its own transaction. A key that was read before a notification
 * arrived is not cached.
 */
export function cacheKeys(app: App): KeyCache {
  const keys: Cache<string, OpenedKey> = createCache({ max: CACHED_KEYS, ttlMs: CACHED_MS })
  let isListening = false
  let notices = 0

  const read = async (secret: string): Promise<OpenedKey | null> => {
    const noticesBefore = notices
    const found = await findSignedKey(app.db.read, hashOf(secret))
    const key = found && (await opened(app, found))
    if (key !== null && isListening && notices === noticesBefore) keys.set(secret, key)
    return key
  }
  const clear = () => {
    notices += 1
    keys.clear()
  }

  return {
    find: async (secret) => {
      if (secret.length > SECRET_LIMIT) return null
      const key = keys.get(secret) ?? (await read(secret))
      return key !== null && isLive(key, app.clock.now()) ? key : null
    },
    knows: (secret) => keys.peek(secret) !== undefined,
    clear,
    listening: (on) => {
      isListening = on
      clear()
    },
    counts: keys.counts,
  }
}

async function opened(app: App, { signing, ...key }: SignedKey): Promise<OpenedKey> {
  if (signing === null) return { ...key, signing }
  const { stored, isEnforced } = signing
  const secret = await openedSecret(app, key.environmentKey, stored)
  if (secret === null)
    app.log.error(
      { environmentKey: key.environmentKey },
      'a signing secret is sealed with a key that this server does not have',
    )
  return { ...key, signing: { secret, isEnforced } }
}
