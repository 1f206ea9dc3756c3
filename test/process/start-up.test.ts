import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { MIGRATION_LOCK } from '../../src/db/blockers.ts'
import { databaseUrl, findRunning } from '../../src/embedded-postgres/index.ts'
import type { Connection } from '../../src/embedded-postgres/probe.ts'
import { query } from '../support/databases.ts'
import { until } from '../support/deadline.ts'
import { done } from '../support/entity-calls.ts'
import { ask, type Call } from '../support/keep-alive-client.ts'
import { API_KEY, endCleanly, openPlace } from '../support/server-process.ts'

const READ: Call = { method: 'GET', path: '/api/v1/customers' }

/** Returns the status of a call that every full-access key may make. */
const statusWith = async (url: string, apiKey: string | null) =>
  (await ask(url, { ...READ, apiKey })).status

test('the first start prints the key once and stores it with mode 0600, and later starts print none', async (t) => {
  const place = openPlace(t, { isNew: true })
  const settings = { BURSAR_API_KEY: null }
  const first = await place.start({ settings })
  const printed = /^API key .*: (\S+)$/m.exec(first.stdout())?.[1]
  assert.ok(printed !== undefined, first.stdout())
  assert.equal(first.stderr().includes(printed), false, 'the key stands in the log')
  const file = join(place.dataDir, 'api-key')
  assert.equal(readFileSync(file, 'utf8').trim(), printed)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(await statusWith(first.url, printed), 200)
  await endCleanly(place, first)

  const second = await place.start({ settings })
  assert.equal(second.stdout().includes(printed), false, 'the key was printed again')
  assert.doesNotMatch(second.stdout(), /API key/)
  assert.equal(await statusWith(second.url, printed), 200)
  await endCleanly(place, second)
})

test('the start prints a link that signs in only if it is told to, or if a person watches', async (t) => {
  const place = openPlace(t, { isNew: true })
  const first = await place.start()
  assert.doesNotMatch(first.stdout() + first.stderr(), /sign-in/)
  await endCleanly(place, first)

  const second = await place.start({ settings: { BURSAR_PRINT_SIGN_IN: '1' } })
  const link = /^Sign in .*: (http:\S+)\/sign-in#code=(\S+)$/m
  await until('the link is printed', () => link.test(second.stdout()))
  const [, , code = ''] = link.exec(second.stdout()) ?? []
  assert.equal(second.stderr().includes(code), false, 'the code stands in the log')
  const path = '/api/v1/sign-in-codes/exchange'
  const { data } = await done(second.url, { method: 'POST', path, body: { code }, apiKey: null })
  assert.equal(await statusWith(second.url, data.secret), 200)
  await endCleanly(place, second)
})

test('another BURSAR_API_KEY ends the previous one', async (t) => {
  const place = openPlace(t, { isNew: true })
  const other = 'another-process-test-key-0123456789'
  const first = await place.start()
  assert.equal(await statusWith(first.url, API_KEY), 200)
  assert.equal(await statusWith(first.url, other), 401)
  assert.doesNotMatch(first.stdout(), /API key/)
  await endCleanly(place, first)

  const second = await place.start({ settings: { BURSAR_API_KEY: other } })
  assert.equal(await statusWith(second.url, API_KEY), 401)
  assert.equal(await statusWith(second.url, other), 200)
  assert.equal(await statusWith(second.url, null), 401)
  await endCleanly(place, second)
})

/** Starts a server, and a second one on its data directory, which is refused. */
async function startTwice(t: TestContext) {
  const place = openPlace(t, { isNew: true })
  const first = await place.start()
  const second = place.launch()
  assert.deepEqual(await second.end(), { code: 1, signal: null })
  return { place, first, refusal: second.stderr() }
}

test('a second server on a data directory is refused in one sentence, and the first one continues', async (t) => {
  const { place, first, refusal } = await startTwice(t)
  assert.match(oneSentence(refusal), /in use by another Bursar.*DATABASE_URL="postgres:/)
  assert.equal(await statusWith(first.url, API_KEY), 200)
  await endCleanly(place, first)
})

test('the DATABASE_URL in the refusal lets a second server share the database', async (t) => {
  const { place, first, refusal } = await startTwice(t)
  const url = /DATABASE_URL="([^"]+)"/.exec(refusal)?.[1]
  assert.ok(url !== undefined, refusal)
  const second = await place.start({ settings: { DATABASE_URL: url } })
  assert.equal(second.database, 'DATABASE_URL')
  await done(first.url, { method: 'POST', path: '/api/v1/customers', body: { id: 'acme' } })
  const { data } = await done(second.url, { method: 'GET', path: '/api/v1/customers/acme' })
  assert.equal(data.id, 'acme')
  second.kill('SIGTERM')
  assert.deepEqual(await second.end(), { code: 0, signal: null })
  assert.equal(await statusWith(first.url, API_KEY), 200)
  await endCleanly(place, first)
})

test('a port in use is reported in one sentence, and the database is stopped', async (t) => {
  const place = openPlace(t, { isNew: true })
  const occupant = createServer().listen(0, '127.0.0.1')
  t.after(() => occupant.close())
  await new Promise((listening) => occupant.once('listening', listening))
  const { port } = occupant.address() as AddressInfo
  const server = place.launch({ settings: { BURSAR_PORT: String(port) } })
  assert.deepEqual(await server.end(), { code: 1, signal: null })
  assert.deepEqual(place.processes(), [])
  assert.match(oneSentence(server.stderr()), new RegExp(`port.*${port}|${port}.*in use`, 'i'))
})

