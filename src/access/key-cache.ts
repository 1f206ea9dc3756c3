import type { App } from '../app.ts'
import { type Cache, type CacheCounts, createCache } from '../kernel/cache.ts'
import { isLive } from './commands.ts'
import { hashOf } from './secret.ts'
import { findSignedKey, type SignedKey } from './store.ts'
import { openedSecret } from './stored-secrets.ts'

/** Milliseconds after which a key is read again, in case the notice of a change is lost. */
const CACHED_MS = 30_000
/** With more live keys than this, some are read again now and then. */
const CACHED_KEYS = 10_000
/** No header that long is a key; hashing it would only cost time. */
const SECRET_LIMIT = 512

/** A key as `SignedKey`, ready to check customer tokens; `secret` is null if it does not open. */
export type OpenedKey = Omit<SignedKey, 'signing'> & {
  signing: { secret: string | null; isEnforced: boolean } | null
}

export type KeyCache = {
  /** The live key of a secret; null for one that is unknown, expired or revoked. */
  find(secret: string): Promise<OpenedKey | null>
  /** Whether a secret was found to be good not long ago. It reads nothing. */
  knows(secret: string): boolean
  /** Drops all keys: some key has changed. */
  clear(): void
  /** While notices of changes cannot be received, nothing is cached. */
  listening(on: boolean): void
  counts(): CacheCounts
}

/**
 * Caches live keys, so that a request reads none. Every change of a key notifies all servers
 * through the database in its own transaction; a key read before such a notice is not cached.
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
      'a signing secret is sealed with another key than that of this server',
    )
  return { ...key, signing: { secret, isEnforced } }
}
