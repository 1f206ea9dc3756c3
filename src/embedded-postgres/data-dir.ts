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

/** Inside the data directory: the lock of the server, and the home of the database. */
export const LOCK = 'bursar.lock'
export const HOME = 'postgres'

/** What Bursar itself puts into a data directory: only such a one is opened for its database. */
const OWN_NAMES = new Set([STATE_FILE, `${STATE_FILE}.tmp`, HOME, LOCK, 'api-key', 'lost+found'])

/** Makes the data directory when it is missing, for its owner only, and returns its real path. */
export function openDataDir(dataDir: string): string {
  const path = resolve(dataDir)
  try {
    if (!statOrNull(path)) {
      // Only the last directory is Bursar's: its parents keep the usual mode.
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
 * Lets the group of user 65534 pass through a data directory that is root's and Bursar's alone.
 * Passing is all it gives: the directory cannot be listed, and its files keep their own modes. The
 * cluster then stays where the operator wanted it, on the mounted volume of a container say.
 */
export function letIn(dataDir: string, user: DatabaseUser): void {
  if (!user.switched || canEnter(dataDir, user)) return
  const isOurs =
    statOrNull(dataDir)?.uid === 0 && readdirSync(dataDir).every((name) => OWN_NAMES.has(name))
  if (!isOurs || !canEnter(dirname(dataDir), user)) return
  chownSync(dataDir, 0, user.gid)
  chmodSync(dataDir, 0o710)
}
