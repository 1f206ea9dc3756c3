import type {
  BadInputErrorResponseDto,
  ForbiddenErrorResponseDto,
  NotFoundErrorResponseDto,
} from '../api.gen.ts'

export type BadInputCode = BadInputErrorResponseDto['code']
export type ForbiddenCode = ForbiddenErrorResponseDto['code']
export type NotFoundCode = NotFoundErrorResponseDto['code']
export type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 503

/**
 * A request that is answered with an error of the contract: the caller's doing (4xx), or a passing
 * state of ours (503). `message` is a sentence for the caller that names the field; it never holds
 * a secret. `code` is null where the contract has no member that fits.
 */
export class ApiError extends Error {
  readonly status: RefusalStatus
  readonly code: string | null
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: RefusalStatus,
    code: string | null,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** 400. `BadUserInput` wherever no dedicated code fits. */
export const badInput = (message: string, code: BadInputCode = 'BadUserInput'): ApiError =>
  new ApiError(400, code, message)

export const unauthenticated = (message: string): ApiError =>
  new ApiError(401, 'Unauthenticated', message)

export const forbidden = (message: string, code: ForbiddenCode = 'IdentityForbidden'): ApiError =>
  new ApiError(403, code, message)

export const notFound = (code: NotFoundCode, message: string): ApiError =>
  new ApiError(404, code, message)

/** 409, final: without the header the official SDKs would send the same request twice more. */
export const duplicated = (message: string): ApiError =>
  new ApiError(409, 'DuplicatedEntityNotAllowed', message, { 'x-should-retry': 'false' })

/** 429. `headers` say when to come again. */
export const tooManyRequests = (
  message: string,
  headers: Readonly<Record<string, string>>,
): ApiError => new ApiError(429, 'RateLimitExceeded', message, headers)

/** 503: nothing was decided and nothing written that the caller could rely on. */
export const unavailable = (message: string, retryAfterSeconds = 1): ApiError =>
  new ApiError(503, null, message, { 'retry-after': String(retryAfterSeconds) })

/** 503: what the time is cannot be said, so that nothing that depends on it can be decided. */
export class WrongClock extends ApiError {
  constructor() {
    super(503, null, 'the clock of this server is wrong; nothing was decided, try again', {
      'retry-after': '1',
    })
  }
}
