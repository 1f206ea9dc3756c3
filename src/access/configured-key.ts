import type { App } from '../app.ts'
import type { Scope } from '../kernel/scope.ts'
import { configureKey } from './key-commands.ts'
import { keyFileOf, readKeyFile, writeKeyFile } from './key-file.ts'
import { isLive } from './key-rules.ts'
import { findConfiguredKey, findKeyByHash } from './key-store.ts'
import { hashOf, newSecret } from './secret.ts'

export type ConfiguredKey =
  /** `BURSAR_API_KEY` contains it, so the operator knows it. */
  | { from: 'variable' }
  /**
   * The key file contains it. `made` is the secret if this start created it, to be printed once.
   */
  | { from: 'file'; file: string; made: string | null }
  /** The database has a configured key that is not on this machine. */
  | { from: 'elsewhere' }

/**
 * Ensures that the default environment has its configured key: that of the variable, else that of
 * the key file, else a new one, which is written to the file (readable only by its owner).
 */
export async function ensureConfiguredKey(app: App, scope: Scope): Promise<ConfiguredKey> {
  if (app.config.apiKey !== null) {
    await configureKey(app, scope, app.config.apiKey)
    return { from: 'variable' }
  }
  const { dataDir } = app.config
  const file = keyFileOf(dataDir)
  const kept = await readKeyFile(dataDir)
  const configured = await findConfiguredKey(app.db.read, scope)
  if (configured !== null) {
    return kept?.startsWith(configured.prefix)
      ? { from: 'file', file, made: null }
      : { from: 'elsewhere' }
  }
  // A revoked key stays revoked. The secret in the file is then useless and is replaced.
  const known = kept === null ? null : await findKeyByHash(app.db.read, hashOf(kept))
  const usable = kept !== null && (known === null || isLive(known, app.clock.now()))
  const secret = usable ? kept : newSecret('full-access')
  // The file is written first. After a crash, the next start uses the key from the file. The other
  // way round, there would be a valid key that nobody knows.
  if (!usable) await writeKeyFile(dataDir, secret)
  await configureKey(app, scope, secret)
  return { from: 'file', file, made: usable ? null : secret }
}
