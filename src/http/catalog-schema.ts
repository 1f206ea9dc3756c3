import type { ApiDocument, JsonSchema } from './api-document.ts'

const PREFIX = '#/components/schemas/'

/** Returns the JSON Schema of a catalog as a file: that of the API document, complete by itself. */
export function catalogSchema({ document }: Pick<ApiDocument, 'document'>): JsonSchema {
  const { schemas } = document.components as { schemas: Readonly<Record<string, JsonSchema>> }
  const used = new Map<string, JsonSchema>()
  const rebased = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rebased)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        key === '$ref' && typeof inner === 'string' ? refTo(inner) : rebased(inner),
      ]),
    )
  }
  const refTo = (ref: string): string => {
    const name = ref.slice(PREFIX.length)
    const schema = schemas[name]
    if (schema !== undefined && !used.has(name)) {
      // Before the schemas that it names, which may name it again.
      used.set(name, schema)
      used.set(name, rebased(schema) as JsonSchema)
    }
    return `#/$defs/${name}`
  }
  const root = rebased(schemas.Catalog) as JsonSchema
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A catalog of Bursar',
    ...root,
    $defs: Object.fromEntries(used),
  }
}
