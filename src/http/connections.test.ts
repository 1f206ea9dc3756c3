import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import pino from 'pino'
import { until, within } from '../../test/support/deadline.ts'
import { listening } from '../../test/support/listening.ts'
import { parsePrometheusText } from '../../test/support/prometheus-text.ts'
import { openWorld } from '../../test/support/world.ts'
import { readConfig } from '../config.ts'
import { UNREAD_MS } from './connections.ts'
import { connectionsWithin } from './open-files.ts'
import { createServer } from './server.ts'
import { trustedProxies } from './trusted-proxies.ts'

function serverWith(env: Record<string, string>) {
  return createServer(pino({ level: 'silent' }), readConfig(env, process.cwd()))
}

/** Returns a connection from an address that this machine does not have. */
const comingFrom = (remoteAddress: string) =>
  Object.assign(new Duplex({ read: () => {}, write: (_, __, done) => done() }), { remoteAddress })

test('connections beyond the total limit are refused until one ends', async () => {
  const world = await openWorld({ BURSAR_MAX_CONNECTIONS: '10' })
  const { server, dial } = await listening(world)
  const open = async () => {
    const socket = dial()
    await once(socket, 'connect')
    return socket
  }
  const first = await open()
  for (let index = 1; index < 10; index += 1) await open()
  const scrape = async () =>
    parsePrometheusText((await server.inject({ method: 'GET', url: '/metrics' })).body)
  const shown = async (name: string, labels: object) =>
    (await scrape())
      .get(name)
      ?.samples.find((sample) => JSON.stringify(sample.labels) === JSON.stringify(labels))?.value
  await until('all are open', async () => {
    return (await shown('bursar_connections', { state: 'idle' })) === 10
  })
  await within('the refusal', once(await open(), 'close'))
  assert.equal(await shown('bursar_connections_closed_total', { bound: 'all' }), 1)
  first.destroy()
  await until('one is free', async () => {
    return (await shown('bursar_connections', { state: 'idle' })) === 9
  })
  const next = await open()
  next.write('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n')
  const [answer] = await within('the answer', once(next, 'data'))
  assert.match(String(answer), /^HTTP\/1\.1 200 /)
})

test('each address has a limit, except this machine and trusted proxies', () => {
  const { server, connections } = serverWith({
    BURSAR_MAX_CONNECTIONS_PER_ADDRESS: '3',
    BURSAR_TRUST_PROXY: '192.0.2.0/24',
  })
  const arrive = (address: string) => {
    const socket = comingFrom(address)
    server.server.emit('connection', socket)
    return socket
  }
  const many = (address: string, count: number) =>
    Array.from({ length: count }, () => arrive(address))
  const refusedOf = (sockets: Duplex[]) => sockets.filter(({ destroyed }) => destroyed).length
  const kept = many('203.0.113.7', 3)
  assert.equal(refusedOf(kept), 0)
  assert.equal(refusedOf(many('::ffff:203.0.113.7', 2)), 2, 'the same address, written otherwise')
  assert.equal(refusedOf([...many('2001:db8::1', 3), ...many('2001:db8::2', 1)]), 1)
  assert.equal(refusedOf(many('127.0.0.1', 20)), 0)
  assert.equal(refusedOf(many('192.0.2.9', 20)), 0)
  assert.equal(connections.counts().closed.address, 3)
  kept[0]?.emit('close')
  assert.equal(refusedOf(many('203.0.113.7', 2)), 1)
})

test('a connection on which no complete header arrives is closed', async (t) => {
  const { server } = serverWith({})
  t.after(() => server.close())
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const answers = ['', 'GET /health/live HTTP/1.1\r\nx-half: '].map(async (sent) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(sent)
    let text = ''
    socket.on('data', (part) => {
      text += part
    })
    await once(socket, 'close')
    return text
  })
  for (const text of await within('both ends', Promise.all(answers)))
    assert.match(text, /^HTTP\/1\.1 408 .*did not arrive in time/s)
})

test('a connection whose caller reads nothing of a response for a minute is closed', async (t) => {
  // Without the server's own timer, only this test calls `closeUnread`.
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { server, connections } = serverWith({})
  t.after(() => server.close())
  server.get('/large', async () => 'x'.repeat(32 * 1024 * 1024))
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const accepted = once(server.server, 'connection') as Promise<[Socket]>
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  socket.pause()
  socket.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n')
  const [ofServer] = await within('the connection', accepted)
  await until('the answer waits', () => ofServer.writableLength > 0)
  // A whole number, because sums of other floating-point numbers may be rounded.
  const now = Math.ceil(performance.now())
  connections.closeUnread(now)
  connections.closeUnread(now + UNREAD_MS - 1)
  assert.equal(connections.counts().closed.unread, 0)
  connections.closeUnread(now + UNREAD_MS)
  assert.equal(connections.counts().closed.unread, 1)
  await until('it is closed', () => connections.counts().serving === 0)
  socket.destroy()
})

test('file descriptors are reserved for the database', () => {
  assert.equal(connectionsWithin(5000, { poolSize: 10, limit: 1024 }), 914)
  assert.equal(connectionsWithin(500, { poolSize: 10, limit: 1024 }), 500)
  assert.equal(connectionsWithin(5000, { poolSize: 10, limit: null }), 5000)
  assert.equal(connectionsWithin(5000, { poolSize: 10, limit: 64 }), 1)
})

test('proxies are trusted by address, network or name, with IPv4 addresses in both notations', () => {
  const trusts = trustedProxies(['10.1.2.3', '192.0.2.0/24', 'fd00::/8', 'loopback'])
  for (const address of ['10.1.2.3', '::ffff:192.0.2.200', 'fd12::1', '127.0.0.1', '::1'])
    assert.ok(trusts(address), address)
  for (const address of ['10.1.2.4', '198.51.100.1', 'fe80::1%eth0', '', undefined, 'unknown'])
    assert.ok(!trusts(address), address)
  assert.ok(!trustedProxies(null)('127.0.0.1'))
})
