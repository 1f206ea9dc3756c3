import { setTimeout as delay } from 'node:timers/promises'
import { CommandError } from '../command.ts'

export type Answer = { status: number; body: AnswerBody }
type AnswerBody = { data?: unknown; message?: string; code?: string | null }

/** A Bursar, over HTTP. */
export type Api = {
  readonly baseUrl: string
  /** Whatever the server answers. A `CommandError` when it does not, or is no Bursar. */
  send(method: string, path: string, body?: unknown): Promise<Answer>
  /** The same, and anything but a success is a `CommandError`. */
  succeed(method: string, path: string, body?: unknown): Promise<Answer>
}

const TIMEOUT_MS = 30_000
const ATTEMPTS = 5
/** Overloaded or restarting: nothing was done, and the same request may pass a little later. */
const PASSING = [429, 503]
const LONGEST_PAUSE_MS = 5000

export function createApi(from: { baseUrl: string; key: string; keyFrom: string }): Api {
  const { baseUrl, key, keyFrom } = from
  const sendOnce = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' }
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    try {
      return await fetch(`${baseUrl}${path}`, { method, headers, signal, ...content })
    } catch (error) {
      throw noAnswer(baseUrl, error)
    }
  }
  const send: Api['send'] = async (method, path, body) => {
    for (let attempt = 1; ; attempt += 1) {
      const response = await sendOnce(method, path, body)
      const text = await response.text()
      if (!PASSING.includes(response.status) || attempt === ATTEMPTS)
        return { status: response.status, body: bodyOf(baseUrl, text) }
      const seconds = Number(response.headers.get('retry-after') ?? 1)
      await delay(Math.min(LONGEST_PAUSE_MS, seconds * 1000))
    }
  }
  return {
    baseUrl,
    send,
    succeed: async (method, path, body) => {
      const answer = await send(method, path, body)
      if (answer.status < 300) return answer
      if (answer.status === 401)
        throw new CommandError(
          `${baseUrl} does not know the key of ${keyFrom}: pass one of its own by --key`,
        )
      throw refusal(`${method} ${path}`, answer)
    },
  }
}

/** What a server refused, in its own words. */
export const refusal = (request: string, { status, body }: Answer): CommandError =>
  new CommandError(`${request} was answered with ${status}: ${body.message ?? 'no reason given'}`)

function bodyOf(baseUrl: string, text: string): AnswerBody {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null) return body
  } catch {
    // Told below: another program listens there.
  }
  throw new CommandError(`what answers at ${baseUrl} is not a Bursar: pass --url`)
}

function noAnswer(baseUrl: string, error: unknown): CommandError {
  const { cause, message } = error as Error
  const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? message
  const wayOut = 'start one with npm start, or name another one by --url'
  return new CommandError(`no server answers at ${baseUrl} (${reason}): ${wayOut}`, {
    cause: error,
  })
}
