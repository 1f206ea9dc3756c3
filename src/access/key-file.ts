import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { writeOwnerFile } from './owner-file.ts'

/** The file of the configured key in a data directory. It is the only file with an API key. */
export const keyFileOf = (dataDir: string): string => join(dataDir, 'api-key')

/**
 * Returns the secret in the key file, or null if there is no file. Throws if the file cannot be
 * read.
 */
export async function readKeyFile(dataDir: string): Promise<string | null> {
  try {
    return (await readFile(keyFileOf(dataDir), 'utf8')).trim() || null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Writes the secret and replaces an existing one. */
export const writeKeyFile = (dataDir: string, secret: string): Promise<void> =>
  writeOwnerFile(keyFileOf(dataDir), secret, rename)
