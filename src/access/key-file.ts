import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { writeOwnerFile } from './owner-file.ts'

/** Where a data directory keeps the configured key: the one place that holds a secret. */
export const keyFileOf = (dataDir: string): string => join(dataDir, 'api-key')

/** The secret in the key file; null when there is none. Throws when the file cannot be read. */
export async function readKeyFile(dataDir: string): Promise<string | null> {
  try {
    return (await readFile(keyFileOf(dataDir), 'utf8')).trim() || null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Writes the secret, in place of the one that is there. */
export const writeKeyFile = (dataDir: string, secret: string): Promise<void> =>
  writeOwnerFile(keyFileOf(dataDir), secret, rename)
