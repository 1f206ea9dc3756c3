import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { errorsText } from './check-operations.ts'
import {
  type Content,
  type Document,
  operationsOf,
  ownParameters,
  type Schema,
  schemaPrefix,
} from './document.ts'

/** Arrays in requests that only the size of the body limits. */
const unboundedArrays = new Set(['UpsertEntityType.attributionKeys'])

/** Returns schemas that do not compile, and examples that are not valid. */
export function schemaProblems(document: Document): string[] {
  const ajv = new Ajv2020({ allErrors: true, strict: true })
  addFormats.default(ajv)
  // Each schema is compiled separately, together with the shared schemas.
  ajv.addKeyword('components')
  const { components } = document
  const check = ({ at, schema, examples }: Subject): string[] => {
    try {
      const validate = ajv.compile({ ...schema, components: { schemas: components.schemas } })
      const refused = examples.filter((example) => !validate(example))
      return refused.map(() => `${at}: the example is refused: ${errorsText(validate.errors)}`)
    } catch (error) {
      return [`${at}: ${error instanceof Error ? error.message : String(error)}`]
    }
  }
  return subjectsOf(document).flatMap(check)
}

type Subject = { at: string; schema: Schema; examples: unknown[] }

function subjectsOf(document: Document): Subject[] {
  const { schemas, responses } = document.components
  return [
    ...Object.entries(schemas).map(([name, schema]) => ({ at: name, schema, examples: [] })),
    ...Object.entries(responses).map(([name, { content }]) => contentSubject(name, content)),
    ...operationsOf(document).flatMap(({ operation }) => [
      ...ownParameters(operation).map(({ name, schema }) => ({
        at: `${operation.operationId} ${name}`,
        schema,
        examples: schema.default === undefined ? [] : [schema.default],
      })),
      ...(operation.requestBody
        ? [contentSubject(`${operation.operationId} request`, operation.requestBody.content)]
        : []),
      ...Object.entries(operation.responses).flatMap(([status, response]) =>
        '$ref' in response
          ? []
          : [contentSubject(`${operation.operationId} ${status}`, response.content)],
      ),
    ]),
  ]
}

function contentSubject(at: string, content: Content): Subject {
  const { schema, examples } = content['application/json']
  return { at, schema, examples: Object.values(examples ?? {}).map((each) => each.value) }
}

/** Returns objects in requests that allow unknown properties, and arrays without a limit. */
export function requestProblems(document: Document): string[] {
  const { schemas } = document.components
  const roots = operationsOf(document).flatMap(({ operation }) => [
    ...ownParameters(operation).map(({ name, schema }) => ({ at: `query ${name}`, schema })),
    ...(operation.requestBody
      ? [{ at: 'body', schema: operation.requestBody.content['application/json'].schema }]
      : []),
  ])
  const problems = new Set<string>()
  const visited = new Set<string>()
  const visit = ({ at, schema }: { at: string; schema: Schema }): void => {
    for (const problem of shapeProblems(at, schema)) problems.add(problem)
    for (const child of childrenOf(at, schema)) visit(child)
    const name = schema.$ref?.slice(schemaPrefix.length)
    const target = name === undefined ? undefined : schemas[name]
    if (name === undefined || target === undefined || visited.has(name)) return
    visited.add(name)
    visit({ at: name, schema: target })
  }
  roots.forEach(visit)
  return [...problems]
}

function shapeProblems(at: string, schema: Schema): string[] {
  const types = [schema.type].flat()
  const open = types.includes('object') && schema.additionalProperties === undefined
  const unbounded = types.includes('array') && schema.maxItems === undefined
  const wide = schema.properties !== undefined && schema.additionalProperties !== false
  return [
    ...(open || wide ? [`${at}: an object of a request must be closed`] : []),
    ...(unbounded && !unboundedArrays.has(at) ? [`${at}: an array of a request has no bound`] : []),
  ]
}

function childrenOf(at: string, schema: Schema): { at: string; schema: Schema }[] {
  const additional = schema.additionalProperties
  return [
    ...Object.entries(schema.properties ?? {}).map(([name, each]) => ({
      at: `${at}.${name}`,
      schema: each,
    })),
    ...(schema.items ? [{ at: `${at}[]`, schema: schema.items }] : []),
    ...(schema.anyOf ?? []).map((each) => ({ at, schema: each })),
    ...(typeof additional === 'object' ? [{ at: `${at}.*`, schema: additional }] : []),
  ]
}
