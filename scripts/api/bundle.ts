import { readdir, readFile } from 'node:fs/promises'
import {
  type Base,
  type Document,
  type Method,
  methods,
  type Operation,
  type OperationFile,
  type Parameter,
  type Reference,
  type Response,
  type Schema,
  schemaPrefix,
} from './document.ts'

const contractFolder = new URL('../../api/', import.meta.url)
export const bundleFile = new URL('openapi.json', contractFolder)

export type Sources = {
  readonly base: Base
  readonly operations: ReadonlyMap<string, OperationFile>
  readonly schemas: ReadonlyMap<string, Schema>
  /** Methods and paths of the published operations that are not implemented yet. */
  readonly unserved: readonly string[]
}

/** Reads the hand-written files of the folder `api`, sorted by name. */
export async function readSources(): Promise<Sources> {
  return {
    base: (await readJson(new URL('base.json', contractFolder))) as Base,
    operations: (await readFolder('operations/')) as Map<string, OperationFile>,
    schemas: (await readFolder('schemas/')) as Map<string, Schema>,
    unserved: (await readJson(new URL('unserved.json', contractFolder))) as string[],
  }
}

/**
 * Returns the OpenAPI 3.1 document. Equal sources give equal text. Throws if a shared part that is
 * referred to does not exist.
 */
export function bundle({ base, operations, schemas, unserved }: Sources): Document {
  const routes = [...operations].flatMap(([id, file]) => routesOf(base, id, file))
  const paths: Record<string, Partial<Record<Method, Operation>>> = {}
  for (const { path, method, operation } of routes.toSorted(byPathThenMethod)) {
    const item = paths[path] ?? {}
    if (item[method] !== undefined) throw new Error(`${method} ${path} stands twice`)
    item[method] = operation
    paths[path] = item
  }
  const { components, ...head } = base
  return {
    ...head,
    'x-unserved': unserved,
    paths,
    components: { ...components, schemas: Object.fromEntries(schemas) },
  }
}

export function bundleText(document: Document): string {
  return `${JSON.stringify(document, null, 2)}\n`
}

type Route = { path: string; method: Method; operation: Operation }

function routesOf(base: Base, id: string, file: OperationFile): Route[] {
  const operation = operationOf(base, id, file)
  const primary = { path: file.path, method: file.method, operation }
  if (file.twin === undefined) return [primary]
  const { deprecated: _, ...current } = operation
  const twin = { ...current, operationId: file.twin.operationId, 'x-twin-of': id }
  return [primary, { path: file.twin.path, method: file.method, operation: twin }]
}

function operationOf(base: Base, id: string, file: OperationFile): Operation {
  const { request, success, otherwise } = file
  return {
    operationId: id,
    summary: file.summary,
    description: file.description,
    tags: [file.tag],
    ...(file.deprecated && { deprecated: file.deprecated }),
    ...(file.security && { security: file.security }),
    ...(file['x-permission'] && { 'x-permission': file['x-permission'] }),
    ...(file['x-serialize'] && { 'x-serialize': file['x-serialize'] }),
    ...(file['x-own'] && { 'x-own': file['x-own'] }),
    ...(file['x-default-environment'] && {
      'x-default-environment': file['x-default-environment'],
    }),
    ...(file['x-heavy'] && { 'x-heavy': file['x-heavy'] }),
    ...(file['x-max-bytes'] && { 'x-max-bytes': file['x-max-bytes'] }),
    ...(file['x-etag'] && { 'x-etag': file['x-etag'] }),
    ...(takesIfMatch(file) && { 'x-if-match': true as const }),
    ...(file['x-secret'] && { 'x-secret': file['x-secret'] }),
    parameters: [...file.parameters.map((each) => parameterOf(base, each)), ...headersOf(file)],
    ...(request && {
      requestBody: { required: true, content: contentOf(request.schema, request.example) },
    }),
    responses: {
      [success.status]: {
        description: success.description,
        ...withHeaders({ ...stateOf(file), ...(hasTag(file) && { ETag: headerOf('ETag') }) }),
        content: {
          ...contentOf(success.schema, success.example),
          ...(success.csvExample !== undefined && { 'text/csv': csvOf(success.csvExample) }),
        },
      },
      ...(otherwise && {
        [otherwise.status]: {
          description: otherwise.description,
          ...withHeaders(stateOf(file)),
          content: contentOf(success.schema, otherwise.example),
        },
      }),
      ...refusalsOf(file),
    },
  }
}

