import { createHash } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { EmbeddedStartError } from './sentences.ts'
import { canEnter, type DatabaseUser, databaseUser, statOrNull } from './user.ts'

/** Where the parts of one embedded database live. */
export type Location = {
  /** Holds everything below; owned by the database's user. */
  home: string
  clusterDir: string
  /** Where a copy of the binaries goes, should one be needed. */
  binariesParent: string
  /** The lock of the cluster, when it lives outside the data directory; else null. */
  outsideLock: string | null
  user: DatabaseUser
}

/** Names the home of the cluster; written once the cluster is complete. */
const RECORD = 'postgres.json'
const HOME = 'postgres'
export const LOCK = 'bursar.lock'

/** What Bursar itself puts into a data directory: only such a directory is opened for its database. */
const OWN_NAMES = new Set([RECORD, HOME, LOCK, `${LOCK}-journal`, 'api-key', 'lost+found'])

/** Makes the data directory when it is missing and returns its real path. */
export function openDataDir(dataDir: string): string {
  const path = resolve(dataDir)
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return realpathSync(path)
  } catch (error) {
    throw new EmbeddedStartError(
      `The data directory ${path} cannot be made or written (${(error as Error).message}).`,
      { cause: error },
    )
  }
}

/** The home of the cluster of a data directory, or null before the first start was complete. */
export function recordedHome(dataDir: string): string | null {
  try {
    const record = JSON.parse(readFileSync(join(dataDir, RECORD), 'utf8')) as { home: string }
    return resolve(dataDir, record.home)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new EmbeddedStartError(
      `The file ${join(dataDir, RECORD)}, which says where the database lives, cannot be read (${(error as Error).message}).`,
      { cause: error },
    )
  }
}

/** Writes where the cluster lives, relative when it is inside, so that the directory may move. */
export function recordHome(dataDir: string, home: string): void {
  const inside = relative(dataDir, home)
  const file = join(dataDir, RECORD)
  const text = JSON.stringify({ home: inside.startsWith('..') ? home : inside })
  if (statOrNull(file) && readFileSync(file, 'utf8') === text) return
  const draft = openSync(`${file}.tmp`, 'w', 0o600)
  writeFileSync(draft, text)
  fsyncSync(draft)
  closeSync(draft)
  renameSync(`${file}.tmp`, file)
}

/**
 * Finds the cluster of a data directory, or the place for a new one. As an ordinary user that is
 * inside the data directory; as root too if user 65534 can be let in, else one of the outside
 * places. Throws an `EmbeddedStartError` when a recorded cluster is gone or no place is left.
 */
export function locate(dataDir: string): Location {
  const inside = join(dataDir, HOME)
  const recorded = recordedHome(dataDir)
  if (recorded && !statOrNull(join(clusterOf(recorded), 'PG_VERSION')))
    throw lost(recorded, dataDir)
  const user = databaseUser(clusterOf(recorded ?? inside))
  if (recorded) return placeAt(recorded, dataDir, user)
  letIn(dataDir, user)
  if (canEnter(dataDir, user)) return placeAt(inside, dataDir, user)
  const base = outsideBases().find((each) => isUsableBase(each, user))
  if (!base) {
    throw new EmbeddedStartError(
      `PostgreSQL does not run as root, and user ${user.uid}, as whom it runs instead, can enter neither ${dataDir} nor a place outside it: use another data directory, or start Bursar as an ordinary user.`,
    )
  }
  return placeAt(join(base, hashOf(dataDir)), dataDir, user)
}

/** A short name that stands for a path. */
export function hashOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16)
}

/** Temporary directories that other users may enter too, the configured one first. */
export function temporaryDirs(): string[] {
  return [...new Set([tmpdir(), '/tmp', '/var/tmp'])].filter((path) => isAbsolute(path))
}

function clusterOf(home: string): string {
  return join(home, 'cluster')
}

function placeAt(home: string, dataDir: string, user: DatabaseUser): Location {
  const outside = relative(dataDir, home).startsWith('..')
  mkdirSync(home, { recursive: true, mode: 0o700 })
  if (user.switched && statOrNull(home)?.uid === 0) chownSync(home, user.uid, user.gid)
  const owner = statOrNull(clusterOf(home))?.uid ?? user.uid
  if (owner !== user.uid) {
    throw new EmbeddedStartError(
      `The database in ${home} belongs to user ${owner}: start Bursar as that user.`,
    )
  }
  return {
    home,
    clusterDir: clusterOf(home),
    binariesParent: outside ? resolve(home, '..') : home,
    outsideLock: outside ? `${home}.lock` : null,
    user,
  }
}

/**
 * Lets the group of user 65534 pass through a data directory that is root's and Bursar's alone.
 * Passing is all it gives: the directory cannot be listed, and its files keep their own modes. The
 * cluster then stays where the operator wanted it, on the mounted volume of a container say.
 */
function letIn(dataDir: string, user: DatabaseUser): void {
  const stats = statOrNull(dataDir)
  const isOurs = stats?.uid === 0 && readdirSync(dataDir).every((name) => OWN_NAMES.has(name))
  if (!user.switched || !isOurs || canEnter(dataDir, user)) return
  if (!canEnter(resolve(dataDir, '..'), user)) return
  chownSync(dataDir, 0, user.gid)
  chmodSync(dataDir, 0o710)
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
  return new EmbeddedStartError(
    `The database of ${dataDir} lived in ${home} and is not there any more: bring it back, or delete ${join(dataDir, RECORD)} to start with an empty one.`,
  )
}
