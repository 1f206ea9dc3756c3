import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  dataDirOf,
  killOwner,
  memoryLog,
  privateDataDir,
  processesOf,
  query,
  started,
  startedDataDir,
  startOwner,
  until,
} from '../../test/support/embedded.ts'
import { packagedBinaries } from './binaries.ts'
import { HOME, LOCK } from './data-dir.ts'
import { databaseUrl, findRunning, startEmbedded } from './index.ts'
import { readPidFile } from './processes.ts'
import { EmbeddedStartError } from './start-errors.ts'
import { canEnter, databaseUser } from './user.ts'

const pidOf = (clusterDir: string) => readPidFile(clusterDir)?.pid ?? 0

test('the first start creates a durable database on a socket, and later starts find its data', async (t) => {
  const dataDir = dataDirOf(t)
  const first = await startEmbedded({ dataDir, log: memoryLog() })
  assert.equal(first.clusterDir, join(dataDir, HOME, 'cluster'))
  const [settings] = await query(
    first.connection,
    `select current_setting('fsync') fsync, current_setting('full_page_writes') full_page_writes,
      current_setting('synchronous_commit') synchronous_commit, current_setting('jit') jit,
      current_setting('listen_addresses') listen_addresses, current_setting('timezone') zone,
      current_setting('server_encoding') encoding, current_setting('data_checksums') checksums,
      current_user as user, current_database() as database, 'Z' < 'a' as orders_by_bytes`,
  )
  assert.deepEqual(settings, {
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    jit: 'off',
    listen_addresses: '',
    zone: 'UTC',
    encoding: 'UTF8',
    checksums: 'on',
    user: 'bursar',
    database: 'bursar',
    orders_by_bytes: true,
  })
  assert.equal(statSync(first.connection.host).mode & 0o777, 0o700)
  assert.equal(statSync(dirname(first.clusterDir)).mode & 0o777, 0o700)
  assert.equal(statSync(dataDir).mode & 0o007, 0)
  await query(first.connection, 'create table kept as select 1 as one')
  await first.stop()
  await first.stop()
  assert.deepEqual(processesOf(first.clusterDir), [])

  const second = await startEmbedded({ dataDir, log: memoryLog() })
  assert.deepEqual(await query(second.connection, 'select one from kept'), [{ one: 1 }])
  await second.stop()
  await assert.rejects(second.ready(), /stopped/)
  assert.deepEqual(readdirSync(dataDir).sort(), [LOCK, HOME, 'postgres.json'].sort())
})

test('a killed database is started again with all committed data', async (t) => {
  const log = memoryLog()
  const database = await startEmbedded({ dataDir: await startedDataDir(t), log })
  t.after(() => database.stop())
  const { connection, clusterDir } = database
  await query(connection, 'create table kept (one int)')
  for (const round of [1, 2]) {
    await query(connection, `insert into kept values (${round})`)
    const killed = pidOf(clusterDir)
    process.kill(killed, 'SIGKILL')
    await database.ready()
    assert.notEqual(pidOf(clusterDir), killed)
    const rows = await query(connection, 'select count(*)::int as count from kept')
    assert.deepEqual(rows, [{ count: round }])
  }
  assert.ok(log.messages.includes('the embedded database ended; it is started again'))
})

test('after a process of the database is killed, ready() waits for the restart', async (t) => {
  const log = memoryLog()
  const database = await startEmbedded({ dataDir: await startedDataDir(t), log })
  t.after(() => database.stop())
  const postmaster = pidOf(database.clusterDir)
  const child = processesOf(database.clusterDir).find((pid) => pid !== postmaster)
  process.kill(child ?? 0, 'SIGKILL')
  await until('the database has noticed', () =>
    /was terminated by signal 9/.test(`${log.messages}`),
  )
  await database.ready()
  assert.equal(pidOf(database.clusterDir), postmaster)
  assert.deepEqual(await query(database.connection, 'select 1 as one'), [{ one: 1 }])
})