/** What was deleted has no entity tag. */
const hasTag = (file: OperationFile): boolean => file['x-etag'] === true && file.method !== 'delete'

/** What is created had no state before. */
const takesIfMatch = (file: OperationFile): boolean =>
  file['x-if-match'] === true ||
  (file['x-etag'] === true && file.method !== 'get' && file.success.status !== 201)

/** Returns the headers of an operation. Only POST has an idempotency key. */
function headersOf(file: OperationFile): Reference[] {
  const { method } = file
  const names = ['AccountIdHeader', 'EnvironmentIdHeader']
  if (method === 'post') names.push('IdempotencyKeyHeader')
  if (takesIfMatch(file)) names.push('IfMatchHeader')
  if (isAboutCustomers(file)) names.push('AtLeastHeader')
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }))
}

/** Returns the header of the responses about a customer. */
const stateOf = (file: OperationFile): ResponseHeaders =>
  isAboutCustomers(file) ? { 'Bursar-State': headerOf('BursarState') } : {}

type ResponseHeaders = Readonly<Record<string, Reference>>

const headerOf = (name: string): Reference => ({ $ref: `#/components/headers/${name}` })

const withHeaders = (headers: ResponseHeaders): Pick<Response, 'headers'> =>
  Object.keys(headers).length === 0 ? {} : { headers }

/** Returns whether an operation names customers or a subscription, in its path or in its body. */
const isAboutCustomers = ({ path, 'x-serialize': serializedBy }: OperationFile): boolean =>
  /\/(customers|subscriptions)\/\{id\}|\{customerId\}/.test(path) ||
  ['customer', 'customers', 'engine'].includes(serializedBy ?? '')

/** Replaces the name of a shared parameter by its definition. Routes need not resolve it then. */
function parameterOf(base: Base, parameter: string | Parameter): Parameter {
  if (typeof parameter !== 'string') return parameter
  const shared = base.components.parameters[parameter]
  if (shared === undefined) throw new Error(`there is no shared parameter ${parameter}`)
  return shared
}

function contentOf(schema: string, example: unknown): Response['content'] {
  return {
    'application/json': {
      schema: { $ref: schemaPrefix + schema },
      examples: { default: { value: example } },
    },
  }
}

const csvOf = (example: string): Response['content']['text/csv'] => ({
  schema: { type: 'string' },
  examples: { default: { value: example } },
})

const refusals: Record<string, string> = {
  400: 'BadInput',
  401: 'Unauthenticated',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  412: 'PreconditionFailed',
  413: 'ContentTooLarge',
  415: 'UnsupportedMediaType',
  429: 'TooManyRequests',
  503: 'Unavailable',
}
const always = ['400', '401', '403', '404', '429', '503']
const withBody = ['413', '415']
const withIfMatch = ['412']

function refusalsOf(file: OperationFile): Record<string, Reference> {
  const statuses = [
    ...always,
    ...(file.request ? withBody : []),
    ...(takesIfMatch(file) ? withIfMatch : []),
    ...Object.keys(file.errors),
  ]
  const sorted = [...new Set(statuses)].toSorted()
  return Object.fromEntries(sorted.map((status) => [status, refusalOf(status, file)]))
}

function refusalOf(status: string, file: OperationFile): Reference {
  const name = refusals[status]
  if (name === undefined) throw new Error(`there is no shared response for status ${status}`)
  const description = file.errors[status]
  return { $ref: `#/components/responses/${name}`, ...(description && { description }) }
}

function byPathThenMethod(a: Route, b: Route): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1
  return methods.indexOf(a.method) - methods.indexOf(b.method)
}

async function readFolder(name: string): Promise<Map<string, unknown>> {
  const folder = new URL(name, contractFolder)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).toSorted()
  const entries = files.map(async (file): Promise<[string, unknown]> => {
    return [file.slice(0, -'.json'.length), await readJson(new URL(file, folder))]
  })
  return new Map(await Promise.all(entries))
}

async function readJson(file: URL): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'))
}
