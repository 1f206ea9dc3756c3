import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** Releases the lock. Idempotent. The kernel does the same when the process ends. */
export type Release = () => void

/**
 * How long to wait for a lock, in milliseconds. This is longer than `isLocked` holds it, and longer
 * than a killed process needs to end.
 */
const BUSY_MS = 300
const SQLITE_BUSY = 5

/**
 * Takes the lock on a file. Returns null if another process or this one already has it.
 *
 * SQLite takes a POSIX record lock on the empty file. This is the only kernel lock that Node can
 * take without an add-on. It belongs to the inode, so it also works between containers that share a
 * volume. It ends with the process, so it is never stale, even after `kill -9`.
 *
 * Throws the error of the file system if the file cannot be created or locked.
 */
export function takeLock(path: string): Release | null {
  return tryLock(path, BUSY_MS)
}

/** Returns whether a process has the lock. False if the file is missing or cannot be read. */
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
  createFile(path)
  const file = new DatabaseSync(path, { timeout: timeoutMs })
  try {
    // Otherwise a killed process would leave a journal file.
    file.exec('pragma journal_mode = memory')
    file.exec('begin exclusive')
  } catch (error) {
    file.close()
    if (isBusy(error)) return null
    throw error
  }
  let isOpen = true
  return () => {
    if (isOpen) file.close()
    isOpen = false
  }
}

/**
 * Creates the file, readable only by its owner, because anybody who can read it can lock it. An
 * existing file is not opened here: closing any of its descriptors would release this process's
 * own lock.
 */
function createFile(path: string): void {
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