test('after the server was killed, the next start stops the remaining database and takes over', async (t) => {
  const dataDir = await startedDataDir(t)
  const owner = startOwner(dataDir)
  const { connection, clusterDir } = await started(owner)
  await query(connection, 'create table kept as select 1 as one')
  const leftOver = pidOf(clusterDir)
  await killOwner(owner)
  assert.ok(processesOf(clusterDir).includes(leftOver))
  assert.equal(await findRunning(dataDir), null)

  const log = memoryLog()
  const database = await startEmbedded({ dataDir, log })
  assert.notEqual(pidOf(clusterDir), leftOver)
  assert.ok(log.messages.includes('a left-over embedded database was stopped'))
  assert.deepEqual(await query(database.connection, 'select one from kept'), [{ one: 1 }])
  await database.stop()
  assert.deepEqual(processesOf(clusterDir), [])
})

test('after server and database were killed together, the next start recovers', async (t) => {
  const dataDir = await startedDataDir(t)
  const owner = startOwner(dataDir)
  const { connection, clusterDir } = await started(owner)
  await query(connection, 'create table kept as select 1 as one')
  await killOwner(owner)
  process.kill(pidOf(clusterDir), 'SIGKILL')
  const database = await startEmbedded({ dataDir, log: memoryLog() })
  assert.deepEqual(await query(database.connection, 'select one from kept'), [{ one: 1 }])
  await database.stop()
})

test('a start succeeds although the pid file names an unrelated process', async (t) => {
  const dataDir = await startedDataDir(t)
  const owner = startOwner(dataDir)
  const { clusterDir } = await started(owner)
  await killOwner(owner)
  const pidFile = join(clusterDir, 'postmaster.pid')
  const text = readFileSync(pidFile, 'utf8')
  process.kill(pidOf(clusterDir), 'SIGKILL')
  await until('all its processes are gone', () => processesOf(clusterDir).length === 0)
  // As in a restarted container, where another program soon gets the old pid.
  writeFileSync(pidFile, text.replace(/^\d+/, String(process.pid)))
  const database = await startEmbedded({ dataDir, log: memoryLog() })
  await database.stop()
})

test('a server that exits without stopping its database takes the database with it', async (t) => {
  const owner = startOwner(await startedDataDir(t), { leave: true })
  const { clusterDir } = await started(owner)
  await until('no process is left', () => processesOf(clusterDir).length === 0)
})

test('a first start that was killed does not hinder the next one', async (t) => {
  const dataDir = dataDirOf(t)
  const home = join(dataDir, HOME)
  const drafts = () => (existsSync(home) ? readdirSync(home) : []).filter((n) => /draft/.test(n))
  const owner = startOwner(dataDir)
  await until('initdb is at work', () => drafts().length > 0)
  await killOwner(owner)
  const database = await startEmbedded({ dataDir, log: memoryLog() })
  assert.deepEqual(await query(database.connection, 'select 1 as one'), [{ one: 1 }])
  await database.stop()
  // An initdb that survived its server may still run for a moment.
  await until('initdb has ended', () => processesOf(join(home, 'cluster.draft')).length === 0)
  await (await startEmbedded({ dataDir, log: memoryLog() })).stop()
})

test('two servers cannot use one directory, and the message to the second says how to share', async (t) => {
  const dataDir = await startedDataDir(t)
  assert.equal(await findRunning(dataDir), null)
  const owner = startOwner(dataDir)
  // A command waits for a server that is still starting.
  await until('the lock is taken', () => existsSync(join(dataDir, LOCK)))
  const { connection } = await started(owner)
  assert.deepEqual(await findRunning(dataDir), connection)
  const refusal = await startEmbedded({ dataDir, log: memoryLog() }).catch((error) => error)
  assert.ok(refusal instanceof EmbeddedStartError)
  const url = /DATABASE_URL="([^"]+)"/.exec(refusal.message)?.[1] ?? ''
  assert.equal(url, databaseUrl(connection))
  assert.deepEqual(await query({ connectionString: url }, 'select 1 as one'), [{ one: 1 }])

  const ended = once(owner.child, 'exit')
  owner.child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
  assert.equal(await findRunning(dataDir), null)
  await (await startEmbedded({ dataDir, log: memoryLog() })).stop()
})

