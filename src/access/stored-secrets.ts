import type { App } from '../app.ts'
import { ConfigError } from '../config.ts'
import type { Reader } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import { isSealed, type SealingKey, seal, unseal } from './sealing.ts'
import { findSealingKey, requireSealingKey, secretKeyFileOf } from './sealing-key.ts'
import { listSigning, sealSigning } from './signing-store.ts'

const placeOf = (environmentKey: Uuid): string => `signing secret of ${environmentKey}`

/** Returns the sealed form of a signing secret. */
export const sealedSecret = async (
  { config }: App,
  environmentKey: Uuid,
  secret: string,
): Promise<string> => seal(secret, await requireSealingKey(config), placeOf(environmentKey))

/** Returns the decrypted signing secret, or null if this machine does not have its sealing key. */
export const openedSecret = async (
  { config }: App,
  environmentKey: Uuid,
  stored: string,
): Promise<string | null> =>
  isSealed(stored) ? openedWith(await findSealingKey(config), { environmentKey, stored }) : stored

type StoredSecret = { environmentKey: Uuid; stored: string }

const openedWith = (key: SealingKey | null, { environmentKey, stored }: StoredSecret) =>
  key && unseal(stored, key, placeOf(environmentKey))

/** Which stored secrets a machine can decrypt. */
export type StoredSecrets = {
  /** Unencrypted, as earlier versions stored them. */
  plain: StoredSecret[]
  /** The environments whose secrets cannot be decrypted. */
  closed: string[]
  count: number
}

/** Tries to decrypt all stored secrets with the key of this machine. */
export async function lookAtSecrets(reader: Reader, config: App['config']): Promise<StoredSecrets> {
  const all = await listSigning(reader)
  const key = await findSealingKey(config)
  const sealed = all.filter(({ stored }) => isSealed(stored))
  return {
    plain: all.filter(({ stored }) => !isSealed(stored)),
    closed: sealed.filter((each) => openedWith(key, each) === null).map(({ id }) => id),
    count: all.length,
  }
}

/** The maximum number of environments in a message. */
const NAMED = 5

/** Returns a message that says why secrets cannot be decrypted, and what to do. */
export const sealedOtherwise = (config: App['config'], closed: readonly string[]): string =>
  `the signing secrets of ${closed.slice(0, NAMED).join(', ')}` +
  `${closed.length > NAMED ? ', …' : ''} are sealed with another key: ` +
  'set BURSAR_SECRET_KEY to that of the other servers, or copy ' +
  `their secret-key to ${secretKeyFileOf(config.dataDir)}; if it is lost, bursar signing secret ` +
  '--renew --environment <id> makes new ones'

/**
 * Seals secrets that earlier versions stored unencrypted. Throws `ConfigError` if there are secrets
 * that this server cannot decrypt: it would refuse customers that other servers accept.
 */
export async function sealStoredSecrets(app: App): Promise<void> {
  const { plain, closed } = await lookAtSecrets(app.db.read, app.config)
  if (closed.length > 0) throw new ConfigError(sealedOtherwise(app.config, closed))
  for (const { environmentKey, stored } of plain) {
    const sealed = await sealedSecret(app, environmentKey, stored)
    await app.db.transaction((tx) => sealSigning(tx, { environmentKey, stored, sealed }))
  }
}
