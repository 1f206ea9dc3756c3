import { createConnection } from 'node:net'
import { join } from 'node:path'

/** The options for `pg`. `host` is the directory of the socket. */
export type Connection = { host: string; port: number; user: string; database: string }

const TIMEOUT_MS = 2_000
const PROTOCOL_3 = 196_608
/** SQLSTATEs of a database that is up but has no connection left. */
const UP_BUT_FULL = new Set(['53300'])

/**
 * Sends the first message of the PostgreSQL protocol. Returns whether the database accepts
 * connections. False while it is starting, recovering, stopping or unreachable. Rejects with
 * PostgreSQL's message if the database refuses connections for a reason that will not pass.
 */
export function acceptsConnections(connection: Connection): Promise<boolean> {
  const path = join(connection.host, `.s.PGSQL.${connection.port}`)
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path })
    const end = (answer: boolean | Error) => {
      socket.destroy()
      if (typeof answer === 'boolean') resolve(answer)
      else reject(answer)
    }
    socket.setTimeout(TIMEOUT_MS, () => end(false))
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
    socket.on('connect', () => socket.write(startupMessage(connection)))
    let received: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      const answer = answerOf(received)
      if (answer !== null) end(answer)
    })
  })
}

/**
 * Interprets the response: `R` requests or confirms authentication, `E` is an error. Returns null
 * if the message is incomplete.
 */
function answerOf(received: Buffer): boolean | Error | null {
  if (received.length < 5 || received.length < 1 + received.readUInt32BE(1)) return null
  const kind = String.fromCharCode(received.readUInt8(0))
  if (kind === 'R') return true
  const fields = received.subarray(5).toString('utf8').split('\0')
  const fieldOf = (letter: string) => fields.find((field) => field.startsWith(letter))?.slice(1)
  const code = fieldOf('C') ?? ''
  if (UP_BUT_FULL.has(code)) return true
  // Class 57: starting, recovering, or shutting down.
  if (code.startsWith('57')) return false
  return new Error(fieldOf('M') ?? `an unexpected response (${kind})`)
}

function startupMessage(connection: Connection): Buffer {
  const words = ['user', connection.user, 'database', connection.database]
  const body = Buffer.from(`${words.join('\0')}\0\0`, 'utf8')
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length, 0)
  head.writeUInt32BE(PROTOCOL_3, 4)
  return Buffer.concat([head, body])
}
