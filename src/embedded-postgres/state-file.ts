import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EmbeddedStartError } from './start-errors.ts'
import { isInside } from './user.ts'

/**
 * The file in the data directory that names the home of its cluster. It is written before the
 * cluster is made, and once more when that is complete: from then on a missing cluster is a loss
 * and not a first start.
 */
export const STATE_FILE = 'postgres.json'

/** What the file says. */
export type ClusterState = { home: string; isComplete: boolean }

/** Reads the record; null before the first start. A broken one is an `EmbeddedStartError`. */
export function readStateFile(dataDir: string): ClusterState | null {
  const path = join(dataDir, STATE_FILE)
  try {
    const { home, isComplete } = JSON.parse(readFileSync(path, 'utf8')) as ClusterState
    return { home: resolve(dataDir, home), isComplete }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new EmbeddedStartError(
      [
        `The file ${path}, which says where the database lives,`,
        `cannot be read (${(error as Error).message}).`,
      ],
      { cause: error },
    )
  }
}

/** The home of the cluster of a data directory, or null before its first start. */
export function recordedHome(dataDir: string): string | null {
  return readStateFile(dataDir)?.home ?? null
}

/** Writes the record; a home inside is named relatively, so that the directory may be moved. */
export function writeRecord(dataDir: string, recorded: ClusterState): void {
  const { home, isComplete } = recorded
  const known = readStateFile(dataDir)
  if (known?.home === home && known.isComplete === isComplete) return
  const name = isInside(home, dataDir) ? home.slice(dataDir.length + 1) : home
  const path = join(dataDir, STATE_FILE)
  const draft = openSync(`${path}.tmp`, 'w', 0o600)
  try {
    writeFileSync(draft, JSON.stringify({ home: name, isComplete }))
    fsyncSync(draft)
  } finally {
    closeSync(draft)
  }
  renameSync(`${path}.tmp`, path)
}