test('a refused second start in the same process leaves the lock to the first', async (t) => {
  const dataDir = await startedDataDir(t)
  const first = await startEmbedded({ dataDir, log: memoryLog() })
  t.after(() => first.stop())
  await assert.rejects(startEmbedded({ dataDir, log: memoryLog() }), EmbeddedStartError)
  const { report } = startOwner(dataDir)
  assert.match(JSON.stringify(await report), /in use by another Bursar/)
})

test('if the path is too long for a socket, the socket is in a temporary directory', async (t) => {
  const dataDir = dataDirOf(t, 'x'.repeat(120))
  const database = await startEmbedded({ dataDir, log: memoryLog() })
  const { host } = database.connection
  assert.ok(!host.startsWith(dataDir))
  assert.equal(statSync(host).mode & 0o777, 0o700)
  assert.deepEqual(await query(database.connection, 'select 1 as one'), [{ one: 1 }])
  assert.deepEqual(await findRunning(dataDir), database.connection)
  await database.stop()
  assert.equal(existsSync(host), false)
})

test('a path with special characters works or is refused', async (t) => {
  const dataDir = dataDirOf(t, `a b,c:d'e"f\\g%h$`)
  const { root } = packagedBinaries()
  if (!canEnter(root, databaseUser('/nowhere'))) {
    // The programs are copied into the data directory, and initdb cannot run them from this path.
    await assert.rejects(startEmbedded({ dataDir, log: memoryLog() }), /use another directory/)
    return
  }
  const database = await startEmbedded({ dataDir, log: memoryLog() })
  const connectionString = databaseUrl(database.connection)
  assert.deepEqual(await query({ connectionString }, 'select 1 as one'), [{ one: 1 }])
  await database.stop()
})

/** A database that has run and was stopped. */
async function stoppedDatabase(t: TestContext) {
  const dataDir = await startedDataDir(t)
  const { clusterDir, stop } = await startEmbedded({ dataDir, log: memoryLog() })
  await stop()
  return { dataDir, clusterDir }
}

test('data of another major version is refused with a clear message', async (t) => {
  const { dataDir, clusterDir } = await stoppedDatabase(t)
  writeFileSync(join(clusterDir, 'PG_VERSION'), '17\n')
  await assert.rejects(startEmbedded({ dataDir, log: memoryLog() }), {
    name: 'EmbeddedStartError',
    message: /was made by PostgreSQL 17, and this Bursar brings PostgreSQL 18.*DATABASE_URL/,
  })
})

test('the error of a database that cannot start contains its own message', async (t) => {
  const { dataDir, clusterDir } = await stoppedDatabase(t)
  writeFileSync(join(clusterDir, 'postgresql.auto.conf'), 'work_mem = nonsense\n')
  await assert.rejects(startEmbedded({ dataDir, log: memoryLog() }), {
    name: 'EmbeddedStartError',
    message: /did not start.*postgresql\.auto\.conf.*DATABASE_URL/,
  })
  assert.deepEqual(processesOf(clusterDir), [])
})

test('a directory that cannot be created is refused with a clear message', async (t) => {
  const file = join(privateDataDir(t), '..', 'file')
  writeFileSync(file, '')
  await assert.rejects(startEmbedded({ dataDir: join(file, 'data'), log: memoryLog() }), {
    name: 'EmbeddedStartError',
    message: /cannot be made or written.*DATABASE_URL/,
  })
})

test('without a readable record of where the database is, a start fails instead of starting empty', async (t) => {
  const dataDir = await startedDataDir(t)
  const record = join(dataDir, 'postgres.json')
  writeFileSync(record, JSON.stringify({ home: '/nowhere/at/all', isComplete: true }))
  await assert.rejects(startEmbedded({ dataDir, log: memoryLog() }), {
    name: 'EmbeddedStartError',
    message: /was in \/nowhere\/at\/all and is not there any more/,
  })
  writeFileSync(record, '')
  await assert.rejects(startEmbedded({ dataDir, log: memoryLog() }), {
    name: 'EmbeddedStartError',
    message: /postgres\.json, which says where the database is, cannot be read/,
  })
  writeFileSync(record, JSON.stringify({ home: 'postgres', isComplete: false }))
  await (await startEmbedded({ dataDir, log: memoryLog() })).stop()
})
