import { createHash, randomUUID } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  mkdirSync,
  renameSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { allowTraversal, HOME } from './data-dir.ts'
import { EmbeddedStartError } from './start-errors.ts'
import { readStateFile, STATE_FILE } from './state-file.ts'
import { canEnter, type DatabaseUser, databaseUser, isInside, statOrNull } from './user.ts'

/** The paths of an embedded database. */
export type Location = {
  /** The directory of the database. It belongs to the database's user. */
  home: string
  clusterDir: string
  /** The parent directory for a copy of the binaries, if one is needed. */
  binariesParent: string
  /** The path of the cluster's lock if the home is outside the data directory, otherwise null. */
  outsideLock: string | null
  /** Whether the data directory has no state file yet. */
  isNew: boolean
  user: DatabaseUser
}

/**
 * Returns the paths of a data directory's database, or of a new one. A new home is inside the data
 * directory, unless the server is root and user 65534 cannot be given access to it. Then it is in
 * one of `outsideBases`. Throws an `EmbeddedStartError` if the cluster of the state file is missing
 * or no directory is suitable.
 */
export function locate(dataDir: string): Location {
  const inside = join(dataDir, HOME)
  const recorded = readStateFile(dataDir)
  if (recorded?.isComplete && !isCluster(clusterOf(recorded.home))) {
    throw clusterMissing(recorded.home, dataDir)
  }
  const user = databaseUser(clusterOf(recorded?.home ?? inside))
  const home = recorded?.home ?? newHome(dataDir, user)
  const isOutside = !isInside(home, dataDir)
  return {
    home,
    clusterDir: clusterOf(home),
    binariesParent: isOutside ? dirname(home) : home,
    outsideLock: isOutside ? `${home}.lock` : null,
    isNew: recorded === null,
    user,
  }
}

/**
 * Creates the home for the database's user. All locks must be held. An earlier data directory with
 * the same path may have been deleted while its home outside still exists. That home is renamed,
 * and its new path is returned. Throws an `EmbeddedStartError` if the cluster belongs to another
 * user.
 */
export function openHome(location: Location): { movedAside: string | null } {
  const { home, clusterDir, user } = location
  const isForeign = location.isNew && location.outsideLock !== null && statOrNull(home) !== null
  const movedAside = isForeign ? `${home}.old-${randomUUID()}` : null
  if (movedAside) renameSync(home, movedAside)
  mkdirSync(home, { recursive: true, mode: 0o700 })
  if (user.switched && statOrNull(home)?.uid === 0) chownSync(home, user.uid, user.gid)
  const owner = statOrNull(clusterDir)?.uid ?? user.uid
  if (owner === user.uid) return { movedAside }
  throw new EmbeddedStartError(
    `The database in ${home} belongs to user ${owner}: start Bursar as that user.`,
  )
}

/** Returns the directory of the cluster in a home. */
export function clusterOf(home: string): string {
  return join(home, 'cluster')
}

/** Returns whether the cluster exists. It gets its name only when it is complete. */
export function isCluster(clusterDir: string): boolean {
  return statSync(join(clusterDir, 'PG_VERSION'), { throwIfNoEntry: false }) !== undefined
}

/** Returns a short name for a path: 16 hexadecimal digits. */
export function hashOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16)
}

/** Returns the temporary directories of the system, the configured one first. */
export function temporaryDirs(): string[] {
  const paths = [tmpdir(), '/tmp', '/var/tmp']
  return [...new Set(paths)].filter((path) => isAbsolute(path) && statOrNull(path) !== null)
}

function newHome(dataDir: string, user: DatabaseUser): string {
  allowTraversal(dataDir, user)
  if (canEnter(dataDir, user)) return join(dataDir, HOME)
  const base = outsideBases().find((each) => isUsableBase(each, user))
  if (base) return join(base, hashOf(dataDir))
  throw new EmbeddedStartError([
    `PostgreSQL does not run as root, and user ${user.uid}, as whom it runs instead,`,
    `can enter neither ${dataDir} nor a place outside it:`,
    'use another data directory, or start Bursar as an ordinary user.',
  ])
}

/** Returns the directories for homes that cannot be in their data directory. Only for root. */
function outsideBases(): string[] {
  return ['/var/lib/bursar', ...temporaryDirs().map((path) => join(path, 'bursar-root'))]
}

/**
 * Creates the directory if it is missing. Returns whether it can be used. It cannot if another user
 * could have created or can change it.
 */
function isUsableBase(base: string, user: DatabaseUser): boolean {
  try {
    mkdirSync(base, { mode: 0o711 })
    chmodSync(base, 0o711)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false
  }
  const stats = statOrNull(base)
  if (!stats?.isDirectory() || stats.uid !== 0 || stats.mode & 0o022) return false
  try {
    accessSync(base, constants.W_OK)
  } catch {
    return false
  }
  return canEnter(base, user)
}

function clusterMissing(home: string, dataDir: string): EmbeddedStartError {
  return new EmbeddedStartError([
    `The database of ${dataDir} was in ${home} and is not there any more:`,
    `bring it back, or delete ${join(dataDir, STATE_FILE)} to start with an empty one.`,
  ])
}
