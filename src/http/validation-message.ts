import type { ErrorObject } from 'ajv/dist/2020.js'

/** `/entities/0/id` becomes `entities[0].id`. */
export function fieldOf(pointer: string): string {
  return shortened(pointer)
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => {
      if (/^\d+$/.test(part)) return `${path}[${part}]`
      return path === '' ? part : `${path}.${part}`
    }, '')
}

/** The maximum number of characters of a caller's text that a message repeats. */
const QUOTED_LIMIT = 100

export const shortened = (text: string): string =>
  text.length > QUOTED_LIMIT ? `${text.slice(0, QUOTED_LIMIT)}…` : text

/**
 * The caller's text within a message: shortened, and quoted so that it cannot be mistaken for ours.
 */
export const quoted = (text: string): string => JSON.stringify(shortened(text))

/** Returns a sentence that names the invalid field and says what is valid. */
export function validationMessage(place: 'body' | 'query' | 'path', error: ErrorObject): string {
  const { keyword, params } = error
  const field = fieldOf(error.instancePath) || place
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
