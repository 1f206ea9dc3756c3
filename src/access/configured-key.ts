import type { App } from '../app.ts'
import type { Scope } from '../kernel/scope.ts'
import { configureKey, isLive } from './commands.ts'
import { keyFileOf, readKeyFile, writeKeyFile } from './key-file.ts'
import { hashOf, newSecret } from './secret.ts'
import { findConfiguredKey, findKeyByHash } from './store.ts'

export type ConfiguredKey =
  /** The variable names it; the operator knows it. */
  | { from: 'variable' }
  /** It stands in the key file; `made` when this start made it, to be printed once. */
  | { from: 'file'; file: string; made: string | null }
  /** The database has one that this machine does not hold. */
  | { from: 'elsewhere' }

/**
 * Sees to it that the default environment has its configured key: the variable's, else the key
 * file's, else a new one that is written to the file (readable by its owner alone).
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
  // A key that was revoked stays so: the file's secret opens nothing any more and makes room.
  const known = kept === null ? null : await findKeyByHash(app.db.read, hashOf(kept))
  const usable = kept !== null && (known === null || isLive(known, app.clock.now()))
  const secret = usable ? kept : newSecret('full-access')
  // The file first: a crash in between leaves a key that the next start takes up, never one that
  // opens the environment and that nobody knows.
  if (!usable) await writeKeyFile(dataDir, secret)
  await configureKey(app, scope, secret)
  return { from: 'file', file, made: usable ? null : secret }
}
