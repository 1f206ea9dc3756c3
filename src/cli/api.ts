import { setTimeout as delay } from 'node:timers/promises'
import { CommandError } from './command.ts'

export type ApiResponse = { status: number; body: ResponseBody }
type ResponseBody = {
  data?: unknown
  message?: string
  code?: string | null
  field?: string | null
  mistakes?: readonly { message: string; field: string | null }[]
}

/** The API of a running Bursar server, over HTTP. */
export type Api = {
  readonly baseUrl: string
  /**
   * Sends a request and returns the response, also if it is an error. Throws a `CommandError` if
   * there is no response, or if it is not from a Bursar.
   */
  send(method: string, path: string, body?: unknown): Promise<ApiResponse>
  /** Like `send`, but throws a `CommandError` if the response is an error. */
  succeed(method: string, path: string, body?: unknown): Promise<ApiResponse>
}

/** How often a request is sent at most, and the longest pause between two attempts. */
export type RetryPolicy = { attempts: number; maxPauseMs: number }

/** The server refused a request. The message is the server's. */
export class RefusedError extends CommandError {
  readonly response: ApiResponse
  constructor(request: string, response: ApiResponse) {
    const reason = response.body.message ?? 'no reason given'
    super(`${request} was answered with ${response.status}: ${reason}`)
    this.response = response
  }
}

type RawResponse = { status: number; text: string; retryAfter: string | null }

const TIMEOUT_MS = 30_000
/** The server is overloaded or restarting. Nothing was done, and a retry may succeed. */
const RETRYABLE = [429, 503]
/** For commands that a person watches. */
const INTERACTIVE: RetryPolicy = { attempts: 5, maxPauseMs: 5000 }
/** The pause if `Retry-After` is missing or is a date. */
const PAUSE_SECONDS = 1

export function createApi(
  from: { baseUrl: string; key: string; keyFrom: string },
  { attempts, maxPauseMs }: RetryPolicy = INTERACTIVE,
): Api {
  const { baseUrl, key, keyFrom } = from
  const sendOnce = async (method: string, path: string, body?: unknown): Promise<RawResponse> => {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' }
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    try {
      // If a redirect were followed, the key would be sent to another server.
      const options = { method, headers, signal, redirect: 'manual', ...content } as const
      const response = await fetch(`${baseUrl}${path}`, options)
      const retryAfter = response.headers.get('retry-after')
      return { status: response.status, text: await response.text(), retryAfter }
    } catch (error) {
      throw noResponseError(baseUrl, error)
    }
  }
  const send: Api['send'] = async (method, path, body) => {
    for (let attempt = 1; ; attempt += 1) {
      const { status, text, retryAfter } = await sendOnce(method, path, body)
      if (!RETRYABLE.includes(status) || attempt === attempts)
        return { status, body: bodyOf(baseUrl, text) }
      const seconds = Number(retryAfter ?? PAUSE_SECONDS)
      await delay(Math.min(maxPauseMs, (seconds >= 0 ? seconds : PAUSE_SECONDS) * 1000))
    }
  }
  return {
    baseUrl,
    send,
    succeed: async (method, path, body) => {
      const response = await send(method, path, body)
      if (response.status < 300) return response
      if (response.status === 401)
        throw new CommandError(
          `${baseUrl} does not know the key of ${keyFrom}: pass one that it knows with --key`,
        )
      throw new RefusedError(`${method} ${path}`, response)
    },
  }
}

function bodyOf(baseUrl: string, text: string): ResponseBody {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null) return body
  } catch {
    // Another program listens at this address. The error below says so.
  }
  throw new CommandError(`the server at ${baseUrl} is not Bursar: pass another one with --url`)
}

function noResponseError(baseUrl: string, error: unknown): CommandError {
  const { cause, message } = error as Error
  const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? message
  const advice = 'start one with npm start, or name another one with --url'
  return new CommandError(`no server answers at ${baseUrl} (${reason}): ${advice}`, {
    cause: error,
  })
}
