import { randomBytes } from 'node:crypto'
import { link, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { writeOwnerFile } from './owner-file.ts'
import { type SealingKey, sealingKeyOf } from './sealing.ts'

type KeySource = Pick<Config, 'secretKey' | 'dataDir'>

/** The file of the sealing key in a data directory, used unless `BURSAR_SECRET_KEY` is set. */
export const secretKeyFileOf = (dataDir: string): string => join(dataDir, 'secret-key')

/** Returns the sealing key of this machine, or null. Throws if the file cannot be read. */
export async function findSealingKey({
  secretKey,
  dataDir,
}: KeySource): Promise<SealingKey | null> {
  if (secretKey !== null) return sealingKeyOf(secretKey)
  try {
    const text = (await readFile(secretKeyFileOf(dataDir), 'utf8')).trim()
    return text === '' ? null : sealingKeyOf(text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/**
 * Returns the sealing key of this machine. Creates one if there is none, in a file that only its
 * owner can read.
 */
export async function requireSealingKey(place: KeySource): Promise<SealingKey> {
  const known = await findSealingKey(place)
  if (known !== null) return known
  await makeFile(place.dataDir, randomBytes(32).toString('base64url'))
  return requireSealingKey(place)
}

/** If two processes create the file at once, the first one wins. */
async function makeFile(dataDir: string, text: string): Promise<void> {
  try {
    await writeOwnerFile(secretKeyFileOf(dataDir), text, link)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
