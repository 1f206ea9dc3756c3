/** A response that is no success, or none at all. */
export class CallError extends Error {
  /** 0 if there was no response. */
  readonly status: number
  readonly code: string | null
  /** Path of the wrong field, as in `entities/0/id`. Null if none is named. */
  readonly field: string | null
  readonly traceId: string | null
  readonly retryAfterMs: number | null

  constructor(from: {
    status: number
    message: string
    code?: string | null
    field?: string | null
    traceId?: string | null
    retryAfterMs?: number | null
  }) {
    super(from.message)
    this.name = 'CallError'
    this.status = from.status
    this.code = from.code ?? null
    this.field = from.field ?? null
    this.traceId = from.traceId ?? null
    this.retryAfterMs = from.retryAfterMs ?? null
  }
}

/** Whether the same request may succeed later without a change by anybody. */
export const isTransient = (error: unknown): boolean =>
  error instanceof CallError && [0, 429, 502, 503, 504].includes(error.status)

/** The first try of a request is not done yet. */
const BUSY = 'ObjectAlreadyBeingUsedByAnotherRequestError'

/** Whether it is certain that a write changed nothing. */
export const isRefused = (error: unknown): boolean =>
  error instanceof CallError &&
  error.status >= 400 &&
  error.status < 500 &&
  ![408, 429].includes(error.status) &&
  error.code !== BUSY

/** Whether the object was changed after the entity tag of a write was read. */
export const isOutdated = (error: unknown): boolean =>
  error instanceof CallError && error.status === 412

/** Reads the body of an error. Proxies between may answer with any text. */
export async function errorOf(response: Response): Promise<CallError> {
  const body: unknown = await response.json().catch(() => null)
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new CallError({
    status: response.status,
    message: textOf(fields.message) ?? `The server answered ${response.status}.`,
    code: textOf(fields.code),
    field: pathOf(textOf(fields.field)),
    traceId: response.headers.get('x-trace-id'),
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
  })
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** A JSON pointer without its first slash. */
const pathOf = (pointer: string | null): string | null => pointer?.replace(/^\//, '') ?? null
