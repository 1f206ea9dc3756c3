import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, rmSync } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
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
  // For whoever leaves at once, as on a signal.
  const leave = () => rmSync(aside, { force: true })
  process.once('exit', leave)
  try {
    const result = await fill(aside, write)
    await rename(aside, path)
    await flushDirectory(dirname(path))
    return result
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {})
    throw asSentence(path, error)
  } finally {
    process.off('exit', leave)
  }
}

const isThere = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw asSentence(path, error)
  })
  return found !== null
}

/**
 * The flush comes before the file is closed, and `finished` waits for that and hears its failure.
 */
async function fill<T>(aside: string, write: (target: Writable) => Promise<T>): Promise<T> {
  const target = createWriteStream(aside, { flags: 'wx', mode: 0o600, flush: true })
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
