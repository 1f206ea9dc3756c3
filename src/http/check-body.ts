import type { ErrorObject } from 'ajv/dist/2020.js'
import { badInput } from '../kernel/errors.ts'
import { createPause } from '../kernel/in-slices.ts'
import type { Operation } from './contract.ts'
import { isLarge } from './large-body.ts'
import { complaint } from './validation-message.ts'
import type { BodyParts, Validator, Validators } from './validators.ts'

/**
 * Checks bodies of an operation against the contract; 400 that names the field. Answers what its
 * handler is given: nothing where the operation takes no body. A promise for a body so large that
 * others are to be served meanwhile.
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
  if (body === undefined) throw badInput('the body is required: send a JSON object')
  const error = validate(body)
  if (error !== null) throw badInput(complaint('body', error))
  return operation.bodySchema === null ? undefined : body
}

/** The same for a body so large that others are to be served meanwhile. */
async function checkedInParts(
  { rest, lists }: BodyParts,
  body: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const refuse = (error: ErrorObject | null, within = '') => {
    if (error === null) return
    const instancePath = `${within}${error.instancePath}`
    throw badInput(complaint('body', { ...error, instancePath }))
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
