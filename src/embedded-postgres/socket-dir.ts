import { chownSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { hashOf, type Location, temporaryDirs } from './location.ts'
import { EmbeddedStartError } from './start-errors.ts'
import { canEnter, type DatabaseUser, statOrNull } from './user.ts'

/** The kernel's bound for the path of a unix socket, without its final NUL. */
const MAX_SOCKET_BYTES = 107

/**
 * Makes the directory of the socket, which only the database's user and root may enter: beside the
 * cluster, or in a temporary directory when the path there would be too long for the kernel.
 */
export function openSocketDir(location: Location): string {
  const beside = join(location.home, 'socket')
  const path = fits(beside) ? beside : shortDir(location)
  return own(path, location.user)
}

function shortDir(location: Location): string {
  const base = temporaryDirs().find((each) => isUsable(each, location.user))
  if (!base) {
    throw new EmbeddedStartError([
      `The path ${location.home} is too long for a socket, and so is every temporary directory's:`,
      'use a data directory with a shorter path.',
    ])
  }
  const path = join(realpathSync(base), `bursar-${hashOf(location.clusterDir)}`)
  const stats = statOrNull(path)
  const isOurs = stats?.isDirectory() && stats.uid === location.user.uid && !(stats.mode & 0o077)
  // A name that someone else has taken is left alone.
  return !stats || isOurs ? path : mkdtempSync(`${path}-`)
}

function isUsable(base: string, user: DatabaseUser): boolean {
  const path = join(base, `bursar-${'0'.repeat(16)}-XXXXXX`)
  return fits(path) && statOrNull(base) !== null && canEnter(base, user)
}

function fits(directory: string): boolean {
  return Buffer.byteLength(join(directory, '.s.PGSQL.5432')) <= MAX_SOCKET_BYTES
}

function own(path: string, user: DatabaseUser): string {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  if (user.switched && statOrNull(path)?.uid === 0) chownSync(path, user.uid, user.gid)
  return path
}
