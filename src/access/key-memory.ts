import type { App } from '../app.ts'
import { isLive } from './commands.ts'
import { hashOf } from './secret.ts'
import { findSignedKey, type SignedKey } from './store.ts'
import { openedSecret } from './stored-secrets.ts'

/** Milliseconds after which a key is looked up again, should the news of a change ever be lost. */
const REMEMBERED_MS = 30_000
/** More live keys than this are looked up again now and then. */
const REMEMBERED_LIMIT = 10_000
/** No header that long is a key; hashing it would only cost time. */
const SECRET_LIMIT = 512

/** A key as `SignedKey`, ready to check customer tokens; `secret` is null if it does not open. */
export type OpenedKey = Omit<SignedKey, 'signing'> & {
  signing: { secret: string | null; isEnforced: boolean } | null
}

export type KeyMemory = {
  /** The live key of a secret; null for one that is unknown, expired or revoked. */
  find(secret: string): Promise<OpenedKey | null>
  /** Whether a secret was found to be good not long ago. It needs no look-up. */
  knows(secret: string): boolean
  /** Forgets all remembered keys: some key has changed. */
  forget(): void
  /** While the news of changes cannot be heard, nothing is remembered. */
  listening(on: boolean): void
}

/**
 * Remembers live keys, so that a request costs no look-up. Every change of a key is announced
 * through the database in its own transaction; a key read before such news is not remembered.
 */
export function rememberKeys(app: App): KeyMemory {
  const remembered = new Map<string, { key: OpenedKey; since: number }>()
  let heard = false
  let news = 0

  const lookUp = async (secret: string): Promise<OpenedKey | null> => {
    const newsBefore = news
    const found = await findSignedKey(app.db.read, hashOf(secret))
    const key = found && (await opened(app, found))
    if (key !== null && heard && news === newsBefore) {
      if (remembered.size >= REMEMBERED_LIMIT) remembered.clear()
      remembered.set(secret, { key, since: performance.now() })
    }
    return key
  }
  const forget = () => {
    news += 1
    remembered.clear()
  }

  return {
    find: async (secret) => {
      if (secret.length > SECRET_LIMIT) return null
      const known = remembered.get(secret)
      const isFresh = known !== undefined && performance.now() - known.since < REMEMBERED_MS
      const key = isFresh ? known.key : await lookUp(secret)
      return key !== null && isLive(key, app.clock.now()) ? key : null
    },
    knows: (secret) => remembered.has(secret),
    forget,
    listening: (on) => {
      heard = on
      forget()
    },
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
