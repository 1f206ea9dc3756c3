import {
  type Document,
  type Operation,
  operationsOf,
  type Schema,
  schemaPrefix,
} from './document.ts'

/** Names of properties that probably contain a secret. */
const SOUNDS_SECRET = /secret|password|token|(api|private|signing)key$/i
/** Exceptions that contain no secret, such as a number of tokens. */
const HARMLESS = /CreatedAt$|Prefix$|^tokens$/

/**
 * Returns properties of responses that seem to be secrets but are not in `x-secret`, and invalid
 * entries of `x-secret`. A secret must be nullable, because the stored response for retries has
 * null in its place.
 */
export const secretsProblems = (document: Document): string[] =>
  operationsOf(document).flatMap(({ operation }) => {
    const found = propertiesOf(document, operation)
    const marked = operation['x-secret'] ?? []
    const unmarked = [...found.keys()].filter((path) => {
      const name = path.split('.').at(-1) ?? ''
      return SOUNDS_SECRET.test(name) && !HARMLESS.test(name) && !marked.includes(path)
    })
    return [
      ...unmarked.map((path) => `${path} sounds like a secret: mark it in x-secret`),
      ...marked.flatMap((path) => markProblems(path, found.get(path))),
    ].map((problem) => `${operation.operationId}: ${problem}`)
  })

function markProblems(path: string, schema: Schema | undefined): string[] {
  if (schema === undefined) return [`x-secret names ${path}, which its answer has not`]
  return [schema.type].flat().includes('null') ? [] : [`${path} is a secret and must admit null`]
}

/** Returns the properties of responses by path. Recursive schemas are entered once. */
function propertiesOf(document: Document, operation: Operation): Map<string, Schema> {
  const found = new Map<string, Schema>()
  const visit = (schema: Schema, path: string, inside: readonly string[]): void => {
    const name = schema.$ref?.slice(schemaPrefix.length)
    if (name !== undefined) {
      const target = document.components.schemas[name]
      if (target !== undefined && !inside.includes(name)) visit(target, path, [...inside, name])
      return
    }
    for (const form of schema.anyOf ?? []) visit(form, path, inside)
    if (schema.items) visit(schema.items, `${path}[]`, inside)
    for (const [key, child] of Object.entries(schema.properties ?? {})) {
      const own = path === '' ? key : `${path}.${key}`
      found.set(own, child)
      visit(child, own, inside)
    }
  }
  for (const [status, response] of Object.entries(operation.responses))
    if (status.startsWith('2') && !('$ref' in response))
      visit(response.content['application/json'].schema, '', [])
  return found
}
