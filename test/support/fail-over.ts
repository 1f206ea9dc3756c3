import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { type EmbeddedDatabase, startEmbedded } from '../../src/embedded-postgres/index.ts'
import { urlOf } from './cli-process.ts'
import { dataDirOf } from './embedded.ts'

/** A database whose last commits can be lost while servers go on. */
export type Cluster = {
  readonly url: string
  /** Keeps a copy of the database as it is now, as a standby that hears no more would. */
  copy(): Promise<void>
  /** Puts the copy in the place of the database: whatever was written since is lost. */
  failOver(): Promise<void>
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} }

/**
 * A cluster that is found at the same address whichever copy runs. Ended with the test; servers on
 * it have to be ended before.
 */
export async function openCluster(t: TestContext): Promise<Cluster> {
  const dataDir = dataDirOf(t)
  const beside = (name: string) => join(dirname(dataDir), name)
  let running: EmbeddedDatabase = await start(dataDir)
  t.after(() => running.stop())
  /** Does something to the files while nobody has them open. */
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
