import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until, within } from '../support/deadline.ts'
import { customerCall, prepare, readEntities, upsertCall } from '../support/entity-calls.ts'
import { createClient } from '../support/keep-alive-client.ts'
import { processesOn } from '../support/processes.ts'
import {
  assertCleanEnd,
  endCleanly,
  openPlace,
  type Place,
  type ServerProcess,
  signal,
} from '../support/server-process.ts'
import { openHalfSent } from './half-sent.ts'

const CLIENTS = 8
const HALF_SENT = 3
/** How many requests must have a response before the signal is sent. */
const WARM_UP = 5

/** How a person or a supervisor stops `npm start`. */
const STOPS: Readonly<Record<string, (server: ServerProcess) => void>> = {
  'SIGTERM to npm alone, as a supervisor sends it': (server) => server.kill('SIGTERM'),
  'SIGINT to npm alone': (server) => server.kill('SIGINT'),
  'SIGINT to the whole group, as Ctrl-C sends it': (server) => server.killGroup('SIGINT'),
  'SIGTERM to the whole group': (server) => server.killGroup('SIGTERM'),
  'Ctrl-C three times': (server) => {
    for (let times = 0; times < 3; times += 1) server.killGroup('SIGINT')
  },
}

for (const [name, stop] of Object.entries(STOPS)) {
  test(`npm start under load, ${name}: accepted requests are answered, the exit code is 0, nothing remains`, async (t) => {
    const place = openPlace(t)
    const server = await place.start({ way: 'npm' })
    await prepare(server.url, ['acme'])
    const loads = Array.from({ length: CLIENTS }, (_, index) => startLoad(server.url, index))
    await until('answers to every client', () =>
      loads.every((load) => load.answered.length >= WARM_UP),
    )
    const halves = await Promise.all(
      Array.from({ length: HALF_SENT }, (_, index) =>
        openHalfSent(server.url, upsertCall('acme', [entity(`half-${index}`)])),
      ),
    )
    stop(server)
    await until('the port is closed', () => isRefused(server.url))
    for (const half of halves) {
      const { status, text } = await half.finish()
      assert.equal(status, 200, 'a request that had begun was not served to its end')
      assert.equal(JSON.parse(text).data.length, 1)
    }
    await within('the end of the clients', Promise.all(loads.map((load) => load.ended)))
    await assertCleanEnd(place, server)
    await assertServed(place, loads)
  })
}

test('idle connections do not delay the stop', async (t) => {
  const place = openPlace(t)
  const server = await place.start()
  const idle = createClient()
  t.after(() => idle.close())
  const outcome = await idle.send(server.url, { method: 'GET', path: '/health/live' })
  assert.equal(outcome.kind, 'answer')
  // Browsers and load balancers open connections before they have a request to send.
  const silent = await openSilent(t, server.url, '')
  const slow = await openSilent(t, server.url, 'GET /health/live HTTP/1.1\r\nhost: ')
  server.kill('SIGTERM')
  await within('the end of the connections', Promise.all([silent.closed, slow.closed]))
  await assertCleanEnd(place, server)
})

test('after kill -9 of the npm bootstrap the server stops and leaves nothing behind', async (t) => {
  const place = openPlace(t)
  const server = await place.start({ way: 'npm' })
  const bootstrap = processesOn(place.dataDir).find(({ title }) => /bin\/bursar\.mjs/.test(title))
  assert.ok(bootstrap !== undefined, place.processes().join('\n'))
  signal(bootstrap.pid, 'SIGKILL')
  await server.end()
  await until('nothing works on the data directory', () => place.processes().length === 0)
})

const entity = (id: string) => ({ id, entityTypeId: 'user', metadata: { from: 'a client' } })

/** Opens a connection, sends `text` and then nothing more. Returns a promise of its end. */
async function openSilent(t: TestContext, url: string, text: string) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.after(() => socket.destroy())
  await within('a connection', once(socket, 'connect'))
  socket.write(text)
  socket.on('error', () => {})
  // A server that stops while bytes are on their way resets the connection. That is an end, too.
  return { closed: new Promise<void>((resolve) => socket.resume().once('close', () => resolve())) }
}

type Load = { answered: string[]; unanswered: string[]; ended: Promise<void> }

/** Upserts one entity after the other until the server refuses connections. */
function startLoad(url: string, index: number): Load {
  const client = createClient()
  const load = { answered: [] as string[], unanswered: [] as string[] }
  const run = async () => {
    for (let count = 0; ; count += 1) {
      const id = `client-${index}-${count}`
      const outcome = await client.send(url, upsertCall('acme', [entity(id)]))
      if (outcome.kind === 'none' && outcome.why === 'ECONNREFUSED') return
      if (outcome.kind === 'none') {
        load.unanswered.push(id)
        await delay(1)
        continue
      }
      assert.deepEqual([outcome.kind, 'status' in outcome && outcome.status], ['answer', 200], id)
      load.answered.push(id)
    }
  }
  const ended = run().finally(() => client.close())
  ended.catch(() => {})
  return { ...load, ended }
}

/** Returns whether the server refuses connections. */
async function isRefused(url: string): Promise<boolean> {
  const client = createClient()
  const outcome = await client.send(url, { method: 'GET', path: '/health/live' })
  client.close()
  return outcome.kind === 'none' && outcome.why === 'ECONNREFUSED'
}

/** Asserts that the next start has every acknowledged write and no refused one. */
async function assertServed(place: Place, loads: readonly Load[]): Promise<void> {
  const second = await place.start({ way: 'npm' })
  const found = await readEntities(second.url, 'acme')
  const answered = loads.flatMap((load) => load.answered)
  const unanswered = loads.flatMap((load) => load.unanswered)
  const halves = Array.from({ length: HALF_SENT }, (_, index) => `half-${index}`)
  assert.deepEqual([...found.keys()].sort(), [...answered, ...halves].sort())
  for (const id of unanswered) assert.ok(!found.has(id), `${id} was written but never answered`)
  const client = createClient()
  const outcome = await client.send(second.url, customerCall('globex'))
  client.close()
  assert.equal(outcome.kind === 'answer' && outcome.status, 201)
  await endCleanly(place, second)
}
