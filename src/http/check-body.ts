import type { ErrorObject } from 'ajv/dist/2020.js'
import { badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { createPause } from '../kernel/in-slices.ts'
import type { Operation } from './api-document.ts'
import { isLarge } from './large-body.ts'
import { invalid } from './validation-message.ts'
import type { BodyParts, Validator, Validators } from './validators.ts'

/**
 * Returns a function that validates bodies of an operation and returns the input of its handler, or
 * undefined if the operation takes no body. Throws 400 that names the field. A large body is
 * validated in time slices; the result is then a promise.
 */
export function bodyCheck(
  validators: Validators,
  operation: Operation,
): (body: unknown) => unknown | Promise<unknown> {
  const whole = validators.body(operation)
  const parts = validators.parts(operation)
  return (body) =>
    operation.bodySchema !== null && isLarge(body)
      ? checkedInParts(parts, body)
      : checkedBody(whole, operation, body)
}

function checkedBody(validate: Validator, operation: Operation, body: unknown): unknown {
  if (operation.method === 'GET') return undefined
  if (body === undefined && operation.bodySchema === null) return undefined
  if (body === undefined) throw badInput(inBody(), 'the body is required: send a JSON object')
  const error = validate(body)
  if (error !== null) throw invalid('body', error)
  return operation.bodySchema === null ? undefined : body
}

/** Validates a large body in time slices. */
async function checkedInParts(
  { rest, lists }: BodyParts,
  body: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const refuse = (error: ErrorObject | null, within = '') => {
    if (error === null) return
    const instancePath = `${within}${error.instancePath}`
    throw invalid('body', { ...error, instancePath })
  }
  refuse(rest(body))
  const pause = createPause()
  for (const { name, item: validate } of lists)
    for (const [index, item] of [body[name] ?? []].flat().entries()) {
      refuse(validate(item), `/${name}/${index}`)
      await pause()
    }
  return body
}
