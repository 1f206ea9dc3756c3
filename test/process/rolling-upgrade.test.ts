import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Connection, migrate, readMigrations } from '../../src/db/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { MIGRATIONS } from '../../src/main.ts'
import { runCli, urlOf } from '../support/cli-process.ts'
import { newDatabase, query } from '../support/databases.ts'
import { until, within } from '../support/deadline.ts'
import { done, prepare, readEntities } from '../support/entity-calls.ts'
import { randomFrom, seedOf } from '../support/random.ts'
import { openPlace } from '../support/server-process.ts'
import { startWriter, type Writer } from './writer.ts'

const CUSTOMERS = ['acme', 'globex']
/** How many requests of each writer must succeed before the next step. */
const WORK_BETWEEN = 10

/** Returns functions that start servers on one database. */
function openServers(t: TestContext, connection: Connection) {
  const settings = { DATABASE_URL: urlOf(connection) }
  const place = openPlace(t)
  return {
    start: () => place.start({ settings }),
    launch: () => place.launch({ settings }),
  }
}

async function workOn(writers: readonly Writer[]): Promise<void> {
  const goals = writers.map((writer) => writer.acknowledgedRequests() + WORK_BETWEEN)
  await until('acknowledged writes of every writer', () =>
    writers.every((writer, index) => writer.acknowledgedRequests() >= (goals[index] ?? 0)),
  )
}

/** Records a migration of a later version as applied. */
const applyLater = (connection: Connection, number: number, breaking: boolean) =>
  query(
    connection,
    `alter table customers add column later_${number} text;
     insert into schema_migrations
     select ${number}, '${number}_later.sql', 'x', ${breaking}, applied_at
     from schema_migrations where number = 1`,
  )

test('servers can be replaced one after the other without a failed request', async (t) => {
  const servers = openServers(t, await newDatabase(t))
  const running = [await servers.start(), await servers.start()]
  // Like a load balancer, sends all requests to the server that is not being replaced.
  let serving = 0
  const url = () => running[serving]?.url ?? ''
  await prepare(url(), CUSTOMERS)
  const random = randomFrom(seedOf(t), 0)
  const writers = CUSTOMERS.map((customerId) =>
    startWriter({
      customerId,
      name: customerId,
      url,
      random: randomFrom(random.below(2 ** 30), 0),
    }),
  )
  t.after(() => Promise.allSettled(writers.map((writer) => writer.stop())))
  for (const replaced of [1, 0, 1]) {
    serving = 1 - replaced
    await workOn(writers)
    running[replaced]?.kill('SIGTERM')
    assert.deepEqual(await running[replaced]?.end(), { code: 0, signal: null })
    await workOn(writers)
    running[replaced] = await servers.start()
  }
  await workOn(writers)
  for (const writer of writers) {
    await within('the end of a writer', writer.stop())
    assert.equal(writer.requestsWithout(), 0)
    const found = await readEntities(running[1 - serving]?.url ?? '', writer.customerId)
    const values = [...writer.rows].map(([id, row]) => [id, row.acknowledged])
    assert.deepEqual(
      values,
      [...writer.rows.keys()].map((id) => [id, Number(found.get(id)?.value)]),
    )
  }
})

test('a server works with a later schema and says so, but refuses a breaking one', async (t) => {
  const connection = await newDatabase(t)
  const servers = openServers(t, connection)
  const first = await servers.start()
  await prepare(first.url, ['acme'])
  const read = { method: 'GET', path: '/api/v1/customers/acme' }

  await applyLater(connection, 9001, false)
  await done(first.url, read)
  const second = await servers.start()
  await done(second.url, read)
  assert.match(second.stderr(), /"level":40.*migrated by a newer Bursar \(9001_later\.sql\)/)

  const settings = { DATABASE_URL: urlOf(connection) }
  const backup = await runCli(['backup', 'newer.backup'], settings)
  assert.equal(backup.code, 1)
  assert.match(backup.stderr, /comes from a newer Bursar \(9001_later\.sql\): use that version/)

  await applyLater(connection, 9002, true)
  const refused = servers.launch()
  assert.deepEqual(await refused.end(), { code: 1, signal: null })
  assert.match(refused.stderr(), /newer Bursar \(9002_later\.sql\), which this version cannot/)
  await done(first.url, read)
})

test('a start migrates an earlier schema, and a backup can be made before it', async (t) => {
  const connection = await newDatabase(t)
  const migrations = await readMigrations(MIGRATIONS)
  const earlier = migrations.slice(0, -1)
  await migrate(connection, earlier, systemClock)
  const settings = { DATABASE_URL: urlOf(connection) }
  const applied = async () => Number((await query(connection, COUNT))[0]?.count)

  const made = await runCli(['backup', 'earlier.backup'], settings)
  assert.equal(made.code, 0, made.stderr)
  assert.equal(await applied(), earlier.length)
  const other = await runCli(['key', 'list'], settings)
  assert.match(other.stderr, /by an older Bursar .*run bursar migrate/)

  await openServers(t, connection).start()
  assert.equal(await applied(), migrations.length)
  const target = await newDatabase(t)
  const restored = await runCli(['restore', 'earlier.backup', '--into', urlOf(target)])
  assert.equal(restored.code, 0, restored.stderr)
  assert.match(restored.stdout, new RegExp(`^applied ${migrations.at(-1)?.name}$`, 'm'))
})

const COUNT = 'select count(*) as count from schema_migrations'