test('a start that cannot get its port changes nothing for running servers', async (t) => {
  const place = openPlace(t, { isNew: true })
  const first = await place.start()
  const settings = {
    DATABASE_URL: urlOf(await findRunning(place.dataDir)),
    BURSAR_PORT: new URL(first.url).port,
    BURSAR_API_KEY: 'another-key-0123456789',
  }
  const second = place.launch({ settings })
  assert.deepEqual(await second.end(), { code: 1, signal: null })
  assert.match(oneSentence(second.stderr()), /cannot listen on/)
  assert.equal(await statusWith(first.url, API_KEY), 200)
  assert.equal(await statusWith(first.url, settings.BURSAR_API_KEY), 401)
})

test('a start that waits for the schema says so, is live, reacts to signals, and gives up', async (t) => {
  const place = openPlace(t, { isNew: true })
  await place.start()
  const DATABASE_URL = urlOf(await findRunning(place.dataDir))
  const holder = new pg.Client({ connectionString: DATABASE_URL, application_name: 'somebody' })
  holder.on('error', () => {})
  await holder.connect()
  t.after(() => holder.end())
  await holder.query(`select pg_advisory_lock(${MIGRATION_LOCK})`)

  const port = String(await freePort())
  const waiting = place.launch({ settings: { DATABASE_URL, BURSAR_PORT: port } })
  await until('the wait is told', () => waiting.stderr().includes('"waiting for session '))
  assert.match(waiting.stderr(), /somebody, .*which migrates the schema/)
  const url = `http://127.0.0.1:${port}`
  const live = await fetch(`${url}/health/live`)
  assert.deepEqual([live.status, await live.json()], [200, { status: 'live' }])
  const refused = await fetch(`${url}/health/ready`)
  assert.equal(refused.status, 503, await refused.text())
  assert.equal(refused.headers.get('retry-after'), '1')
  waiting.kill('SIGTERM')
  assert.deepEqual(await waiting.end(), { code: 0, signal: null })

  const impatient = place.launch({ settings: { DATABASE_URL, BURSAR_MIGRATION_WAIT_SECONDS: '1' } })
  assert.deepEqual(await impatient.end(), { code: 75, signal: null })
  assert.match(oneSentence(impatient.stderr()), /not up to date yet.*somebody.*try again/)
})

test('servers that start together on an empty database all start without a warning', async (t) => {
  const place = openPlace(t, { isNew: true })
  await place.start()
  const connection = await findRunning(place.dataDir)
  assert.ok(connection !== null)
  await query(connection, 'create database empty')
  const settings = { DATABASE_URL: databaseUrl({ ...connection, database: 'empty' }) }
  const servers = Array.from({ length: 4 }, () => place.launch({ settings }))
  for (const server of servers) {
    await server.started()
    const loud = server
      .stderr()
      .split('\n')
      .filter((line) => /"level":[4-6]0/.test(line))
    assert.deepEqual(loud, [])
  }
})

test('a start with a database that does not respond reacts to signals', async (t) => {
  const place = openPlace(t, { isNew: true })
  // A socket that nobody reads would not notice that its client has gone.
  const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
  t.after(() => silent.close())
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const server = place.launch({
    settings: { DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/nothing` },
  })
  await once(silent, 'connection')
  server.kill('SIGTERM')
  assert.deepEqual(await server.end(), { code: 0, signal: null })
})

function urlOf(connection: Connection | null): string {
  assert.ok(connection !== null)
  return databaseUrl(connection)
}

async function freePort(): Promise<number> {
  const occupant = createServer().listen(0, '127.0.0.1')
  await once(occupant, 'listening')
  const { port } = occupant.address() as AddressInfo
  occupant.close()
  await once(occupant, 'close')
  return port
}

test('an invalid setting is reported in one sentence before anything starts', async (t) => {
  const place = openPlace(t, { isNew: true })
  const refusals: [Record<string, string>, RegExp][] = [
    [{ BURSAR_PORT: 'http' }, /BURSAR_PORT must be a whole number/],
    [{ BURSAR_API_KEY: 'short' }, /BURSAR_API_KEY must have 16 to 512/],
    [{ BURSAR_TEST_CLOCK: '1', NODE_ENV: 'production' }, /BURSAR_TEST_CLOCK is refused/],
    [{ DATABASE_URL: 'mysql://localhost/x' }, /DATABASE_URL must begin with/],
  ]
  for (const [settings, sentence] of refusals) {
    const server = place.launch({ settings })
    assert.deepEqual(await server.end(), { code: 1, signal: null })
    assert.match(oneSentence(server.stderr()), sentence)
    assert.equal(statSync(place.dataDir, { throwIfNoEntry: false }), undefined)
  }
})

/** Returns standard error without log lines. Asserts that it is one line without a stack. */
function oneSentence(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
  assert.equal(lines.length, 1, stderr)
  assert.match(lines[0] ?? '', /^bursar: /)
  return lines[0] ?? ''
}
