import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { SERIALIZED_BY } from '../../src/http/api-document.ts'
import type { Sources } from './bundle.ts'
import {
  type Document,
  methods,
  type Operation,
  operationsOf,
  ownParameters,
  schemaPrefix,
} from './document.ts'

const text = { type: 'string', minLength: 1 }

/** The schema of a file in `api/operations`. Unknown keys are errors. */
const operationFileSchema = {
  type: 'object',
  properties: {
    method: { enum: methods },
    path: { type: 'string', pattern: '^/api/v1(-beta)?/' },
    twin: {
      type: 'object',
      properties: { operationId: text, path: { type: 'string', pattern: '^/api/v1/' } },
      required: ['operationId', 'path'],
      additionalProperties: false,
    },
    tag: text,
    summary: { type: 'string', minLength: 1, maxLength: 60 },
    description: text,
    'x-permission': { type: 'string', pattern: '^[a-zA-Z]+:(read|write)$' },
    security: { type: 'array', maxItems: 0 },
    'x-serialize': { enum: SERIALIZED_BY },
    'x-own': { const: true },
    'x-default-environment': { const: true },
    'x-max-bytes': { type: 'integer', minimum: 1 },
    'x-heavy': { const: true },
    'x-etag': { const: true },
    'x-if-match': { const: true },
    'x-secret': { type: 'array', items: text, minItems: 1, uniqueItems: true },
    deprecated: { const: true },
    parameters: { type: 'array', items: { anyOf: [text, { type: 'object' }] } },
    request: {
      type: 'object',
      properties: { schema: text, example: true },
      required: ['schema', 'example'],
      additionalProperties: false,
    },
    success: {
      type: 'object',
      properties: {
        status: { enum: [200, 201] },
        description: text,
        schema: text,
        example: true,
        csvExample: text,
      },
      required: ['status', 'description', 'schema', 'example'],
      additionalProperties: false,
    },
    otherwise: {
      type: 'object',
      properties: { status: { const: 200 }, description: text, example: true },
      required: ['status', 'description', 'example'],
      additionalProperties: false,
    },
    errors: { type: 'object', additionalProperties: text },
  },
  // `otherwise` is allowed only if the success is a 201.
  dependentSchemas: {
    otherwise: {
      type: 'object',
      properties: { success: { type: 'object', properties: { status: { const: 201 } } } },
    },
  },
  // A table can be large, so that what returns one has to be a heavy read.
  if: {
    properties: {
      success: { type: 'object', properties: { csvExample: true }, required: ['csvExample'] },
    },
  },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { properties: { 'x-heavy': true }, required: ['x-heavy'] },
  required: ['method', 'path', 'tag', 'summary', 'description', 'parameters', 'success', 'errors'],
  additionalProperties: false,
}

export function filesProblems({ operations }: Sources): string[] {
  const ajv = new Ajv2020({ allErrors: true, strict: true })
  const validate = ajv.compile(operationFileSchema)
  return [...operations].flatMap(([id, file]) => {
    if (!validate(file)) return [`operations/${id}.json: ${errorsText(validate.errors)}`]
    const isOpen = file.security !== undefined
    return isOpen === (file['x-permission'] !== undefined)
      ? [`operations/${id}.json: states x-permission or an empty security, and not both`]
      : []
  })
}

/** Returns Ajv's messages with their parameters, because they omit the name of an unknown key. */
export function errorsText(errors: readonly ErrorObject[] | null | undefined): string {
  const texts = (errors ?? []).map(({ instancePath, message, params }) => {
    return `${instancePath || '/'} ${message} ${JSON.stringify(params)}`
  })
  return texts.join('; ')
}

/** Returns references to missing parts, and schemas that nothing refers to. */
export function referenceProblems(document: Document): string[] {
  const used = new Set(referencesIn(document))
  const missing = [...used].filter((ref) => resolve(document, ref) === undefined)
  const unused = Object.keys(document.components.schemas).filter(
    (name) => !used.has(schemaPrefix + name),
  )
  return [
    ...missing.map((ref) => `${ref} does not exist`),
    ...unused.map((name) => `schemas/${name}.json is not used`),
  ]
}

