/** The part of JSON Schema that the seeds use. */
export type Schema = {
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  minItems?: number
  maxItems?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  enum?: unknown[]
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A body that breaks one constraint. */
export type Breakage = { constraint: string; value: Json }

const SAMPLES: Record<string, Json> = {
  string: 'x',
  number: 7,
  boolean: true,
  array: [],
  object: {},
  null: null,
}

/** Characters that the id patterns refuse at the start or inside. */
const OUTSIDE_PATTERNS = ['-a', '.a', '_a', '|a', 'a b', 'a/b', 'a#b', 'é', 'a\n', 'a ', '😀']

/**
 * Returns copies of the valid body `valid`, each of which breaks one constraint of the schema. All
 * constraints are broken. In arrays, those of the first item and of the number of items are.
 */
export function breakagesOf(schema: Schema, valid: Json, path = ''): Breakage[] {
  return [
    ...wrongTypes(schema, path),
    ...brokenStrings(schema, path),
    ...brokenArray(schema, valid, path),
    ...brokenObject(schema, valid, path),
  ]
}

function wrongTypes(schema: Schema, path: string): Breakage[] {
  const types = [schema.type ?? []].flat()
  return Object.entries(SAMPLES)
    .filter(([type]) => !types.includes(type))
    .map(([type, value]) => ({ constraint: `${path} type: ${type}`, value }))
}

function brokenStrings(schema: Schema, path: string): Breakage[] {
  const broken: Breakage[] = []
  if (schema.minLength !== undefined)
    broken.push({ constraint: `${path} minLength`, value: 'a'.repeat(schema.minLength - 1) })
  if (schema.maxLength !== undefined)
    broken.push({ constraint: `${path} maxLength`, value: 'a'.repeat(schema.maxLength + 1) })
  if (schema.enum !== undefined) broken.push({ constraint: `${path} enum`, value: 'NOT_A_MEMBER' })
  const { pattern } = schema
  if (pattern !== undefined)
    for (const value of [...OUTSIDE_PATTERNS, 'a@b'])
      if (!new RegExp(pattern, 'u').test(value))
        broken.push({ constraint: `${path} pattern: ${JSON.stringify(value)}`, value })
  return broken
}

function brokenArray(schema: Schema, valid: Json, path: string): Breakage[] {
  if (schema.items === undefined || !Array.isArray(valid)) return []
  const broken: Breakage[] = []
  if (schema.minItems !== undefined) broken.push({ constraint: `${path} minItems`, value: [] })
  if (schema.maxItems !== undefined)
    broken.push({
      constraint: `${path} maxItems`,
      value: Array.from({ length: schema.maxItems + 1 }, (_, index) => ({
        ...(valid[0] as object),
        id: `item-${index}`,
      })),
    })
  const [first, ...rest] = valid
  if (first !== undefined)
    for (const { constraint, value } of breakagesOf(schema.items, first, `${path}[0]`))
      broken.push({ constraint, value: [value, ...rest] })
  return broken
}

function brokenObject(schema: Schema, valid: Json, path: string): Breakage[] {
  if (typeof valid !== 'object' || valid === null || Array.isArray(valid)) return []
  const broken: Breakage[] = []
  for (const name of schema.required ?? []) {
    const { [name]: _, ...others } = valid
    broken.push({ constraint: `${path} required: ${name}`, value: others })
  }
  if (schema.additionalProperties === false)
    broken.push({ constraint: `${path} additionalProperties`, value: { ...valid, unheardOf: 1 } })
  if (typeof schema.additionalProperties === 'object')
    for (const { constraint, value } of breakagesOf(schema.additionalProperties, 'x', `${path}.*`))
      broken.push({ constraint, value: { ...valid, some: value } })
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const present = valid[name]
    if (present === undefined) continue
    for (const { constraint, value } of breakagesOf(inner, present, `${path}.${name}`))
      broken.push({ constraint, value: { ...valid, [name]: value } })
  }
  return broken
}
