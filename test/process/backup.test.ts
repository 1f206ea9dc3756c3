import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Connection } from '../../src/db/index.ts'
import { findRunning } from '../../src/embedded-postgres/index.ts'
import { runCli, urlOf, workDir } from '../support/cli-process.ts'
import { assertSameContents, newDatabase, query } from '../support/databases.ts'
import { until, within } from '../support/deadline.ts'
import { done, prepare, upsertCall } from '../support/entity-calls.ts'
import { openPlace, type Place } from '../support/server-process.ts'
import { type Count, type LoadWriter, startBatches, startRelay } from './backup-load.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const CUSTOMERS = ['acme', 'globex', 'initech']
/** Requests with incompressible rows: more bytes than all buffers from database to reader have. */
const BALLAST_REQUESTS = 40
const BALLAST_BYTES = 4000
/** How many requests of each writer are acknowledged before the backup, and during it. */
const WORK_AROUND = 10

/**
 * Adds so much data that the backup waits for its reader. So the test controls how long it takes.
 */
async function fillWithBallast(url: string): Promise<void> {
  for (let request = 0; request < BALLAST_REQUESTS; request += 1) {
    const entities = Array.from({ length: 50 }, (_, index) => ({
      id: `ballast-${request}-${index}`,
      entityTypeId: 'user',
      metadata: { ballast: randomBytes(BALLAST_BYTES / 2).toString('hex') },
    }))
    await done(url, upsertCall('acme', entities))
  }
}

/** Waits until `WORK_AROUND` more requests of each writer are acknowledged. */
async function workOn(writers: readonly LoadWriter[]): Promise<void> {
  const goals = writers.map(({ count }) => count.acknowledged + WORK_AROUND)
  await until('acknowledged writes of every writer', () =>
    writers.every(({ count }, index) => count.acknowledged >= (goals[index] ?? 0)),
  )
}

/** Writes a backup to a pipe that is read only after `meanwhile` has ended. */
async function backUpSlowly(
  place: Place,
  file: string,
  during: { begun: () => void; meanwhile: () => Promise<void> },
): Promise<void> {
  const child = spawn(process.execPath, [MAIN, 'backup', '-'], {
    env: { PATH: process.env.PATH, BURSAR_DATA_DIR: place.dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stderr: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text))
  const ended = once(child, 'close')
  await within('the first byte', once(child.stdout, 'readable'))
  during.begun()
  await during.meanwhile()
  assert.equal(child.exitCode, null, 'the backup did not wait for its reader')
  child.stdout.pipe(createWriteStream(file))
  const [code] = await within('the end of the backup', ended)
  assert.equal(code, 0, stderr.join(''))
}

async function restore(file: string, settings: Record<string, string>): Promise<void> {
  const ended = await runCli(['restore', file], settings)
  assert.equal(ended.code, 0, ended.stderr)
}

/** Returns what was acknowledged before the backup, and what had been sent at its first byte. */
const boundsOf = (before: readonly number[], writers: readonly LoadWriter[]): Count[] =>
  writers.map(({ count }, index) => ({
    acknowledged: before[index] ?? 0,
    attempted: count.attempted,
  }))

/** Asserts that an event has the stored metadata of each entity. Both are of one transaction. */
async function assertAnnounced(connection: Connection): Promise<void> {
  const unannounced = await query(
    connection,
    `select e.id from entities e where not exists (
       select from outbox o where o.customer_key = e.customer_key and o.object_id = e.id
         and o.after -> 'metadata' = e.metadata)`,
  )
  assert.deepEqual(unannounced, [])
}

const connectionOf = (place: Place): Promise<Connection> =>
  until('the database of the server', () => findRunning(place.dataDir))

test('a backup under load contains every write that was acknowledged before it, and no part of one', async (t) => {
  const place = openPlace(t)
  const server = await place.start()
  await prepare(server.url, CUSTOMERS)
  await fillWithBallast(server.url)
  const writers = [
    ...CUSTOMERS.map((id) => startBatches(server.url, id)),
    startRelay(server.url, 'acme'),
  ]
  t.after(() => Promise.allSettled(writers.map((writer) => writer.stop())))
  await workOn(writers)
  const before = writers.map(({ count }) => count.acknowledged)
  let bounds: Count[] = []
  const file = join(workDir, 'load.backup')
  await backUpSlowly(place, file, {
    begun: () => {
      bounds = boundsOf(before, writers)
    },
    meanwhile: () => workOn(writers),
  })
  for (const writer of writers) await within(`the end of ${writer.name}`, writer.stop())
  const left = writers.map(
    ({ count }, index) => count.acknowledged - (bounds[index]?.attempted ?? 0),
  )
  assert.ok(
    left.every((count) => count > 0),
    'nobody wrote while the backup was made',
  )
  t.diagnostic(`acknowledged before ${before}, sent later ${left}`)

  const other = openPlace(t)
  await restore(file, { BURSAR_DATA_DIR: other.dataDir })
  const database = await newDatabase(t)
  await restore(file, { DATABASE_URL: urlOf(database) })
  await assertAnnounced(database)
  for (const restored of [
    await other.start(),
    await openPlace(t).start({ settings: { DATABASE_URL: urlOf(database) } }),
  ])
    for (const [index, writer] of writers.entries())
      await writer.assertWhole(restored.url, bounds[index] ?? { attempted: 0, acknowledged: 0 })
  await assertSameContents(database, await connectionOf(other))
  await assertServes(t, other)
})

/** Asserts that a backup of a restored database can be restored, with the same contents. */
async function assertServes(t: TestContext, place: Place): Promise<void> {
  const second = await runCli(['backup', 'second.backup'], { BURSAR_DATA_DIR: place.dataDir })
  assert.equal(second.code, 0, second.stderr)
  const copy = await newDatabase(t)
  await restore('second.backup', { DATABASE_URL: urlOf(copy) })
  await assertSameContents(copy, await connectionOf(place))
}

test('the key of the old data directory works with the restored one', async (t) => {
  const settings = { BURSAR_API_KEY: null }
  const [old, next] = [openPlace(t), openPlace(t)]
  const first = await old.start({ settings })
  const apiKey = /^API key .*: (\S+)$/m.exec(first.stdout())?.[1] ?? ''
  await done(first.url, { method: 'POST', path: '/api/v1/customers', body: { id: 'acme' }, apiKey })
  const made = await runCli(['backup', 'key.backup'], { BURSAR_DATA_DIR: old.dataDir })
  assert.equal(made.code, 0, made.stderr)
  await restore('key.backup', { BURSAR_DATA_DIR: next.dataDir })
  const restored = await next.start({ settings })
  assert.match(restored.stdout(), /has an API key that this directory does not contain/)
  const read = { method: 'GET', path: '/api/v1/customers/acme', apiKey }
  assert.equal((await done(restored.url, read)).data.id, 'acme')
})
