import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import type { OperationId, Operations } from '../../src/api.gen.ts'
import type { Operation, Validators } from '../../src/http/index.ts'
import { contract } from './api-document.ts'

export type Request = {
  params?: Record<string, string>
  /** A query string, or pairs that are encoded to one. */
  query?: string | Record<string, string>
  /** Sent as JSON. Texts and bytes are sent unchanged. */
  body?: unknown
  headers?: Record<string, string>
  /** null: no credential. */
  apiKey?: string | null
  /** Uses the second path of an operation that has two. */
  twin?: boolean
}

/** A response that the API document allows: a success with its body (not of CSV), or a refusal. */
export type Answer<Id extends OperationId = OperationId> = {
  status: number
  success: Operations[Id]['response'] | null
  refusal: { message: string; code: string | null; field: string | null } | null
  text: string
  headers: Record<string, unknown>
}

const ERROR_SCHEMAS: Readonly<Record<number, string>> = {
  400: 'BadInputErrorResponseDto',
  401: 'UnauthenticatedErrorResponseDto',
  403: 'ForbiddenErrorResponseDto',
  404: 'NotFoundErrorResponseDto',
  405: 'ErrorResponseDto',
  409: 'ConflictErrorResponseDto',
  412: 'ErrorResponseDto',
  413: 'ErrorResponseDto',
  415: 'ErrorResponseDto',
  429: 'TooManyRequestsErrorResponseDto',
  503: 'ErrorResponseDto',
}

/** The headers that a response may depend on, for caches that ignore `no-store`. */
const VARY = 'x-api-key, authorization, x-environment-id, accept, accept-encoding, origin'

const CSV_TYPE = 'text/csv; charset=utf-8; header=present'

export function operationOf(id: OperationId, twin = false): Operation {
  const operation = contract.operations.find(
    (candidate) => candidate.primaryId === id && (candidate.id !== id) === twin,
  )
  assert.ok(operation, `the contract has no ${twin ? 'twin of' : 'operation'} ${id}`)
  return operation
}

/** Returns the HTTP request of a call as the API document describes it. */
export function requestOf(id: OperationId, request: Request): InjectOptions {
  const operation = operationOf(id, request.twin)
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = request.params?.[name]
    assert.ok(value !== undefined, `${id} needs the path parameter ${name}`)
    return encodeURIComponent(value)
  })
  const query =
    typeof request.query === 'string'
      ? request.query
      : new URLSearchParams(request.query).toString()
  const { body } = request
  const raw = typeof body === 'string' || Buffer.isBuffer(body)
  return {
    method: operation.method,
    url: query === '' ? path : `${path}?${query}`,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(request.apiKey === null || request.apiKey === undefined
        ? {}
        : { 'x-api-key': request.apiKey }),
      ...request.headers,
    },
    ...(body === undefined ? {} : { payload: raw ? body : JSON.stringify(body) }),
  }
}

const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false })
ajv.addSchema(contract.document, 'bundle')

/**
 * Returns a validator that is compiled once per process, so that a client per test costs nothing.
 */
function errorValidator(name: string) {
  const validate = ajv.getSchema(`bundle#/components/schemas/${name}`)
  assert.ok(validate, `the contract has no schema ${name}`)
  return validate
}

/** Validates a response of any status against the API document. */
export function createChecker(validators: Validators) {
  return <Id extends OperationId>(
    id: Id,
    response: Pick<LightMyRequestResponse, 'statusCode' | 'headers' | 'body'>,
  ): Answer<Id> => {
    const operation = operationOf(id)
    const status = response.statusCode
    const text = response.body
    const where = `${id} answered ${status} ${text.slice(0, 500)}`
    assert.match(String(response.headers['x-trace-id']), /^[0-9a-f]{32}$/, where)
    const isSuccess = [operation.successStatus, operation.otherwiseStatus].includes(status)
    const type = String(response.headers['content-type'])
    const isCsv = operation.hasCsv && isSuccess && type === CSV_TYPE
    if (!isCsv) assert.match(type, /^application\/json/, where)
    assert.equal(response.headers['cache-control'], 'private, no-store', where)
    assert.equal(response.headers.vary, VARY, where)
    if (isCsv) return { status, success: null, refusal: null, text, headers: response.headers }
    const body = JSON.parse(text)
    if (isSuccess) assert.equal(validators.response(operation)(body), null, where)
    else {
      const schema = ERROR_SCHEMAS[status]
      assert.ok(schema, `${where}: no such status is documented`)
      const validate = errorValidator(schema)
      assert.ok(validate(body), `${where}: ${ajv.errorsText(validate.errors)}`)
    }
    return {
      status,
      success: isSuccess ? body : null,
      refusal: isSuccess ? null : body,
      text,
      headers: response.headers,
    }
  }
}
