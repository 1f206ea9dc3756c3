import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

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

/** Writes the secret whole or not at all, for the owner's eyes alone. */
export async function writeKeyFile(dataDir: string, secret: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const temporary = `${keyFileOf(dataDir)}.${process.pid}.tmp`
  try {
    const handle = await open(temporary, 'w', 0o600)
    try {
      await handle.writeFile(`${secret}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, keyFileOf(dataDir))
  } finally {
    await rm(temporary, { force: true })
  }
}
