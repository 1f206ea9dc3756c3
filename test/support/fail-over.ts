import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { type EmbeddedDatabase, startEmbedded } from '../../src/embedded-postgres/index.ts'
import { urlOf } from './cli-process.ts'
import { dataDirOf } from './embedded.ts'

/** A database that can lose its last commits while servers use it. */
export type Cluster = {
  readonly url: string
  /** Copies the database as it is now, like a standby that receives nothing more. */
  copy(): Promise<void>
  /** Replaces the database by the copy. Everything that was written since is lost. */
  failOver(): Promise<void>
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} }

/**
 * Opens a cluster whose address stays the same when the copy replaces it. It ends with the test.
 * Servers on it must be ended before.
 */
export async function openCluster(t: TestContext): Promise<Cluster> {
  const dataDir = dataDirOf(t)
  const beside = (name: string) => join(dirname(dataDir), name)
  let running: EmbeddedDatabase = await start(dataDir)
  t.after(() => running.stop())
  /** Stops the database, works on its files, and starts it again. */
  const whileStopped = async (work: () => void) => {
    await running.stop()
    work()
    running = await start(dataDir)
  }
  return {
    url: urlOf(running.connection),
    copy: () =>
      whileStopped(() => {
        const { status, stderr } = spawnSync('cp', ['-a', dataDir, beside('copy')])
        assert.equal(status, 0, String(stderr))
      }),
    failOver: () =>
      whileStopped(() => {
        renameSync(dataDir, beside('lost'))
        renameSync(beside('copy'), dataDir)
      }),
  }
}

const start = (dataDir: string) => startEmbedded({ dataDir, log: quiet })
