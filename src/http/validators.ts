import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { ApiDocument, JsonSchema, Operation } from './api-document.ts'

/** Returns the first error of a value, or null if the value is valid. */
export type Validator = (value: unknown) => ErrorObject | null

export type Validators = {
  params(operation: Operation): Validator
  query(operation: Operation): Validator
  body(operation: Operation): Validator
  response(operation: Operation): Validator
  /** Validates the same as `body`, in parts. */
  parts(operation: Operation): BodyParts
}

/**
 * Validators for the items of each list that is a member of a body, and for the rest of the body.
 */
export type BodyParts = {
  readonly rest: Validator
  readonly lists: readonly { readonly name: string; readonly item: Validator }[]
}

const BUNDLE = 'bursar'

/**
 * Validators of the API document. Each is compiled at its first use: compiling all of them at the
 * start would take seconds for the complete API.
 */
export function createValidators(contract: ApiDocument): Validators {
  // JSON Schema 2020-12 as used in OpenAPI 3.1. `strict: false` ignores the `x-` keywords. The
  // schemas are validated by `npm run check`: here it would take a tenth of the work of a start.
  const ajv = new Ajv2020({ strict: false, useDefaults: true, validateSchema: false })
  addFormats.default(ajv, { mode: 'full' })
  // The library would also accept `urn:uuid:…`, which SQL refuses.
  ajv.addFormat('uuid', /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i)
  ajv.addFormat('date-time', isDateTime)
  ajv.addSchema(contract.document, BUNDLE)
  const compiled = new Map<string, ValidateFunction>()

  const compile = (key: string, schema: () => JsonSchema): Validator => {
    return (value) => {
      let validate = compiled.get(key)
      if (validate === undefined) {
        validate = ajv.compile(rebased(schema()) as object)
        compiled.set(key, validate)
      }
      return validate(value) ? null : firstOf(validate.errors ?? [])
    }
  }

  return {
    params: (operation) =>
      compile(`${operation.id} params`, () => parametersSchema(operation, 'path')),
    query: (operation) =>
      compile(`${operation.id} query`, () => parametersSchema(operation, 'query')),
    body: (operation) => compile(`${operation.id} body`, () => operation.bodySchema ?? NO_BODY),
    response: (operation) => compile(`${operation.id} response`, () => operation.responseSchema),
    parts: ({ id, bodySchema }) => {
      const { rest, items } = partsOf(contract.document, bodySchema ?? NO_BODY)
      return {
        rest: compile(`${id} rest`, () => rest),
        lists: Object.entries(items).map(([name, schema]) => ({
          name,
          item: compile(`${id} ${name}`, () => schema),
        })),
      }
    },
  }
}

/**
 * Returns the first error. If several types are possible, errors of the alternative with the
 * matching type come first; if no type matches, the error is about the type. An alternative that
 * lacks a property of the value comes last: another one was probably meant.
 */
function firstOf(errors: readonly ErrorObject[]): ErrorObject | null {
  const choice = errors.at(-1)
  if (choice?.keyword !== 'anyOf') return errors[0] ?? null
  const { instancePath } = choice
  const isOfType = (error: ErrorObject) =>
    error.instancePath !== instancePath || error.keyword !== 'type'
  const others = errors.filter(isOfType).filter((error) => error !== choice)
  const isLacking = (error: ErrorObject) =>
    error.instancePath === instancePath && error.keyword === 'additionalProperties'
  const first = others.find((error) => !isLacking(error)) ?? others[0]
  if (first !== undefined) return first
  const types = errors.slice(0, -1).flatMap(({ params }) => params.type as string | string[])
  return { ...choice, keyword: 'type', params: { type: [...new Set(types)] } }
}

const rfc3339 = addFormats.default.get('date-time', 'full') as { validate(text: string): boolean }
/** The format in which Ruby writes an instant. */
const SPACED = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d{4})$/

const isDateTime = (text: string): boolean => rfc3339.validate(text.replace(SPACED, '$1$2'))

type Lists = { rest: JsonSchema; items: Record<string, JsonSchema> }

/** Splits a schema into the item schemas of its lists and the rest. */
function partsOf(document: JsonSchema, schema: JsonSchema): Lists {
  const body = dereferenced(document, schema)
  const properties = Object.entries((body.properties ?? {}) as Record<string, JsonSchema>)
  const lists = properties.flatMap(([name, property]) => {
    const { items, ...list } = dereferenced(document, property)
    return list.type === 'array' && items !== undefined ? [{ name, list, items }] : []
  })
  const without = Object.fromEntries(lists.map(({ name, list }) => [name, list]))
  return {
    rest: { ...body, properties: { ...Object.fromEntries(properties), ...without } },
    items: Object.fromEntries(lists.map(({ name, items }) => [name, items as JsonSchema])),
  }
}

function dereferenced(document: JsonSchema, schema: JsonSchema): JsonSchema {
  if (typeof schema.$ref !== 'string') return schema
  const found = schema.$ref
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((node, name) => (node as JsonSchema)[name], document)
  return dereferenced(document, found as JsonSchema)
}

/** An operation without a body accepts at most an empty object. */
const NO_BODY: JsonSchema = { type: 'object', additionalProperties: false }

function parametersSchema(operation: Operation, place: 'path' | 'query'): JsonSchema {
  const parameters = operation.parameters.filter((parameter) => parameter.in === place)
  return {
    type: 'object',
    properties: Object.fromEntries(
      parameters.map(({ name, schema }) => [
        name,
        schema.type === 'object' && schema.additionalProperties === undefined
          ? { ...schema, additionalProperties: false }
          : schema,
      ]),
    ),
    required: parameters.filter((parameter) => parameter.required).map(({ name }) => name),
    additionalProperties: false,
  }
}

/** References within the bundle are local. Outside of it they need its name. */
function rebased(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(rebased)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) =>
      key === '$ref' && typeof value === 'string' && value.startsWith('#')
        ? [key, `${BUNDLE}${value}`]
        : [key, rebased(value)],
    ),
  )
}