export function operationsProblems(document: Document): string[] {
  const all = operationsOf(document)
  const ids = all.map(({ operation }) => operation.operationId)
  const repeated = ids.filter((id, index) => ids.indexOf(id) !== index)
  const tags = new Set(document.tags.map((tag) => tag.name))
  return [
    ...repeated.map((id) => `the operation id ${id} stands twice`),
    ...all.flatMap(({ path, method, operation }) =>
      [
        ...operationProblems(document, operation),
        ...placeholderProblems(path, operation),
        ...operation.tags.filter((tag) => !tags.has(tag)).map((tag) => `has no tag ${tag}`),
        ...(method !== 'post' && '201' in operation.responses ? ['201 is for POST'] : []),
      ].map((problem) => `${operation.operationId}: ${problem}`),
    ),
  ]
}

function operationProblems(document: Document, operation: Operation): string[] {
  const problems: string[] = []
  const twinOf = operation['x-twin-of']
  // An operation that needs no credential creates the one that the caller lacks.
  const isWrite = operation['x-permission']?.endsWith(':write') ?? true
  if (isWrite !== (operation['x-serialize'] !== undefined))
    problems.push(isWrite ? 'writes without x-serialize' : 'reads, but states x-serialize')
  if (operation['x-heavy'] && isWrite) problems.push('is heavy, which only reads may be')
  if (
    twinOf !== undefined &&
    !operationsOf(document).some((o) => o.operation.operationId === twinOf)
  )
    problems.push(`is a twin of ${twinOf}, which does not exist`)
  const names = ownParameters(operation).map((parameter) => parameter.name)
  if (new Set(names).size < names.length) problems.push('has a parameter twice')
  const missing = pagingOf(document, operation).filter((name) => !names.includes(name))
  problems.push(...missing.map((name) => `is a list without ${name}`))
  return problems
}

/**
 * Returns the parameters that a list must have. A list without `prev` has no `before`. A list whose
 * `next` is always null has no pages.
 */
function pagingOf(document: Document, operation: Operation): string[] {
  const success = operation.responses['200']
  if (success === undefined || '$ref' in success) return []
  const schemaOf = ($ref = '') => document.components.schemas[$ref.slice(schemaPrefix.length)]
  const page = schemaOf(success.content['application/json'].schema.$ref)
  const pagination = schemaOf(page?.properties?.pagination?.$ref)
  if (pagination === undefined || pagination.properties?.next?.type === 'null') return []
  const isTwoWay = pagination.properties?.prev !== undefined
  return isTwoWay ? ['after', 'before', 'limit'] : ['after', 'limit']
}

function placeholderProblems(path: string, operation: Operation): string[] {
  const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
  const declared = ownParameters(operation).filter((parameter) => parameter.in === 'path')
  const names = declared.map((parameter) => parameter.name)
  return [
    ...placeholders.filter((name) => !names.includes(name ?? '')).map((n) => `lacks {${n}}`),
    ...names.filter((name) => !placeholders.includes(name)).map((n) => `${n} is not in the path`),
    ...declared.filter((each) => !each.required).map(({ name }) => `${name} must be required`),
  ]
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) =>
    key === '$ref' && typeof each === 'string' ? [each] : referencesIn(each),
  )
}

function resolve(document: Document, ref: string): unknown {
  const keys = ref.split('/').slice(1)
  return keys.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    document,
  )
}

/** Operations in `unserved.json` must not be implemented, and must be sorted without duplicates. */
export function unservedProblems(document: Document): string[] {
  const unserved = document['x-unserved']
  const served = new Set(
    operationsOf(document).map(({ path, method }) => `${method.toUpperCase()} ${path}`),
  )
  const byPath = (text: string) => text.split(' ').toReversed().join(' ')
  const sorted = [...new Set(unserved)].toSorted((one, other) =>
    byPath(one) < byPath(other) ? -1 : 1,
  )
  return [
    ...unserved
      .filter((each) => !/^(GET|PUT|POST|PATCH|DELETE) \/api\/v1(-beta)?\/\S+$/.test(each))
      .map((each) => `unserved.json: ${each} is no method and path`),
    ...unserved
      .filter((each) => served.has(each))
      .map((each) => `unserved.json: ${each} is served: take it out`),
    ...(sorted.join() === unserved.join()
      ? []
      : ['unserved.json is not sorted by path and method']),
  ]
}
