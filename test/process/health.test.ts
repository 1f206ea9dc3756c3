import assert from 'node:assert/strict'
import { test } from 'node:test'
import { urlOf } from '../support/cli-process.ts'
import { testConnection } from '../support/connection.ts'
import { newDatabase, query } from '../support/databases.ts'
import { until } from '../support/deadline.ts'
import { customerCall, done } from '../support/entity-calls.ts'
import { ask } from '../support/keep-alive-client.ts'
import { endCleanly, openPlace } from '../support/server-process.ts'
import { killDatabase } from './kills.ts'

const READY = { method: 'GET', path: '/health/ready', apiKey: null }
const LIVE = { method: 'GET', path: '/health/live', apiKey: null }

test('a server is live and ready without a credential', async (t) => {
  const place = openPlace(t)
  const server = await place.start()
  const live = await ask(server.url, LIVE)
  assert.deepEqual([live.status, live.body], [200, { status: 'live' }])
  const ready = await ask(server.url, READY)
  assert.deepEqual([ready.status, ready.body], [200, { status: 'ready' }])
  await endCleanly(place, server)
})

test('while its database is down, a server is live, not ready, and answers 503; then it recovers', async (t) => {
  const place = openPlace(t)
  const server = await place.start()
  await done(server.url, customerCall('before'))
  const refused = await until('an answer while the database is down', async () => {
    // If the database is back before the request is sent, it is killed again.
    await killDatabase(place)
    const ready = await ask(server.url, READY)
    return ready.status === 200 ? null : ready
  })
  assert.equal(refused.status, 503)
  assert.deepEqual(Object.keys(refused.body).sort(), ['code', 'field', 'message'])
  assert.equal(refused.body.code, null)
  assert.match(refused.body.message, /database/)
  assert.match(String(refused.headers['retry-after']), /^\d+$/)
  assert.match(String(refused.headers['x-trace-id']), /^[0-9a-f]{32}$/)
  assert.equal((await ask(server.url, LIVE)).status, 200)

  await until('ready again', async () => (await ask(server.url, READY)).status === 200)
  const { data } = await done(server.url, { method: 'GET', path: '/api/v1/customers/before' })
  assert.equal(data.id, 'before')
  await done(server.url, customerCall('after'))
  await endCleanly(place, server)
})

test('a server whose database is down stops cleanly', async (t) => {
  const place = openPlace(t)
  const server = await place.start()
  await killDatabase(place)
  await endCleanly(place, server)
})

test('with a read-only database a server is not ready and returns no data', async (t) => {
  const place = openPlace(t)
  const connection = await newDatabase(t)
  const [found] = await query(connection, 'select current_database() as name')
  const server = await place.start({ settings: { DATABASE_URL: urlOf(connection) } })
  await done(server.url, customerCall('before'))
  const call = { method: 'GET', path: '/api/v1/customers/before' }
  // New sessions are read-only, as after a change of roles; old ones go away.
  const alter = (how: string) => query(testConnection(), `alter database ${found?.name} ${how}`)
  await alter('set default_transaction_read_only = on')
  await query(
    testConnection(),
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${found?.name}'`,
  )
  const ready = await until('an answer of a server that is not ready', async () => {
    const answer = await ask(server.url, READY)
    return answer.status === 200 ? null : answer
  })
  assert.equal(ready.status, 503)
  assert.match(String(ready.headers['retry-after']), /^\d+$/)
  const { status, body } = await ask(server.url, call)
  assert.equal(status, 503)
  assert.match(body.message, /database/)
  assert.equal((await ask(server.url, LIVE)).status, 200)
  await alter('reset default_transaction_read_only')
  await until('ready again', async () => (await ask(server.url, READY)).status === 200)
  await done(server.url, call)
  await endCleanly(place, server)
})
