import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import type { Mistake } from '../../catalog/document/index.ts'
import { type ApiDocument, catalogSchema, validationMessage } from '../../http/index.ts'

/** Returns everything in a catalog that violates its schema. The catalog may be anything. */
export function schemaMistakes(contract: ApiDocument, catalog: unknown): Mistake[] {
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateSchema: false })
  const validate = ajv.compile(catalogSchema(contract))
  if (validate(catalog)) return []
  const errors = validate.errors ?? []
  return errors.filter((error) => !isChoice(error, errors)).map(mistakeOf)
}

/**
 * Whether an error only repeats others: that no alternative fits, or that a value is not null where
 * it may be null or something else.
 */
function isChoice(error: ErrorObject, all: readonly ErrorObject[]): boolean {
  const isOf = ({ keyword, instancePath }: ErrorObject) =>
    keyword === 'anyOf' && instancePath === error.instancePath
  const isNull = error.keyword === 'type' && error.params.type === 'null'
  return error.keyword === 'anyOf' ? all.length > 1 : isNull && all.some(isOf)
}

function mistakeOf(error: ErrorObject): Mistake {
  const { instancePath, keyword, params } = error
  const place = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  if (keyword === 'additionalProperties')
    return {
      place: [...place, String(params.additionalProperty)],
      message: `there is no field ${JSON.stringify(params.additionalProperty)} here`,
    }
  if (keyword === 'required') return { place, message: `${params.missingProperty} is required` }
  const from = place.findLastIndex((part) => typeof part === 'string')
  const named = place.slice(Math.max(0, from)).map((part) => `/${part}`)
  return { place, message: validationMessage('body', { ...error, instancePath: named.join('') }) }
}
