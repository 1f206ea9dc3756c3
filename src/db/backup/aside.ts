import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { BackupError } from './format.ts'

/**
 * Makes a file that is whole or not there: it is written beside its place, readable by its owner
 * alone, flushed, then renamed. Whatever `write` throws, nothing is left. Throws a `BackupError`
 * when there is a file already, and for what the file system refuses.
 */
export async function writeAside<T>(
  path: string,
  write: (target: Writable) => Promise<T>,
): Promise<T> {
  if (await isThere(path)) throw new BackupError(`${path} is there already: take another name`)
  const random = randomBytes(4).toString('hex')
  const aside = join(dirname(path), `.${basename(path)}.${random}.partial`)
  try {
    const file = await open(aside, 'wx', 0o600)
    const result = await fill(file, write).finally(() => file.close())
    await rename(aside, path)
    await flushDirectory(dirname(path))
    return result
  } catch (error) {
    await rm(aside, { force: true })
    throw asSentence(path, error)
  }
}

const isThere = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw asSentence(path, error)
  })
  return found !== null
}

async function fill<T>(file: FileHandle, write: (target: Writable) => Promise<T>): Promise<T> {
  // By its number: a stream that is made of the handle keeps it from being closed.
  const target = createWriteStream('', { fd: file.fd, autoClose: false })
  const result = await write(target)
  await new Promise<void>((resolve, reject) => {
    target.once('error', reject)
    target.end(resolve)
  })
  await file.sync()
  return result
}

/** Else a power cut could take the new name back. */
async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  await directory.sync().finally(() => directory.close())
}

const REFUSALS = /^(write|open|fsync|rename|stat|access|close)$/

function asSentence(path: string, error: unknown): unknown {
  const { syscall, message } = error as NodeJS.ErrnoException
  if (error instanceof BackupError || !REFUSALS.test(String(syscall))) return error
  return new BackupError(`${path} cannot be written: ${message}`, { cause: error })
}
