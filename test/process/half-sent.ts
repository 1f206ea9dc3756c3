import assert from 'node:assert/strict'
import { type IncomingMessage, request } from 'node:http'
import { within } from '../support/deadline.ts'
import type { Call } from '../support/keep-alive-client.ts'
import { API_KEY } from '../support/server-process.ts'

/** A request of which the server has read the headers and waits for the body. */
export type HalfSent = { finish(): Promise<{ status: number; text: string }> }

/**
 * Sends the headers of a call and half of its body. Waits until the server has read the headers.
 */
export async function openHalfSent(url: string, call: Call): Promise<HalfSent> {
  const payload = JSON.stringify(call.body)
  const headers = {
    'x-api-key': API_KEY,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(payload),
    // The server responds with 100 when it has begun to serve the request.
    expect: '100-continue',
  }
  const outgoing = request(`${url}${call.path}`, { method: call.method, headers })
  const failed = new Promise<never>((_, reject) => outgoing.once('error', reject))
  failed.catch(() => {})
  const answered = new Promise<IncomingMessage>((resolve) => outgoing.once('response', resolve))
  const waited = new Promise<void>((resolve) => outgoing.once('continue', resolve))
  outgoing.flushHeaders()
  await within('100 Continue', Promise.race([waited, failed]))
  const half = Math.floor(payload.length / 2)
  outgoing.write(payload.slice(0, half))
  return {
    finish: async () => {
      outgoing.end(payload.slice(half))
      const response = await within('the answer', Promise.race([answered, failed]))
      let text = ''
      for await (const part of response.setEncoding('utf8')) text += part
      assert.ok(response.complete, 'the answer was cut off')
      return { status: response.statusCode ?? 0, text }
    },
  }
}
