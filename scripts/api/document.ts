/** The types of the files in the folder `api`, and of the document that is bundled from them. */

export type Schema = {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly maxItems?: number
  readonly anyOf?: readonly Schema[]
  readonly description?: string
  readonly deprecated?: boolean
  readonly default?: unknown
}

export type Parameter = {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly schema: Schema
  readonly description?: string
  readonly deprecated?: boolean
}

export type Reference = { readonly $ref: string; readonly description?: string }

export type Content = {
  readonly 'application/json': {
    readonly schema: Reference
    readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
  }
  readonly 'text/csv'?: {
    readonly schema: Schema
    readonly examples: Readonly<Record<string, { readonly value: string }>>
  }
}

export type Header = { readonly description: string; readonly schema: Schema }

export type Response = {
  readonly description: string
  readonly headers?: Readonly<Record<string, Reference>>
  readonly content: Content
}

export const methods = ['get', 'post', 'put', 'patch', 'delete'] as const
export type Method = (typeof methods)[number]

/** What a file in `api/operations` and the document say about an operation in the same words. */
type OperationFields = {
  readonly summary: string
  readonly description: string
  readonly deprecated?: true
  /** Absent if the operation needs no credential. */
  readonly 'x-permission'?: string
  /** Empty: the operation needs no credential. */
  readonly security?: readonly []
  readonly 'x-own'?: true
  /** A person may name no environment: then one of theirs counts. */
  readonly 'x-default-environment'?: true
  /** Of a body that may be larger than others, in bytes. */
  readonly 'x-max-bytes'?: number
  /** The operation is a heavy read: it may read far more than it returns. */
  readonly 'x-heavy'?: true
  readonly 'x-serialize'?: string
  /**
   * Its response has the entity tag of its object. If it changes the object, it takes `If-Match`.
   */
  readonly 'x-etag'?: true
  /**
   * It takes `If-Match`. A file says so only if the response is not the object that it changes; the
   * bundle always does.
   */
  readonly 'x-if-match'?: true
  /** Where its response has secrets, as paths from the body: `data.secret`, `data[].secret`. */
  readonly 'x-secret'?: readonly string[]
}

/** A file in `api/operations`. Its name is the operation's id. */
export type OperationFile = OperationFields & {
  readonly method: Method
  readonly path: string
  readonly twin?: { readonly operationId: string; readonly path: string }
  readonly tag: string
  /** Names in `components.parameters`, or parameters that only this operation has. */
  readonly parameters: readonly (string | Parameter)[]
  readonly request?: { readonly schema: string; readonly example: unknown }
  readonly success: {
    readonly status: 200 | 201
    readonly description: string
    readonly schema: string
    readonly example: unknown
    /** The response to a request that prefers `text/csv`. Absent: it gets JSON. */
    readonly csvExample?: string
  }
  /** The response if nothing was created, which is no error. It has the same schema. */
  readonly otherwise?: {
    readonly status: 200
    readonly description: string
    readonly example: unknown
  }
  /** Descriptions of errors by status, in addition to those that all operations have. */
  readonly errors: Readonly<Record<string, string>>
}

export type Operation = OperationFields & {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly 'x-twin-of'?: string
  readonly parameters: readonly (Parameter | Reference)[]
  readonly requestBody?: { readonly required: true; readonly content: Content }
  readonly responses: Readonly<Record<string, Response | Reference>>
}

export type Components = {
  readonly securitySchemes: Readonly<Record<string, unknown>>
  readonly parameters: Readonly<Record<string, Parameter>>
  readonly headers: Readonly<Record<string, Header>>
  readonly responses: Readonly<Record<string, Response>>
  readonly schemas: Readonly<Record<string, Schema>>
}

export type Document = {
  readonly openapi: string
  readonly info: Readonly<Record<string, unknown>>
  readonly servers: readonly unknown[]
  readonly security: readonly unknown[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly 'x-unserved': readonly string[]
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<Method, Operation>>>>>
  readonly components: Components
}

/** `api/base.json`: the document without paths and schemas. */
export type Base = Omit<Document, 'x-unserved' | 'paths' | 'components'> & {
  readonly components: Omit<Components, 'schemas'>
}

export const schemaPrefix = '#/components/schemas/'

/** Returns all operations with their paths and methods, in the order of the document. */
export function operationsOf(
  document: Document,
): { path: string; method: Method; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method]
      return operation === undefined ? [] : [{ path, method, operation }]
    }),
  )
}

/** Returns the path and query parameters. Headers are handled for all operations alike. */
export function ownParameters(operation: Operation): Parameter[] {
  return operation.parameters.filter((parameter) => 'in' in parameter)
}
