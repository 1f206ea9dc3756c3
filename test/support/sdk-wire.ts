/**
 * Sends requests and reads responses as an official SDK does: its headers, its query strings, its
 * retries and its two directions of paging. It follows the documented behaviour of the SDK and uses
 * no code of Bursar.
 */
export type SdkOptions = { baseUrl: string; apiKey: string }
export type SdkQuery = Record<string, string | number | string[] | Record<string, string>>
export type SdkRequest = { method: string; path: string; query?: SdkQuery; body?: unknown }

const MAX_RETRIES = 2

export class SdkError extends Error {
  readonly status: number
  readonly body: { message: string; code: string | null }
  /** Requests that were sent for this call. */
  readonly attempts: number
  constructor(status: number, body: { message: string; code: string | null }, attempts: number) {
    super(`${status} ${body.message}`)
    this.status = status
    this.body = body
    this.attempts = attempts
  }
}

/** Lists are joined by commas, and objects are sent with brackets. Both are percent-encoded. */
function sdkQuery(query: SdkQuery): string {
  const pairs = Object.entries(query).flatMap(([name, value]): [string, string][] => {
    if (Array.isArray(value)) return [[name, value.join(',')]]
    if (typeof value === 'object')
      return Object.entries(value).map(([key, inner]) => [`${name}[${key}]`, inner])
    return [[name, String(value)]]
  })
  return pairs
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
}

function shouldRetry(response: Response): boolean {
  const told = response.headers.get('x-should-retry')
  if (told !== null) return told === 'true'
  return [408, 409, 429].includes(response.status) || response.status >= 500
}

export async function sdkCall(options: SdkOptions, request: SdkRequest): Promise<unknown> {
  const query = request.query === undefined ? '' : `?${sdkQuery(request.query)}`
  for (let retry = 0; ; retry += 1) {
    const response = await fetch(`${options.baseUrl}${request.path}${query}`, {
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': 'Stigg/JS 0.1.0-beta.51',
        'x-api-key': options.apiKey,
        'x-stainless-arch': 'x64',
        'x-stainless-lang': 'js',
        'x-stainless-os': 'Linux',
        'x-stainless-package-version': '0.1.0-beta.51',
        'x-stainless-retry-count': String(retry),
        'x-stainless-runtime': 'node',
        'x-stainless-runtime-version': process.version,
        'x-stainless-timeout': '60',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    if (response.ok) return response.json()
    if (!shouldRetry(response) || retry >= MAX_RETRIES)
      throw new SdkError(
        response.status,
        (await response.json()) as { message: string; code: string | null },
        retry + 1,
      )
  }
}

type ListPage = {
  data: { id: string }[]
  pagination: { next?: string | null; prev?: string | null }
}

/** Reads a list as the SDK does: backwards if the query has `before`, otherwise forwards. */
export async function* sdkPages(
  options: SdkOptions,
  request: { path: string; query: SdkQuery },
): AsyncGenerator<ListPage> {
  let query = request.query
  for (;;) {
    const page = (await sdkCall(options, { method: 'GET', path: request.path, query })) as ListPage
    yield page
    if (page.data.length === 0) return
    const backwards = query.before !== undefined
    const cursor = backwards ? page.pagination.prev : page.pagination.next
    if (!cursor) return
    query = { ...query, [backwards ? 'before' : 'after']: cursor }
  }
}
