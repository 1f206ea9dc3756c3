import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer, type WAYS } from './running-server.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** Times from the spawn to the start line, in milliseconds. */
export type StartUp = {
  readonly way: keyof typeof WAYS
  /** On an empty data directory. This includes the creation of the database. */
  readonly firstMs: Spread
  readonly laterMs: Spread
}

const FIRST_STARTS = 3
const LATER_STARTS_EACH = 2

export async function measureStartUp(way: keyof typeof WAYS): Promise<StartUp> {
  const first: number[] = []
  const later: number[] = []
  for (let count = 0; count < FIRST_STARTS; count += 1) {
    const dataDir = newDataDir()
    try {
      first.push(await startOnce(dataDir, way))
      for (let again = 0; again < LATER_STARTS_EACH; again += 1)
        later.push(await startOnce(dataDir, way))
    } finally {
      await removeDataDir(dataDir)
    }
  }
  return { way, firstMs: spreadOf(first), laterMs: spreadOf(later) }
}

async function startOnce(dataDir: string, way: keyof typeof WAYS): Promise<number> {
  const server = await startServer(dataDir, way)
  await server.stop()
  return server.startMs
}

export const newDataDir = (): string => mkdtempSync(join(tmpdir(), 'bursar-bench-'))

/** Retries, because the database of a crashed server may still be writing. */
export const removeDataDir = (dataDir: string): Promise<void> =>
  rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
