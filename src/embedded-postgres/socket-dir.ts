import { chownSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { hashOf, type Location, temporaryDirs } from './location.ts'
import { EmbeddedStartError } from './start-errors.ts'
import { canEnter, type DatabaseUser, statOrNull } from './user.ts'

/** The kernel's limit for the path of a unix socket, in bytes, without the final NUL. */
const MAX_SOCKET_BYTES = 107

/**
 * Creates the directory of the socket and returns its path. Only the database's user and root can
 * enter it. It is next to the cluster, or in a temporary directory if that path would be too long.
 * Throws an `EmbeddedStartError` if all paths are too long.
 */
export function openSocketDir(location: Location): string {
  const beside = join(location.home, 'socket')
  const path = fits(beside) ? beside : shortDir(location)
  return createFor(location.user, path)
}

function shortDir(location: Location): string {
  const base = temporaryDirs().find((each) => isUsable(each, location.user))
  if (!base) {
    throw new EmbeddedStartError([
      `The path ${location.home} is too long for a socket, and so are the temporary directories:`,
      'use a data directory with a shorter path.',
    ])
  }
  const path = join(realpathSync(base), `bursar-${hashOf(location.clusterDir)}`)
  const stats = statOrNull(path)
  const isOurs = stats?.isDirectory() && stats.uid === location.user.uid && !(stats.mode & 0o077)
  // If another user has created this path, another name is used.
  return !stats || isOurs ? path : mkdtempSync(`${path}-`)
}

function isUsable(base: string, user: DatabaseUser): boolean {
  const path = join(base, `bursar-${'0'.repeat(16)}-XXXXXX`)
  return fits(path) && statOrNull(base) !== null && canEnter(base, user)
}

function fits(directory: string): boolean {
  return Buffer.byteLength(join(directory, '.s.PGSQL.5432')) <= MAX_SOCKET_BYTES
}

function createFor(user: DatabaseUser, path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  if (user.switched && statOrNull(path)?.uid === 0) chownSync(path, user.uid, user.gid)
  return path
}
