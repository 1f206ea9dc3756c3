import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { until, within } from '../../test/support/deadline.ts'
import { listening } from '../../test/support/listening.ts'
import { openWorld } from '../../test/support/world.ts'

const MB = 1_048_576
const world = await openWorld({
  BURSAR_MAX_BODIES_MB: '64',
  BURSAR_MAX_BODIES_PER_CALLER_MB: '2',
})
const { server, dial } = await listening(world)

/** Sends headers and then as many bytes as the server accepts, whatever the response is. */
async function send(lines: readonly string[], chunk: Buffer | null) {
  const accepted = once(server.server, 'connection') as Promise<[Socket]>
  const socket = dial()
  const [ofServer] = await within('a connection', accepted)
  let text = ''
  socket.on('data', (data) => {
    text += String(data)
  })
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const push = () => {
    while (chunk !== null && !socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', push)
  push()
  return { socket, ofServer, text: () => text }
}

const headerOf = (path: string, key: string, ...more: string[]) => [
  `POST ${path} HTTP/1.1`,
  'host: x',
  'content-type: application/json',
  `x-api-key: ${key}`,
  ...more,
]
const spaces = Buffer.alloc(65_536, ' ')
const chunked = Buffer.from(`10000\r\n${' '.repeat(65_536)}\r\n`)
const zeros = gzipSync(Buffer.alloc(64 * MB))

const length = (bytes: number) => `content-length: ${bytes}`
const events = '/api/v1/events'
const tenant = await world.tenant()
const readOnly = await tenant.newKey('read-only')
const other = await world.tenant()

const REFUSED: Readonly<Record<string, [status: number, lines: string[], chunk?: Buffer]>> = {
  'a request with an unknown key': [401, headerOf(events, 'no-key-of-anybody-0', length(10 * MB))],
  'a request without permission': [403, headerOf(events, readOnly, length(10 * MB))],
  'a request to an unknown path': [404, headerOf('/api/v1/nothing', tenant.key, length(10 * MB))],
  'a content-length beyond the limit': [413, headerOf(events, tenant.key, length(100 * MB))],
  'a body beyond the share': [429, headerOf(events, tenant.key, length(10 * MB))],
  'a chunked body beyond the share': [
    429,
    headerOf(events, tenant.key, 'transfer-encoding: chunked'),
    chunked,
  ],
  'a body of another type': [
    415,
    headerOf(events, other.key, length(10 * MB)).map((line) => line.replace('/json', '/xml')),
  ],
  'a body that inflates beyond the share': [
    429,
    headerOf(events, tenant.key, 'content-encoding: gzip', 'transfer-encoding: chunked'),
    Buffer.concat([Buffer.from(`${zeros.length.toString(16)}\r\n`), zeros, Buffer.from('\r\n')]),
  ],
}
/** A request whose body is admitted and does not arrive. */
await send(headerOf(events, tenant.key, length(2 * MB)), null)

for (const [name, [status, lines, chunk = spaces]] of Object.entries(REFUSED))
  test(`${name} is answered, and the rest of its body is not read`, async () => {
    const { ofServer, text } = await send(lines, chunk)
    await until('the answer', () => /"code":[^}]*\}$/.test(text()))
    assert.match(text(), new RegExp(`^HTTP/1.1 ${status} `))
    assert.match(text(), /^connection: close\r$/im)
    await until('the connection ends', () => ofServer.destroyed)
    assert.ok(ofServer.bytesRead < 4 * MB, `${ofServer.bytesRead} bytes were taken`)
  })

test('the server stops waiting when the caller disconnects after the response', async () => {
  const { socket, ofServer, text } = await send(
    headerOf(events, 'no-key-of-anybody-0', length(10 * MB)),
    spaces,
  )
  await until('the answer', () => text().includes('"code"'))
  socket.destroy()
  await until('the connection ends', () => ofServer.destroyed)
})

test('after a refused small body the connection can be used again', async () => {
  const { socket, text } = await send(headerOf(events, 'no-key-of-anybody-0', length(20)), null)
  await until('the answer', () => text().includes('"code"'))
  assert.doesNotMatch(text(), /^connection: close\r$/im)
  socket.write(`${' '.repeat(20)}GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n`)
  await until('the next answer', () => text().includes('{"status":"live"}'))
})
