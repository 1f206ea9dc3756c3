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
import { HOME, letIn } from './data-dir.ts'
import { EmbeddedStartError } from './start-errors.ts'
import { readStateFile, STATE_FILE } from './state-file.ts'
import { canEnter, type DatabaseUser, databaseUser, isInside, statOrNull } from './user.ts'

/** Where the parts of one embedded database live. */
export type Location = {
  /** Holds everything below; owned by the database's user. */
  home: string
  clusterDir: string
  /** Where a copy of the binaries goes, should one be needed. */
  binariesParent: string
  /** The lock of the cluster, when it lives outside the data directory; else null. */
  outsideLock: string | null
  /** Nothing has been recorded for this data directory yet. */
  isNew: boolean
  user: DatabaseUser
}

/**
 * Finds the cluster of a data directory, or the place for a new one. As an ordinary user that is
 * inside the data directory; as root too if user 65534 can be let in, else one of the outside
 * places. Throws an `EmbeddedStartError` when a recorded cluster is gone or no place is left.
 */
export function locate(dataDir: string): Location {
  const inside = join(dataDir, HOME)
  const recorded = readStateFile(dataDir)
  if (recorded?.isComplete && !isCluster(clusterOf(recorded.home))) {
    throw lost(recorded.home, dataDir)
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
 * Makes the home for the database's user. Call it with all locks held: a cluster that an earlier,
 * deleted data directory of the same path has left outside is moved aside, and its new path is
 * returned.
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

/** Where the cluster is in a home. */
export function clusterOf(home: string): string {
  return join(home, 'cluster')
}

/** Whether there is a complete cluster: it only ever appears whole under its name. */
export function isCluster(clusterDir: string): boolean {
  return statSync(join(clusterDir, 'PG_VERSION'), { throwIfNoEntry: false }) !== undefined
}

/** A short name that stands for a path. */
export function hashOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16)
}

/** Temporary directories that other users may enter too, the configured one first. */
export function temporaryDirs(): string[] {
  const paths = [tmpdir(), '/tmp', '/var/tmp']
  return [...new Set(paths)].filter((path) => isAbsolute(path) && statOrNull(path) !== null)
}

function newHome(dataDir: string, user: DatabaseUser): string {
  letIn(dataDir, user)
  if (canEnter(dataDir, user)) return join(dataDir, HOME)
  const base = outsideBases().find((each) => isUsableBase(each, user))
  if (base) return join(base, hashOf(dataDir))
  throw new EmbeddedStartError([
    `PostgreSQL does not run as root, and user ${user.uid}, as whom it runs instead,`,
    `can enter neither ${dataDir} nor a place outside it:`,
    'use another data directory, or start Bursar as an ordinary user.',
  ])
}

/** Where root keeps clusters that cannot be in their data directory. */
function outsideBases(): string[] {
  return ['/var/lib/bursar', ...temporaryDirs().map((path) => join(path, 'bursar-root'))]
}

/** Makes the directory if it can; one that somebody else could have prepared is not used. */
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

function lost(home: string, dataDir: string): EmbeddedStartError {
  return new EmbeddedStartError([
    `The database of ${dataDir} lived in ${home} and is not there any more:`,
    `bring it back, or delete ${join(dataDir, STATE_FILE)} to start with an empty one.`,
  ])
}
