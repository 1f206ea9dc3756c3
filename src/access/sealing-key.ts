import { randomBytes } from 'node:crypto'
import { link, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { writeOwnerFile } from './owner-file.ts'
import { type SealingKey, sealingKeyOf } from './sealing.ts'

type Place = Pick<Config, 'secretKey' | 'dataDir'>

/** Where a data directory keeps what secrets are sealed with, if the variable does not say it. */
export const secretKeyFileOf = (dataDir: string): string => join(dataDir, 'secret-key')

/** The key of this machine; null when there is none. Throws when the file cannot be read. */
export async function findSealingKey({ secretKey, dataDir }: Place): Promise<SealingKey | null> {
  if (secretKey !== null) return sealingKeyOf(secretKey)
  try {
    const text = (await readFile(secretKeyFileOf(dataDir), 'utf8')).trim()
    return text === '' ? null : sealingKeyOf(text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** The key of this machine, made if there is none: a file for the owner's eyes alone. */
export async function requireSealingKey(place: Place): Promise<SealingKey> {
  const known = await findSealingKey(place)
  if (known !== null) return known
  await makeFile(place.dataDir, randomBytes(32).toString('base64url'))
  return requireSealingKey(place)
}

/** Of two who make it at once, the first one's stays. */
async function makeFile(dataDir: string, text: string): Promise<void> {
  try {
    await writeOwnerFile(secretKeyFileOf(dataDir), text, link)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
