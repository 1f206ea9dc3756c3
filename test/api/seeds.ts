import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Json, Schema } from './breakages.ts'

type Media = { schema: Schema; example?: Json }
export type SeedOperation = {
  method: string
  path: string
  parameters: { name: string; in: string; schema: Schema }[]
  requestBody?: Media
  responses: Record<string, Media>
}
type Seeds = {
  operations: Record<string, SeedOperation>
  components: { schemas: Record<string, Schema> }
}

/**
 * Returns a schema of OpenAPI 3.0 as JSON Schema. It has only the two allowed exceptions:
 * `nullable` admits null, also beside `enum`, and `oneOf` is read as `anyOf`.
 */
function rewritten(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(rewritten)
  if (typeof node !== 'object' || node === null) return node
  const { nullable, oneOf, ...rest } = node as Record<string, unknown>
  const inner = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, rewritten(value)]),
  )
  if (oneOf !== undefined) inner.anyOf = rewritten(oneOf)
  if (nullable !== true) return inner
  if (inner.type !== undefined) inner.type = [inner.type, 'null'].flat()
  if (Array.isArray(inner.enum)) inner.enum = [...inner.enum, null]
  if (Array.isArray(inner.anyOf)) inner.anyOf = [...inner.anyOf, { type: 'null' }]
  return inner
}

export const seeds = rewritten(
  JSON.parse(readFileSync(new URL('./seeds.json', import.meta.url), 'utf8')),
) as Seeds

const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv, { mode: 'full' })
ajv.addSchema(seeds, 'seeds')

/** Returns the schema to which a reference of the seeds refers. */
export function schemaOf(media: Media): Schema {
  const reference = (media.schema as { $ref?: string }).$ref
  return reference === undefined
    ? media.schema
    : (seeds.components.schemas[reference.split('/').at(-1) ?? ''] ?? {})
}

/** Returns what is wrong with a response of this status according to a seed; '' if nothing is. */
export function wrongBy(seed: SeedOperation, status: number, body: unknown): string {
  const media = seed.responses[status]
  if (media === undefined) return `the seed documents no status ${status}`
  const reference = (media.schema as { $ref?: string }).$ref ?? ''
  const validate = ajv.getSchema(`seeds${reference}`)
  if (validate === undefined) return `the seeds have no ${reference}`
  return validate(body) ? '' : ajv.errorsText(validate.errors)
}
