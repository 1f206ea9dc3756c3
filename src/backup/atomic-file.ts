import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, rmSync } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { BackupError } from './format.ts'

/**
 * Writes a file atomically: under a temporary name in the same directory, then flushed and renamed.
 * Only its owner can read it. If `write` throws, no file remains. Throws a `BackupError` if the
 * file already exists or the file system reports an error.
 */
export async function writeAtomically<T>(
  path: string,
  write: (target: Writable) => Promise<T>,
): Promise<T> {
  if (await fileExists(path)) throw new BackupError(`${path} already exists: choose another name`)
  const random = randomBytes(4).toString('hex')
  const temporary = join(dirname(path), `.${basename(path)}.${random}.partial`)
  // Removes the file also if a signal makes the process exit at once.
  const cleanUp = () => rmSync(temporary, { force: true })
  process.once('exit', cleanUp)
  try {
    const result = await fill(temporary, write)
    await rename(temporary, path)
    await flushDirectory(dirname(path))
    return result
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw backupErrorFrom(path, error)
  } finally {
    process.off('exit', cleanUp)
  }
}

const fileExists = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw backupErrorFrom(path, error)
  })
  return found !== null
}

/**
 * Creates and writes the file. `flush: true` flushes it before it is closed. `finished` waits for
 * that and rejects if it fails.
 */
async function fill<T>(path: string, write: (target: Writable) => Promise<T>): Promise<T> {
  const target = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true })
  const closed = new Promise<void>((resolve) => target.once('close', resolve))
  target.on('error', () => {})
  try {
    await once(target, 'open')
    const result = await write(target)
    await finished(target.end())
    return result
  } catch (error) {
    target.destroy()
    await closed
    throw error
  }
}

/** Without this, a power failure could undo the rename. */
async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  await directory.sync().finally(() => directory.close())
}

const FILE_CALLS = /^(write|open|fsync|rename|stat|access|close)$/

/** Returns a `BackupError` for an error of the file system, and other errors unchanged. */
function backupErrorFrom(path: string, error: unknown): unknown {
  const { syscall, message } = error as NodeJS.ErrnoException
  if (error instanceof BackupError || !FILE_CALLS.test(String(syscall))) return error
  return new BackupError(`${path} cannot be written: ${message}`, { cause: error })
}
