import { setTimeout as delay } from 'node:timers/promises'
import { CommandError } from './command.ts'

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

/** How often a request is sent at most, and how long the server may ask to wait in between. */
export type Patience = { attempts: number; longestPauseMs: number }

/** What a server refused, in its own words. */
export class RefusedError extends CommandError {
  readonly answer: Answer
  constructor(request: string, answer: Answer) {
    const reason = answer.body.message ?? 'no reason given'
    super(`${request} was answered with ${answer.status}: ${reason}`)
    this.answer = answer
  }
}

type ApiResponse = { status: number; text: string; retryAfter: string | null }

const TIMEOUT_MS = 30_000
/** Overloaded or restarting: nothing was done, and the same request may pass a little later. */
const PASSING = [429, 503]
const WHILE_SOMEBODY_WATCHES: Patience = { attempts: 5, longestPauseMs: 5000 }
/** The pause where the server asks for none, or for one until an instant. */
const PAUSE_SECONDS = 1

export function createApi(
  from: { baseUrl: string; key: string; keyFrom: string },
  { attempts, longestPauseMs }: Patience = WHILE_SOMEBODY_WATCHES,
): Api {
  const { baseUrl, key, keyFrom } = from
  const sendOnce = async (method: string, path: string, body?: unknown): Promise<ApiResponse> => {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' }
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    try {
      // A redirect would take the key along, to whatever server it names.
      const options = { method, headers, signal, redirect: 'manual', ...content } as const
      const response = await fetch(`${baseUrl}${path}`, options)
      const retryAfter = response.headers.get('retry-after')
      return { status: response.status, text: await response.text(), retryAfter }
    } catch (error) {
      throw noAnswer(baseUrl, error)
    }
  }
  const send: Api['send'] = async (method, path, body) => {
    for (let attempt = 1; ; attempt += 1) {
      const { status, text, retryAfter } = await sendOnce(method, path, body)
      if (!PASSING.includes(status) || attempt === attempts)
        return { status, body: bodyOf(baseUrl, text) }
      const seconds = Number(retryAfter ?? PAUSE_SECONDS)
      await delay(Math.min(longestPauseMs, (seconds >= 0 ? seconds : PAUSE_SECONDS) * 1000))
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
      throw new RefusedError(`${method} ${path}`, answer)
    },
  }
}

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
