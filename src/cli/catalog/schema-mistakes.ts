import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import type { Mistake } from '../../catalog/document/index.ts'
import type { ApiDocument, JsonSchema } from '../../http/index.ts'
import { catalogSchema, validationMessage } from '../../http/index.ts'
import { assert } from '../../kernel/assert.ts'

/** Returns everything in a catalog that violates its schema. The catalog may be anything. */
export function schemaMistakes(contract: ApiDocument, catalog: unknown): Mistake[] {
  const schema = catalogSchema(contract)
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateSchema: false, verbose: true })
  ajv.addSchema(schema, 'catalog')
  const errorsIn = (value: unknown, reference = '#'): ErrorObject[] => {
    const validate = ajv.getSchema(`catalog${reference}`)
    assert(validate !== undefined, `the schema of catalogs has no ${reference}`)
    validate(value)
    return validate.errors ?? []
  }
  const all = errorsIn(catalog)
  const choices = all.filter((error) => isTagged(error, schema))
  const others = all.filter(
    ({ instancePath: path }) =>
      !choices.some((choice) => `${path}/`.startsWith(`${choice.instancePath}/`)),
  )
  const inside = choices.flatMap((choice) =>
    errorsOfChoice(choice, schema, errorsIn).map((error) => ({
      ...error,
      instancePath: `${choice.instancePath}${error.instancePath}`,
    })),
  )
  const errors = [...others, ...inside]
  return errors.filter((error) => !isChoice(error, errors)).map(mistakeOf)
}

/** The values of `type` of each alternative of a schema, by its reference. */
function tagsOf(alternatives: readonly JsonSchema[], { $defs }: JsonSchema) {
  const defs = $defs as Readonly<Record<string, { properties?: { type?: { enum?: string[] } } }>>
  return alternatives.map(({ $ref }) => {
    const reference = typeof $ref === 'string' ? $ref : ''
    const tags = defs[reference.slice('#/$defs/'.length)]?.properties?.type?.enum ?? []
    return { reference, tags }
  })
}

/** Whether an error says that no alternative fits, where each has values of `type` of its own. */
const isTagged = ({ keyword, schema: alternatives }: ErrorObject, schema: JsonSchema): boolean =>
  keyword === 'anyOf' &&
  tagsOf(alternatives as JsonSchema[], schema).every(({ tags }) => tags.length > 0)

/** Returns the errors of the alternative that a value says it is. */
function errorsOfChoice(
  { data, schema: alternatives, ...choice }: ErrorObject,
  schema: JsonSchema,
  errorsIn: (value: unknown, reference: string) => ErrorObject[],
): ErrorObject[] {
  const tagged = tagsOf(alternatives as JsonSchema[], schema)
  const known = tagged.flatMap(({ tags }) => tags)
  const { type } = Object(data) as { type?: unknown }
  const meant = tagged.find(({ tags }) => (tags as unknown[]).includes(type))
  if (meant !== undefined) return errorsIn(data, meant.reference)
  const error = (keyword: string, params: object, instancePath = ''): ErrorObject[] => [
    { ...choice, keyword, params, instancePath },
  ]
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return error('type', { type: 'object' })
  return type === undefined
    ? error('required', { missingProperty: 'type' })
    : error('enum', { allowedValues: known }, '/type')
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
