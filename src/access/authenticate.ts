import type { App } from '../app.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { isLive } from './commands.ts'
import { hashOf } from './secret.ts'
import { findKeyByHash } from './store.ts'
import type { ApiKey, Caller } from './types.ts'

/** More live keys than this are looked up again now and then. */
const REMEMBERED_LIMIT = 10_000
/** No header that long is a key; hashing it would only cost time. */
const SECRET_LIMIT = 512

export type Authenticator = {
  /** Who sends this `X-API-KEY`. 401 for a key that is missing, unknown, expired or revoked. */
  authenticate(secret: string | undefined): Promise<Caller>
  /** Forgets all remembered keys: some key has changed. */
  forget(): void
  /** While the news of changes cannot be heard, nothing is remembered. */
  listening(on: boolean): void
}

/**
 * Remembers live keys, so that a request costs no look-up. Every change of a key is announced
 * through the database in its own transaction; a key read before such news is not remembered.
 */
export function createAuthenticator(app: App): Authenticator {
  const remembered = new Map<string, ApiKey>()
  let heard = false
  let news = 0

  const lookUp = async (secret: string): Promise<ApiKey | null> => {
    const newsBefore = news
    const key = await findKeyByHash(app.db.read, hashOf(secret))
    if (key !== null && heard && news === newsBefore) {
      if (remembered.size >= REMEMBERED_LIMIT) remembered.clear()
      remembered.set(secret, key)
    }
    return key
  }
  const forget = () => {
    news += 1
    remembered.clear()
  }

  return {
    authenticate: async (secret) => {
      if (secret === undefined || secret === '')
        throw unauthenticated('send an API key in the X-API-KEY header')
      const known = secret.length > SECRET_LIMIT ? null : remembered.get(secret)
      const key = known === undefined ? await lookUp(secret) : known
      if (key === null || !isLive(key, app.clock.now()))
        throw unauthenticated('the API key is unknown, expired or revoked')
      return { scope: { environmentKey: key.environmentKey }, keyId: key.keyId, kind: key.kind }
    },
    forget,
    listening: (on) => {
      heard = on
      forget()
    },
  }
}
