import { badInput } from '../kernel/errors.ts'
import { type Field, inQuery } from '../kernel/field.ts'
import type { Operation } from './api-document.ts'
import { quoted } from './validation-message.ts'

/** The field that a name in a query means: `createdAt[gte]` is within `createdAt`. */
export function queryField(name: string): Field {
  const { base, key } = bracketed(name)
  return key === null || key === '' ? inQuery(base) : inQuery(base).at(key)
}

/** Decoded pairs in the order in which they were sent. */
export type RawQuery = readonly (readonly [name: string, value: string])[]

/** More pairs than any operation can use. */
const PAIR_LIMIT = 1000

/** Splits and decodes a query string. Throws 400 for escapes that are not UTF-8. */
export function parseQueryString(text: string): RawQuery {
  if (text === '') return []
  const pieces = text.split('&').filter((piece) => piece !== '')
  if (pieces.length > PAIR_LIMIT)
    throw badInput(null, `the query has more than ${PAIR_LIMIT} parameters`)
  return pieces.map((piece) => {
    const end = piece.indexOf('=')
    const name = decoded(end === -1 ? piece : piece.slice(0, end), null)
    return [name, end === -1 ? '' : decoded(piece.slice(end + 1), name)]
  })
}

/** `name` is that of a value; null if the text is itself a name. */
function decoded(text: string, name: string | null): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    const field = name === null ? null : queryField(name)
    throw badInput(field, `query: ${quoted(text)} is not valid percent-encoded UTF-8`)
  }
}

/** The shape of a parameter's value. */
type Shape = { types: readonly unknown[]; items: Items | undefined }
type Items = { enum?: unknown[]; pattern?: string }

/** The shapes of an operation's query parameters, by name. */
export type QueryShapes = ReadonlyMap<string, Shape>

/** Make them once for each operation: doing that for each request is 3 % of the time of a check. */
export const queryShapesOf = ({ parameters }: Pick<Operation, 'parameters'>): QueryShapes =>
  new Map(
    parameters
      .filter((parameter) => parameter.in === 'query')
      .map(({ name, schema }) => [
        name,
        { types: [schema.type].flat(), items: schema.items as Items | undefined },
      ]),
  )

/**
 * Converts the pairs to the types of the operation's parameters: numbers, lists (`a,b`, repeated,
 * or `name[]`) and objects (`name[key]=value`). Values of the wrong type stay text, which
 * validation refuses. 400 for a parameter that is sent twice but is not a list.
 */
export function shapeQuery(shapes: QueryShapes, raw: RawQuery): Record<string, unknown> {
  const shaped = new Map<string, unknown>()
  for (const [name, value] of raw) {
    const { base, key } = bracketed(name)
    const shape = shapes.get(base)
    if (shape === undefined) shaped.set(name, value)
    else if (key !== null && shape.types.includes('object')) addKey(shaped, { base, key, value })
    else if ((key === null || key === '') && shape.types.includes('array'))
      shaped.set(base, [...((shaped.get(base) as string[]) ?? []), ...split(shape, value)])
    else if (key !== null) shaped.set(name, value)
    else if (shaped.has(base))
      throw badInput(inQuery(base), `query: ${base} is sent more than once`)
    else shaped.set(base, scalar(shape, value))
  }
  for (const [name, value] of shaped)
    if (value instanceof Map) shaped.set(name, Object.fromEntries(value))
  return Object.fromEntries(shaped)
}

/** `createdAt[gte]` is the key `gte` of `createdAt`; `ids[]` has the key `''`. */
function bracketed(name: string): { base: string; key: string | null } {
  const open = name.indexOf('[')
  if (open <= 0 || !name.endsWith(']')) return { base: name, key: null }
  return { base: name.slice(0, open), key: name.slice(open + 1, -1) }
}

function addKey(shaped: Map<string, unknown>, at: { base: string; key: string; value: string }) {
  const held = shaped.get(at.base) ?? new Map<string, string>()
  // The name was also sent without brackets.
  if (!(held instanceof Map))
    throw badInput(inQuery(at.base), `query: ${at.base} is sent with and without brackets`)
  const map: Map<string, string> = held
  if (map.has(at.key))
    throw badInput(
      inQuery(at.base).at(at.key),
      `query: ${at.base}[${at.key}] is sent more than once`,
    )
  map.set(at.key, at.value)
  shaped.set(at.base, map)
}

/** A value that is itself valid is one item, even if it contains a comma. */
function split({ items }: Shape, value: string): string[] {
  const isLegal =
    items?.enum?.includes(value) ??
    (items?.pattern === undefined ? false : new RegExp(items.pattern, 'u').test(value))
  return isLegal ? [value] : value.split(',')
}

function scalar({ types }: Shape, value: string): unknown {
  if (types.includes('integer') && /^-?\d{1,15}$/.test(value)) return Number(value)
  if (types.includes('number') && /^-?\d{1,15}(\.\d{1,15})?$/.test(value)) return Number(value)
  if (types.includes('boolean') && (value === 'true' || value === 'false')) return value === 'true'
  return value
}
