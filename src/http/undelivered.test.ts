import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { until, within } from '../../test/support/deadline.ts'
import { createEpochs, type Look } from '../db/index.ts'
import { RETRIED_MS } from '../events/index.ts'
import type { Answer } from '../idempotency/index.ts'
import { cacheUndelivered, type UndeliveredLimits } from './undelivered.ts'

type Work = () => Promise<Answer>

/** A server whose responses show how often its work was executed. */
async function open(t: TestContext, limits?: UndeliveredLimits) {
  let now = 0
  let done = 0
  let work: Work = async () => {
    done += 1
    return { status: 200, headers: {}, body: String(done) }
  }
  const server = createServer()
  const epochs = createEpochs()
  let look = () => {}
  const db = {
    epochs,
    look: async (): Promise<Look> => {
      look()
      const reading = { theirs: 0, askedAtMs: 0, answeredAtMs: 0 }
      return { database: '', isWritable: true, clock: reading }
    },
  }
  const answer = cacheUndelivered(server, { db, monotonic: () => now }, limits)
  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    const isRetry = request.headers['x-retry'] === '1'
    const asked = { name: String(request.url), isRetry, request, response }
    const given = await answer(asked, () => work()).catch(() => ({
      status: 503,
      headers: {},
      body: 'refused',
    }))
    response.statusCode = given.status
    response.end(given.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sockets: Socket[] = []
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const closings = new Map<number, Promise<void>>()
  server.on('connection', (socket) => {
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    closings.set(Number(socket.remotePort), closed)
  })
  let arrivals = 0
  server.on('request', () => {
    arrivals += 1
  })
  return {
    setNow: (ms: number) => {
      now = ms
    },
    /** A fail-over. The next look notices it. Earlier work may be lost. */
    failOver: () => {
      epochs.observe('former')
      look = () => epochs.observe('present')
    },
    setLook: (next: () => void) => {
      look = next
    },
    arrived: (count: number) => until('requests', () => arrivals >= count),
    setWork: (next: Work) => {
      work = next
    },
    connection: () => connection(port, sockets, closings),
  }
}

type Tries = { path?: string; isRetry?: boolean }

/** Opens a connection. `closed` waits until the server has noticed its end. */
async function connection(port: number, sockets: Socket[], closings: Map<number, Promise<void>>) {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  const bodies: string[] = []
  let wake = () => {}
  let text = ''
  socket.on('data', (data) => {
    text += data
    for (;;) {
      const found = /content-length: (\d+)[\s\S]*?\r\n\r\n/i.exec(text)
      const end = found
        ? found.index + found[0].length + Number(found[1])
        : Number.POSITIVE_INFINITY
      if (text.length < end) break
      bodies.push(text.slice(end - Number(found?.[1]), end))
      text = text.slice(end)
    }
    wake()
  })
  const send = ({ path = '/a', isRetry = false }: Tries = {}) =>
    socket.write(`POST ${path} HTTP/1.1\r\nhost: a\r\nx-retry: ${isRetry ? 1 : 0}\r\n\r\n`)
  const answers = async (count: number) => {
    while (bodies.length < count)
      await within('an answer', new Promise<void>((resolve) => (wake = resolve)))
    return bodies
  }
  const closed = async () => {
    // The server knows a connection before its first request.
    await within('the end of a connection', closings.get(Number(socket.localPort)) ?? fail())
  }
  return {
    send,
    answers,
    ask: async (tries?: Tries) => {
      const { length } = bodies
      send(tries)
      return (await answers(length + 1)).at(-1)
    },
    reset: async () => {
      const ended = closed()
      socket.resetAndDestroy()
      await ended
    },
    close: async () => {
      const ended = closed()
      socket.end()
      await ended
    },
  }
}

const fail = () => Promise.reject(new Error('the server knows no such connection'))

/** Opens a server whose response `1` was lost with its connection. */
async function openAfterLoss(t: TestContext) {
  const opened = await open(t)
  const lost = await opened.connection()
  assert.equal(await lost.ask(), '1')
  await lost.reset()
  return opened
}

test('a retry repeats an answer that was lost with its connection, and only once', async (t) => {
  const { connection } = await openAfterLoss(t)
  const next = await connection()
  assert.equal(await next.ask({ path: '/b', isRetry: true }), '2')
  assert.equal(await next.ask({ isRetry: true }), '1')
  assert.equal(await next.ask({ isRetry: true }), '3')
})

test('an answer from before a fail-over is not repeated, because its change may be lost', async (t) => {
  const { connection, failOver } = await openAfterLoss(t)
  failOver()
  const next = await connection()
  assert.equal(await next.ask({ isRetry: true }), '2')
  assert.equal(await next.ask({ isRetry: true }), '3')
})

test('while the database does not respond, no answer is repeated or forgotten', async (t) => {
  const { connection, setLook } = await openAfterLoss(t)
  const next = await connection()
  setLook(() => {
    throw new Error('the database is out of reach')
  })
  assert.equal(await next.ask({ isRetry: true }), 'refused')
  setLook(() => {})
  assert.equal(await next.ask({ isRetry: true }), '1')
})

test('two lost answers can be repeated twice', async (t) => {
  const { connection } = await open(t)
  const lost = await connection()
  // The second request is sent before the first response, so it does not show that this arrived.
  lost.send()
  lost.send()
  await lost.answers(2)
  await lost.reset()
  const next = await connection()
  const answers = [
    await next.ask({ isRetry: true }),
    await next.ask({ isRetry: true }),
    await next.ask({ isRetry: true }),
  ]
  assert.deepEqual(answers, ['1', '2', '3'])
})

test('a repeated answer that is lost again is repeated again', async (t) => {
  const { connection } = await open(t)
  for (const isRetry of [false, true, true]) {
    const lost = await connection()
    assert.equal(await lost.ask({ isRetry }), '1')
    await lost.reset()
  }
  assert.equal(await (await connection()).ask({ isRetry: true }), '1')
})

test('an answer has arrived when the next request comes on its connection', async (t) => {
  const { connection } = await open(t)
  const used = await connection()
  assert.equal(await used.ask(), '1')
  assert.equal(await used.ask({ path: '/b' }), '2')
  await used.reset()
  const next = await connection()
  assert.equal(await next.ask({ isRetry: true }), '3')
  assert.equal(await next.ask({ path: '/b', isRetry: true }), '2')
})

test('an answer has arrived when its connection is closed in order', async (t) => {
  const { connection } = await open(t)
  const used = await connection()
  assert.equal(await used.ask(), '1')
  await used.close()
  assert.equal(await (await connection()).ask({ isRetry: true }), '2')
})

for (const end of ['reset', 'close', null] as const)
  test(`a retry waits for its original that is still running (its connection: ${end ?? 'open'})`, async (t) => {
    const { connection, setWork, arrived } = await open(t)
    const outcome = Promise.withResolvers<Answer>()
    let works = 0
    setWork(() => {
      works += 1
      return outcome.promise
    })
    const first = await connection()
    first.send()
    await arrived(1)
    if (end !== null) await first[end]()
    const answer = (await connection()).ask({ isRetry: true })
    await arrived(2)
    outcome.resolve({ status: 200, headers: {}, body: 'one' })
    assert.equal(await answer, 'one')
    assert.equal(works, 1)
  })

test('a retry is executed if its original is refused in the end', async (t) => {
  const { connection, setWork, arrived } = await open(t)
  const outcome = Promise.withResolvers<Answer>()
  setWork(() => outcome.promise)
  const first = await connection()
  const refused = first.ask()
  await arrived(1)
  const answer = (await connection()).ask({ isRetry: true })
  await arrived(2)
  setWork(async () => ({ status: 200, headers: {}, body: 'done' }))
  outcome.reject(new Error('refused'))
  assert.equal(await refused, 'refused')
  assert.equal(await answer, 'done')
})

test('a first try repeats no answer, and a retry repeats no answer of a later request', async (t) => {
  const { connection } = await open(t)
  const lost = await connection()
  assert.equal(await lost.ask({ isRetry: true }), '1')
  await lost.reset()
  const next = await connection()
  assert.equal(await next.ask(), '2')
  assert.equal(await next.ask({ isRetry: true }), '1')
})

test('an answer is repeated for less than two minutes', async (t) => {
  const { connection, setNow } = await open(t)
  for (const path of ['/a', '/b']) {
    const lost = await connection()
    await lost.ask({ path })
    await lost.reset()
  }
  const next = await connection()
  setNow(RETRIED_MS - 1)
  assert.equal(await next.ask({ path: '/a', isRetry: true }), '1')
  setNow(RETRIED_MS)
  assert.equal(await next.ask({ path: '/b', isRetry: true }), '3')
})

const BOUNDS: [what: string, limits: UndeliveredLimits][] = [
  ['count', { answers: 2, bytes: 1000 }],
  ['bytes', { answers: 1000, bytes: 2 }],
]
for (const [what, limits] of BOUNDS)
  test(`the ${what} of stored answers is limited, and the oldest answer is dropped`, async (t) => {
    const { connection } = await open(t, limits)
    for (const path of ['/a', '/b', '/c']) {
      const lost = await connection()
      await lost.ask({ path })
      await lost.reset()
    }
    const next = await connection()
    assert.equal(await next.ask({ path: '/b', isRetry: true }), '2')
    assert.equal(await next.ask({ path: '/c', isRetry: true }), '3')
    assert.equal(await next.ask({ path: '/a', isRetry: true }), '4')
  })
