import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** The user of PostgreSQL. `switched` if it is not the server's own user, because that is root. */
export type DatabaseUser = { uid: number; gid: number; switched: boolean }

/** The user "nobody", which all distributions have. PostgreSQL refuses to run as root. */
const NOBODY = 65534

/**
 * Returns the user for a cluster. This is the server's own user, unless that is root. Then it is
 * the owner of the cluster, if that is not root, because the server may have run as an ordinary
 * user before. Otherwise it is 65534.
 */
export function databaseUser(clusterDir: string): DatabaseUser {
  const uid = process.geteuid?.() ?? 0
  const gid = process.getegid?.() ?? 0
  if (uid !== 0) return { uid, gid, switched: false }
  const owner = statOrNull(clusterDir)
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, switched: true }
  return { uid: NOBODY, gid: NOBODY, switched: true }
}

/** Returns whether the mode bits let the user traverse a directory and all its parents. */
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

/**
 * Returns whether the mode bits give the user these rights: `4` read, `2` write, `1` execute or
 * traverse.
 */
export function allows(stats: Stats, user: DatabaseUser, rights: number): boolean {
  const shift = stats.uid === user.uid ? 6 : stats.gid === user.gid ? 3 : 0
  return ((stats.mode >> shift) & rights) === rights
}

/** Returns whether a path is below a directory. Both must be absolute and without links. */
export function isInside(path: string, directory: string): boolean {
  return path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

/** Like `lstat`, but returns null if the path does not exist or cannot be reached. */
export function statOrNull(path: string): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null
  }
}
