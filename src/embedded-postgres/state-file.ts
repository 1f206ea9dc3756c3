import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EmbeddedStartError } from './start-errors.ts'
import { isInside } from './user.ts'

/**
 * The file in the data directory that contains the path of the home. It is written before the
 * cluster is created, and again when the cluster is complete. If the cluster is missing after that,
 * this is a loss and not a first start.
 */
export const STATE_FILE = 'postgres.json'

/** The content of the state file. */
export type ClusterState = { home: string; isComplete: boolean }

/**
 * Reads the state file. Returns null before the first start. Throws an `EmbeddedStartError` if the
 * file cannot be read.
 */
export function readStateFile(dataDir: string): ClusterState | null {
  const path = join(dataDir, STATE_FILE)
  try {
    const { home, isComplete } = JSON.parse(readFileSync(path, 'utf8')) as ClusterState
    return { home: resolve(dataDir, home), isComplete }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new EmbeddedStartError(
      [
        `The file ${path}, which says where the database is,`,
        `cannot be read (${(error as Error).message}).`,
      ],
      { cause: error },
    )
  }
}

/** Returns the home in the state file of a data directory, or null before the first start. */
export function recordedHome(dataDir: string): string | null {
  return readStateFile(dataDir)?.home ?? null
}

/**
 * Writes the state file if it changes. A home inside the data directory is a relative path, so that
 * the data directory can be moved.
 */
export function writeStateFile(dataDir: string, { home, isComplete }: ClusterState): void {
  const current = readStateFile(dataDir)
  if (current?.home === home && current.isComplete === isComplete) return
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
