import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  mkdirSync,
  readdirSync,
  realpathSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { EmbeddedStartError } from './start-errors.ts'
import { STATE_FILE } from './state-file.ts'
import { canEnter, type DatabaseUser, statOrNull } from './user.ts'

/** Names in the data directory: the lock of the server, and the home of the database. */
export const LOCK = 'bursar.lock'
export const HOME = 'postgres'

/**
 * What Bursar puts into a data directory. A directory with anything else is not opened for another
 * user.
 */
const OWN_NAMES = new Set([
  STATE_FILE,
  `${STATE_FILE}.tmp`,
  HOME,
  LOCK,
  'api-key',
  'secret-key',
  'lost+found',
])

/**
 * Creates the data directory if it is missing, accessible only to its owner. Returns its real path.
 * Throws an `EmbeddedStartError` if it cannot be created or written.
 */
export function openDataDir(dataDir: string): string {
  const path = resolve(dataDir)
  try {
    if (!statOrNull(path)) {
      // Only the last directory belongs to Bursar. Its parents get the usual mode.
      mkdirSync(dirname(path), { recursive: true })
      mkdirSync(path, { mode: 0o700 })
    }
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    readdirSync(path)
    return realpathSync(path)
  } catch (error) {
    throw new EmbeddedStartError(
      `The data directory ${path} cannot be made or written (${(error as Error).message}).`,
      { cause: error },
    )
  }
}

/**
 * Lets the database's group traverse a data directory that belongs to root and contains only
 * Bursar's files. The group cannot list it, and the files keep their modes. So the cluster can be
 * where the operator wants it, for example on the volume of a container.
 */
export function allowTraversal(dataDir: string, user: DatabaseUser): void {
  if (!user.switched || canEnter(dataDir, user)) return
  const isOurs =
    statOrNull(dataDir)?.uid === 0 && readdirSync(dataDir).every((name) => OWN_NAMES.has(name))
  if (!isOurs || !canEnter(dirname(dataDir), user)) return
  chownSync(dataDir, 0, user.gid)
  chmodSync(dataDir, 0o710)
}
