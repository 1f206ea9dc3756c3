import type { App } from '../app.ts'
import { ConfigError } from '../config.ts'
import type { Reader } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import { isSealed, type SealingKey, seal, unseal } from './sealing.ts'
import { findSealingKey, requireSealingKey, secretKeyFileOf } from './sealing-key.ts'
import { listSigning, sealSigning } from './signing-store.ts'

const placeOf = (environmentKey: Uuid): string => `signing secret of ${environmentKey}`

/** A signing secret as it is to be stored. */
export const sealedSecret = async (
  { config }: App,
  environmentKey: Uuid,
  secret: string,
): Promise<string> => seal(secret, await requireSealingKey(config), placeOf(environmentKey))

/** A stored signing secret; null when this machine has not the key that it is sealed with. */
export const openedSecret = async (
  { config }: App,
  environmentKey: Uuid,
  stored: string,
): Promise<string | null> =>
  isSealed(stored) ? openedWith(await findSealingKey(config), { environmentKey, stored }) : stored

type StoredSecret = { environmentKey: Uuid; stored: string }

const openedWith = (key: SealingKey | null, { environmentKey, stored }: StoredSecret) =>
  key && unseal(stored, key, placeOf(environmentKey))

/** What is stored of secrets, as far as a machine can open it. */
export type StoredSecrets = {
  /** In clear, as versions before kept them. */
  plain: StoredSecret[]
  /** The environments of those that do not open. */
  closed: string[]
  count: number
}

/** Looks at what is stored, by the key of this machine. */
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

/** How many environments a sentence names. */
const NAMED = 5

/** Why a machine cannot open what is stored, and the ways out. */
export const sealedOtherwise = (config: App['config'], closed: readonly string[]): string =>
  `the signing secrets of ${closed.slice(0, NAMED).join(', ')}` +
  `${closed.length > NAMED ? ', …' : ''} are sealed with another key: ` +
  'set BURSAR_SECRET_KEY to that of the other servers, or bring ' +
  `their secret-key to ${secretKeyFileOf(config.dataDir)}; if it is lost, bursar signing secret ` +
  '--renew --environment <id> makes new ones'

/**
 * Seals what versions before have stored in clear. Throws `ConfigError` when something is stored
 * that this server cannot open: it would refuse customers that others serve.
 */
export async function sealStoredSecrets(app: App): Promise<void> {
  const { plain, closed } = await lookAtSecrets(app.db.read, app.config)
  if (closed.length > 0) throw new ConfigError(sealedOtherwise(app.config, closed))
  for (const { environmentKey, stored } of plain) {
    const sealed = await sealedSecret(app, environmentKey, stored)
    await app.db.transaction((tx) => sealSigning(tx, { environmentKey, stored, sealed }))
  }
}
