import type { Operations } from '../../../src/api.gen.ts'
import { type Credential, credentialHeaders } from './credential.ts'
import { CallError, errorOf } from './errors.ts'
import { operations } from './operations.gen.ts'

/** The operations that the console uses. `npm run api` adds those that its sources name. */
export type OperationId = keyof typeof operations & keyof Operations

/** A request as the caller writes it. Parameters with a default are optional. */
export type RequestOf<Id extends OperationId> = (Operations[Id]['params'] extends Record<
  string,
  never
>
  ? { params?: undefined }
  : { params: Operations[Id]['params'] }) &
  (Operations[Id]['body'] extends undefined
    ? { body?: undefined }
    : { body: Operations[Id]['body'] }) & {
    query?: Partial<Operations[Id]['query']>
    /** A write takes effect only if the object still has this entity tag. */
    ifMatch?: string | undefined
  }

/** A response, with the entity tag of its object if it has one. */
export type AnswerOf<Id extends OperationId> = Operations[Id]['response'] & {
  readonly etag?: string
}

type AnyRequest = {
  params?: Record<string, string> | undefined
  query?: Record<string, unknown> | undefined
  body?: unknown
  ifMatch?: string | undefined
}

export type Caller = { readonly credential: Credential | null; readonly environment: string | null }

export type CallOptions = {
  signal?: AbortSignal
  /** One per press of a button, so that a double click is one change. Only POST has it. */
  idempotencyKey?: string
}

/** Calls an operation. Throws `CallError` for any other response than a success. */
export async function call<Id extends OperationId>(
  caller: Caller,
  id: Id,
  request: RequestOf<Id>,
  options: CallOptions = {},
): Promise<AnswerOf<Id>> {
  const response = await send({ caller, id, request, accept: 'application/json' }, options)
  const answer = (await response.json()) as AnswerOf<Id>
  const etag = response.headers.get('etag')
  return etag === null ? answer : { ...answer, etag }
}

/** The operations that have a table as CSV. */
export type CsvId = {
  [Id in OperationId]: Operations[Id] extends { csv: true } ? Id : never
}[OperationId]

/** Reads an operation as a file of CSV. Throws `CallError` as `call` does. */
export async function readCsv<Id extends CsvId>(
  caller: Caller,
  id: Id,
  request: RequestOf<Id>,
): Promise<Blob> {
  const response = await send({ caller, id, request, accept: 'text/csv' })
  return response.blob()
}

async function send<Id extends OperationId>(
  sent: { caller: Caller; id: Id; request: RequestOf<Id>; accept: string },
  { signal, idempotencyKey }: CallOptions = {},
): Promise<Response> {
  const { caller, id, request, accept } = sent
  const { method, path } = operations[id]
  const { body, ifMatch } = request as AnyRequest
  const response = await fetch(addressOf(path, request as AnyRequest), {
    method,
    headers: {
      accept,
      ...credentialHeaders(caller.credential),
      ...(caller.environment !== null && { 'x-environment-id': caller.environment }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      ...(method === 'POST' && idempotencyKey && { 'idempotency-key': idempotencyKey }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
    cache: 'no-store',
    credentials: 'same-origin',
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new CallError({ status: 0, message: 'The server does not answer.' })
  })
  if (!response.ok) throw await errorOf(response)
  return response
}

/** Returns the address of a call: ids encoded, lists with commas, objects with brackets. */
export function addressOf(path: string, { params, query }: AnyRequest): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params?.[name] ?? ''),
  )
  const search = queryOf(query ?? {})
  return search === '' ? filled : `${filled}?${search}`
}

function queryOf(query: Record<string, unknown>): string {
  return Object.entries(query)
    .flatMap(([name, value]) => pairsOf(name, value))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
    .replaceAll('%5B', '[')
    .replaceAll('%5D', ']')
}

function pairsOf(name: string, value: unknown): [string, string][] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.length === 0 ? [] : [[name, value.join(',')]]
  if (typeof value === 'object')
    return Object.entries(value).flatMap(([key, each]) => pairsOf(`${name}[${key}]`, each))
  return [[name, String(value)]]
}
