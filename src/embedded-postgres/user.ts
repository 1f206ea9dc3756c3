import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** As whom PostgreSQL runs. `switched`: not as the server itself, since that one is root. */
export type DatabaseUser = { uid: number; gid: number; switched: boolean }

/** "nobody": PostgreSQL refuses to run as root, and this user exists on every distribution. */
const NOBODY = 65534

/**
 * The user for a cluster: the server's own, except for root, where it is the owner of the existing
 * cluster (someone may have started the server without root before) or 65534.
 */
export function databaseUser(clusterDir: string): DatabaseUser {
  const uid = process.geteuid?.() ?? 0
  const gid = process.getegid?.() ?? 0
  if (uid !== 0) return { uid, gid, switched: false }
  const owner = statOrNull(clusterDir)
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, switched: true }
  return { uid: NOBODY, gid: NOBODY, switched: true }
}

/** Whether the user may pass through a directory and all its parents, by their mode bits. */
export function canEnter(path: string, user: DatabaseUser): boolean {
  if (!user.switched) return true
  let directory = realpathSync(path)
  while (allows(statSync(directory), user, 0o1)) {
    const parent = dirname(directory)
    if (parent === directory) return true
    directory = parent
  }
  return false
}

/** Whether the mode bits give the user these rights (`4` read, `2` write, `1` execute or enter). */
export function allows(stats: Stats, user: DatabaseUser, rights: number): boolean {
  const shift = stats.uid === user.uid ? 6 : stats.gid === user.gid ? 3 : 0
  return ((stats.mode >> shift) & rights) === rights
}

/** Whether a path is in a directory or below; both absolute and without links. */
export function isInside(path: string, directory: string): boolean {
  return path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

/** `lstat`, or null when the path is not there or not reachable. */
export function statOrNull(path: string): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null
  }
}
