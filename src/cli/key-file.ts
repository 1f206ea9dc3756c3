import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.ts'

export const keyFileOf = (config: Pick<Config, 'dataDir'>): string =>
  join(config.dataDir, 'api-key')

/** The secret in the key file of the data directory; null when there is none that can be read. */
export function readKeyFile(config: Pick<Config, 'dataDir'>): string | null {
  try {
    return readFileSync(keyFileOf(config), 'utf8').trim() || null
  } catch {
    return null
  }
}
