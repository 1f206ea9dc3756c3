import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { within } from './deadline.ts'
import { API_KEY } from './server-process.ts'

// biome-ignore lint/suspicious/noExplicitAny: the JSON of any response; tests look into it.
export type Json = any

export type Outcome =
  | { kind: 'answer'; status: number; body: Json; headers: IncomingHttpHeaders }
  /** The connection was refused, or closed before the first byte of a response. */
  | { kind: 'none'; why: string }
  /** Bytes arrived, but no complete response in JSON. No server may do that. */
  | { kind: 'broken'; why: string }

export type Call = {
  method: string
  path: string
  body?: unknown
  apiKey?: string | null
  headers?: Record<string, string>
}

export type KeepAliveClient = {
  send(url: string, call: Call): Promise<Outcome>
  close(): void
}

/** A caller that keeps its connections, as the agents of the official SDKs do. */
export function createClient(connections = 1): KeepAliveClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  return {
    send: (url, call) => within(`an answer to ${call.method} ${call.path}`, send(agent, url, call)),
    close: () => agent.destroy(),
  }
}

/** Returns the response to one call on a connection of its own. Throws if there is none. */
export async function ask(url: string, call: Call): Promise<Outcome & { kind: 'answer' }> {
  const client = createClient()
  try {
    const outcome = await client.send(url, call)
    if (outcome.kind === 'answer') return outcome
    throw new Error(`${call.method} ${call.path}: ${outcome.kind} (${outcome.why})`)
  } finally {
    client.close()
  }
}

function send(agent: Agent, url: string, call: Call): Promise<Outcome> {
  const { method, path, body, apiKey = API_KEY } = call
  const payload = body === undefined ? '' : JSON.stringify(body)
  const headers = {
    ...call.headers,
    ...(apiKey === null ? {} : { 'x-api-key': apiKey }),
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
  }
  return new Promise((resolve) => {
    const outgoing = request(`${url}${path}`, { method, headers, agent })
    let socket: Socket | null = null
    let bytesBefore = 0
    outgoing.on('socket', (own) => {
      socket = own
      bytesBefore = own.bytesRead
    })
    outgoing.on('response', (response) => resolve(read(response)))
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const why = error.code ?? error.message
      const nothing = (socket?.bytesRead ?? 0) === bytesBefore
      resolve({ kind: nothing ? 'none' : 'broken', why })
    })
    outgoing.end(payload)
  })
}

async function read(response: IncomingMessage): Promise<Outcome> {
  try {
    const parts: Buffer[] = []
    for await (const part of response) parts.push(part as Buffer)
    if (!response.complete) return { kind: 'broken', why: 'the answer was cut off' }
    const body = JSON.parse(Buffer.concat(parts).toString('utf8'))
    return { kind: 'answer', status: response.statusCode ?? 0, body, headers: response.headers }
  } catch (error) {
    return { kind: 'broken', why: String(error) }
  }
}
