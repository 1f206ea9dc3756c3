import {
  type Document,
  type Operation,
  operationsOf,
  type Schema,
  schemaPrefix,
} from './document.ts'

/** What a property is called that holds a secret, or ought to hold none. */
const SOUNDS_SECRET = /secret|password|token|(api|private|signing)key$/i
/** Names that sound so and hold none; a count of tokens is no token. */
const HARMLESS = /CreatedAt$|Prefix$|^tokens$/

/**
 * Answers with secrets that do not say so, and marks that lead nowhere. A secret admits null: that
 * is what the answer to a repetition has in its place.
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

/** Every property of an operation's answer by its path. What contains itself is entered once. */
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
