import type {
  BadInputErrorResponseDto,
  ForbiddenErrorResponseDto,
  NotFoundErrorResponseDto,
} from '../api.gen.ts'
import type { Field } from './field.ts'

export type BadInputCode = BadInputErrorResponseDto['code']
export type ForbiddenCode = ForbiddenErrorResponseDto['code']
export type NotFoundCode = NotFoundErrorResponseDto['code']
export type ApiErrorStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 429 | 503

/**
 * An error response of the API. It refuses a request because of the caller (4xx) or of a temporary
 * state of the server (503). `message` is written for the caller: it names the field and never
 * contains a secret. `code` is null if the API document has no matching code. `field` is the place
 * in the request that the caller has to change, or null if there is none: for example if the
 * environment has reached a limit.
 */
export class ApiError extends Error {
  readonly status: ApiErrorStatus
  readonly code: string | null
  readonly field: Field | null
  readonly headers: Readonly<Record<string, string>>
  /** Everything that is wrong with the request. Empty if the message says it all. */
  readonly mistakes: readonly ErrorMistake[]

  constructor(
    status: ApiErrorStatus,
    code: string | null,
    message: string,
    { field = null, headers = {}, mistakes = [] }: ErrorDetails = {},
  ) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.field = field
    this.headers = headers
    this.mistakes = mistakes
  }
}

type ErrorMistake = { field: Field; message: string }

type ErrorDetails = {
  field?: Field | null
  headers?: Readonly<Record<string, string>>
  mistakes?: readonly ErrorMistake[]
}

/** The body of an error response. */
export const errorBody = ({ message, code, field, mistakes }: ApiError) => ({
  message,
  code,
  field: field?.pointer ?? null,
  ...(mistakes.length === 0 ? {} : { mistakes: mistakes.map(mistakeToWire) }),
})

const mistakeToWire = ({ field, message }: ErrorMistake) => ({ message, field: field.pointer })

/** 400. The code is `BadUserInput` unless the API document has a more specific one. */
export const badInput = (
  field: Field | null,
  message: string,
  code: BadInputCode = 'BadUserInput',
): ApiError => new ApiError(400, code, message, { field })

export const unauthenticated = (message: string): ApiError =>
  new ApiError(401, 'Unauthenticated', message)

export const forbidden = (message: string, code: ForbiddenCode = 'IdentityForbidden'): ApiError =>
  new ApiError(403, code, message)

/** 404 for an object that `field` names. The code is null if the API document has none for it. */
export const notFound = (field: Field | null, code: NotFoundCode, message: string): ApiError =>
  new ApiError(404, code, message, { field })

/** 409. The header keeps the official SDKs from sending the same request twice more. */
export const duplicated = (field: Field, message: string): ApiError =>
  new ApiError(409, 'DuplicatedEntityNotAllowed', message, {
    field,
    headers: { 'x-should-retry': 'false' },
  })

/** 412. The object is not in the state in which the caller wants to change it. */
export const preconditionFailed = (field: Field, message: string): ApiError =>
  new ApiError(412, null, message, { field })

/** 412 for a retry. Its original was about another object, which had the name before. */
export class NewerObject extends ApiError {
  constructor(field: Field, message: string) {
    super(412, null, message, { field })
  }
}

/** 429. `headers` say when to try again. */
export const tooManyRequests = (
  message: string,
  headers: Readonly<Record<string, string>>,
): ApiError => new ApiError(429, 'RateLimitExceeded', message, { headers })

/** 503. Nothing was decided, and nothing was written that the caller could rely on. */
export const unavailable = (message: string, retryAfterSeconds = 1): ApiError =>
  new ApiError(503, null, message, { headers: { 'retry-after': String(retryAfterSeconds) } })

/** 503 while the current time is unknown. Nothing that depends on the time can be decided. */
export class WrongClock extends ApiError {
  constructor() {
    super(503, null, 'the clock of this server is wrong; nothing was decided, try again', {
      headers: { 'retry-after': '1' },
    })
  }
}
