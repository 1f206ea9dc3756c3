import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** Gives the lock back. Idempotent; the kernel does the same when the process dies. */
export type Release = () => void

/**
 * Waits so long for a lock before it counts as held: longer than a look by `isLocked` and than a
 * killed predecessor needs to vanish.
 */
const BUSY_MS = 300
const SQLITE_BUSY = 5

/**
 * Takes the lock that a file stands for, or returns null when another process (or this one) has it.
 *
 * It is a POSIX record lock that SQLite takes on an empty file: the one kernel lock that Node can
 * hold without an add-on. It belongs to the inode, so it also works between containers that share
 * a volume, and it ends with the process, so `kill -9` leaves nothing stale.
 *
 * Throws the error of the file system when the file cannot be made or locked.
 */
export function takeLock(path: string): Release | null {
  return tryLock(path, BUSY_MS)
}

/** Whether a process holds the lock. A file that is missing or not ours to read is not locked. */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    const release = tryLock(path, 0)
    release?.()
    return release === null
  } catch {
    return false
  }
}

function tryLock(path: string, timeoutMs: number): Release | null {
  makeFile(path)
  const file = new DatabaseSync(path, { timeout: timeoutMs })
  try {
    // Without a journal file a killed process leaves nothing beside the lock.
    file.exec('pragma journal_mode = memory')
    file.exec('begin exclusive')
  } catch (error) {
    file.close()
    if (isBusy(error)) return null
    throw error
  }
  let held = true
  return () => {
    if (held) file.close()
    held = false
  }
}

/**
 * Makes the file for its owner only: whoever may read it could lock it. An existing one is never
 * opened here, since closing any descriptor of it would drop this process's own lock.
 */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
    chmodSync(path, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function isBusy(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY
}
