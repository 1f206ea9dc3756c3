import { readFile } from 'node:fs/promises'
import type { OperationId } from '../api.gen.ts'
import { assert, required } from '../kernel/assert.ts'

export type JsonSchema = { readonly [keyword: string]: unknown }

export type Parameter = {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly style?: string
  readonly schema: JsonSchema
}

/**
 * What the writes of an operation are serialized by: their customer, or the part of the environment
 * that they change. The engine serializes its own writes by customer.
 */
export const SERIALIZED_BY = [
  'customer',
  'subscription',
  'customers',
  'catalog',
  'entityTypes',
  'settings',
  'access',
  'task',
  'engine',
] as const
export type SerializedBy = (typeof SERIALIZED_BY)[number]

/**
 * An operation of the API document as the server mounts it. An alias shares the handler of its
 * primary operation.
 */
export type Operation = {
  readonly id: string
  readonly primaryId: OperationId
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** In the format of the API document: `/api/v1/customers/{id}`. */
  readonly path: string
  /** Null: it needs no credential, but the sign-in code in its body. */
  readonly permission: string | null
  /** Whether a person may name no environment: then one of theirs counts. */
  readonly defaultsEnvironment: boolean
  readonly parameters: readonly Parameter[]
  /** The maximum size of a body in bytes, or null for the usual one. */
  readonly maxBytes: number | null
  /** Whether the operation may read far more than it returns. */
  readonly isHeavy: boolean
  /** Null for reads. */
  readonly serializedBy: SerializedBy | null
  /** Whether its response has the entity tag of its object. */
  readonly hasEtag: boolean
  /** Whether it takes `If-Match`. */
  readonly takesIfMatch: boolean
  /** The paths of secrets in its response: `data.secret`, `data[].secret`. */
  readonly secrets: readonly string[]
  /** Null if the operation takes no body. */
  readonly bodySchema: JsonSchema | null
  readonly successStatus: number
  /**
   * The status of the secondary success, which created nothing. Null if there is only one success.
   */
  readonly otherwiseStatus: number | null
  readonly responseSchema: JsonSchema
  /** Whether a request that prefers `text/csv` gets it. */
  readonly hasCsv: boolean
}

export type ApiDocument = {
  /** The bundled document that `/openapi.json` returns. */
  readonly document: JsonSchema
  readonly operations: readonly Operation[]
  /** Operations of the published API that this server does not implement. */
  readonly unserved: readonly UnservedOperation[]
}

export type UnservedOperation = Pick<Operation, 'method' | 'path'>

type Json = { [key: string]: unknown }
type RawOperation = {
  operationId: string
  'x-permission'?: string
  'x-default-environment'?: true
  'x-max-bytes'?: number
  'x-heavy'?: true
  'x-serialize'?: SerializedBy
  'x-secret'?: string[]
  'x-etag'?: true
  'x-if-match'?: true
  'x-twin-of'?: string
  parameters?: (Parameter | { $ref: string })[]
  requestBody?: { content: Json }
  responses: { [status: string]: { content?: Json } }
}

/** Reads the bundle, the only form of the API document that the server uses. */
export async function readApiDocument(file: URL): Promise<ApiDocument> {
  const document = JSON.parse(await readFile(file, 'utf8')) as Json
  const paths = document.paths as { [path: string]: { [method: string]: RawOperation } }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => operationOf({ document, path, method, raw })),
  )
  const unserved = (document['x-unserved'] as string[]).map((each): UnservedOperation => {
    const [method = '', path = ''] = each.split(' ')
    return { method: method as Operation['method'], path }
  })
  return { document, operations, unserved }
}

function operationOf(from: {
  document: Json
  path: string
  method: string
  raw: RawOperation
}): Operation {
  const { raw } = from
  // 201 comes before 200, which means that nothing was created.
  const [success = '', otherwise] = Object.keys(raw.responses)
    .filter((status) => status.startsWith('2'))
    .toSorted()
    .toReversed()
  assert(success !== '', `${raw.operationId} states no success`)
  return {
    id: raw.operationId,
    primaryId: (raw['x-twin-of'] ?? raw.operationId) as OperationId,
    method: from.method.toUpperCase() as Operation['method'],
    path: from.path,
    permission: raw['x-permission'] ?? null,
    defaultsEnvironment: raw['x-default-environment'] === true,
    maxBytes: raw['x-max-bytes'] ?? null,
    isHeavy: raw['x-heavy'] === true,
    serializedBy: raw['x-serialize'] ?? null,
    hasEtag: raw['x-etag'] === true,
    takesIfMatch: raw['x-if-match'] === true,
    secrets: raw['x-secret'] ?? [],
    parameters: (raw.parameters ?? []).map((parameter) => resolved(from.document, parameter)),
    bodySchema: raw.requestBody === undefined ? null : jsonSchemaOf(raw.requestBody.content),
    successStatus: Number(success),
    otherwiseStatus: otherwise === undefined ? null : Number(otherwise),
    responseSchema: jsonSchemaOf(raw.responses[success]?.content),
    hasCsv: raw.responses[success]?.content?.['text/csv'] !== undefined,
  }
}

function resolved(document: Json, parameter: Parameter | { $ref: string }): Parameter {
  if (!('$ref' in parameter)) return parameter
  const found = parameter.$ref
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((node, name) => (node as Json)[name], document)
  return found as Parameter
}

const jsonSchemaOf = (content: Json | undefined): JsonSchema =>
  (required(content?.['application/json'], 'a body without JSON') as { schema: JsonSchema }).schema
