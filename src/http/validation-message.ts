import type { ErrorObject } from 'ajv/dist/2020.js'
import { type ApiError, badInput } from '../kernel/errors.ts'
import { type Field, inBody, inPath, inQuery } from '../kernel/field.ts'

/** `/entities/0/id` becomes `entities[0].id`. */
const nameAt = (pointer: string): string =>
  partsOf(shortened(pointer)).reduce((path, part) => {
    if (/^\d+$/.test(part)) return `${path}[${part}]`
    return path === '' ? part : `${path}.${part}`
  }, '')

/** The names and indexes in a JSON pointer. */
const partsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))

/** The maximum number of characters of a caller's text that a message repeats. */
const QUOTED_LIMIT = 100

export const shortened = (text: string): string =>
  text.length > QUOTED_LIMIT ? `${text.slice(0, QUOTED_LIMIT)}…` : text

/**
 * The caller's text within a message: shortened, and quoted so that it cannot be mistaken for ours.
 */
export const quoted = (text: string): string => JSON.stringify(shortened(text))

type Place = 'body' | 'query' | 'path'

/** Returns the 400 for what violates the API document. */
export const invalid = (place: Place, error: ErrorObject): ApiError =>
  badInput(invalidField(place, error), validationMessage(place, error))

/** A field that is missing counts as invalid, and not the object that lacks it. */
function invalidField(place: Place, { instancePath, params }: ErrorObject): Field | null {
  const { missingProperty, additionalProperty } = params
  const inner: string | undefined = missingProperty ?? additionalProperty
  const parts = [...partsOf(instancePath), ...(inner === undefined ? [] : [inner])]
  if (place === 'body') return inBody(...parts)
  const [name, ...others] = parts
  if (name === undefined) return null
  const parameter = place === 'query' ? inQuery(name) : inPath(name)
  return others.reduce<Field>((field, part) => field.at(part), parameter)
}

/** Returns a sentence that names the invalid field and says what is valid. */
export function validationMessage(place: Place, error: ErrorObject): string {
  const { keyword, params } = error
  const field = nameAt(error.instancePath) || place
  switch (keyword) {
    case 'additionalProperties': {
      const where = field === place ? place : `${place}, in ${field}`
      return `Unrecognized key(s) in ${where === 'body' ? 'request' : where}: ${quoted(String(params.additionalProperty))}`
    }
    case 'required':
      return `${field === place ? '' : `${field}.`}${params.missingProperty} is required`
    case 'enum':
      return `${field} must be one of ${(params.allowedValues as unknown[]).map(String).join(', ')}`
    case 'pattern':
      return `${field} must match ${params.pattern}`
    case 'format':
      return `${field} must be a valid ${params.format}`
    case 'minLength':
      return `${field} must have at least ${params.limit} character${params.limit === 1 ? '' : 's'}`
    case 'maxLength':
      return `${field} must have at most ${params.limit} characters`
    case 'minItems':
      return `${field} must have at least ${params.limit} item${params.limit === 1 ? '' : 's'}`
    case 'maxItems':
      return `${field} must have at most ${params.limit} items`
    case 'type':
      return `${field} must be ${[params.type].flat().map(article).join(' or ')}`
    default:
      return `${field} ${error.message ?? 'is not valid'}`
  }
}

const article = (type: string): string => {
  if (type === 'null') return 'null'
  return /^[aio]/.test(type) ? `an ${type}` : `a ${type}`
}
