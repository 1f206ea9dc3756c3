import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { boundToSql } from '../kernel/period.ts'
import { type Quantity, quantityToSql } from '../kernel/quantity.ts'
import { snakeCase } from './decode.ts'
import type { Sql } from './sql.ts'
import { type Node, newNode, step } from './tree.ts'

/** The SQL types that a column of `rows` may have, with the types of their values. */
type Values = {
  uuid: Uuid
  text: string
  integer: number
  bigint: number | bigint
  boolean: boolean
  numeric: Quantity
  /** The ends of `LIFETIME` are `-infinity` and `infinity`. */
  timestamptz: Instant
  /** Text of JSON. */
  jsonb: string
  'uuid[]': readonly Uuid[]
  'integer[]': readonly number[]
  'numeric[]': readonly Quantity[]
  'timestamptz[]': readonly Instant[]
  'text[]': readonly (string | null)[]
}
type Type = keyof Values

/** The SQL type of a column, and a function that returns its value for an item. */
export type RowColumn<T, K extends Type = Type> = {
  [P in K]: readonly [type: P, of: (item: T) => Values[P] | null]
}[K]

/** Columns by their names in SQL. */
export type RowColumns<T> = Readonly<Record<string, RowColumn<T>>>

/** The SQL types that a column with values of a type may have. */
type TypeFor<V> = { [P in Type]: [V] extends [Values[P] | null] ? P : never }[Type]

/**
 * Returns columns that are fields of the items. As in `row`, the field `customerKey` is the column
 * `customer_key`. Make them once, outside of functions.
 */
export function columnsOf<T>(types: { readonly [F in keyof T]?: TypeFor<T[F]> }): RowColumns<T> {
  const entries = Object.entries(types) as [keyof T & string, Type][]
  return Object.fromEntries(
    entries.map(([field, type]) => [snakeCase(field), [type, (item: T) => item[field]]]),
  ) as RowColumns<T>
}

/** Returns a subquery whose rows are the items. Each column is one parameter. */
export const rows = <T>(items: readonly T[], columns: RowColumns<T>): Sql =>
  relation(items, columns, PLAIN)

/**
 * Like `rows`, but hides the number of items from the planner. The generic plan then seems as cheap
 * as a custom plan, so PostgreSQL caches it. Use this for statements that take longer to plan than
 * to run.
 */
export const rowsOfAnyNumber = <T>(items: readonly T[], columns: RowColumns<T>): Sql =>
  relation(items, columns, HIDDEN)

/** Like `rows`, with an additional column `position`, which counts the items from 1. */
export const numberedRows = <T>(items: readonly T[], columns: RowColumns<T>): Sql =>
  relation(items, columns, NUMBERED)

function relation<T>(items: readonly T[], columns: RowColumns<T>, kind: Pieces): Sql {
  const values: string[] = []
  let pieces = kind
  for (const name in columns) {
    const column = columns[name]
    if (column === undefined) continue
    values.push(parameter(items, column))
    pieces = step(step(pieces, name), column[0])
  }
  pieces.value ??= textOf(columns, kind)
  return { text: pieces.value, values }
}

/**
 * A tree that finds the text for a list of columns. The text is made once for each list, as one
 * array. It must be the same array each time, because `rendered` recognizes statements by the
 * identity of their pieces.
 */
type Pieces = Node<string, readonly string[]>

const PLAIN: Pieces = newNode()
const HIDDEN: Pieces = newNode()
const NUMBERED: Pieces = newNode()

function textOf(columns: RowColumns<never>, kind: Pieces): string[] {
  const entries = Object.entries(columns)
  const names = entries.map(([name]) => name).join(', ')
  const selected = entries.map(([name, [type]]) => selection(name, type)).join(', ')
  const [begin, end] = kind === HIDDEN ? ['(select ', ')'] : ['', '']
  const last =
    kind === NUMBERED ? `) with ordinality as item (${names}, position))` : `) as item (${names}))`
  const casts = entries.map(([, [type]]) => `::${isPlain(type) ? type : 'text'}[]${end}`)
  return [
    `(select ${selected}${kind === NUMBERED ? ', position' : ''} from unnest(${begin}`,
    ...casts.slice(0, -1).map((cast) => `${cast}, ${begin}`),
    `${casts.at(-1)}${last}`,
  ]
}

const isPlain = (type: Type): boolean => type !== 'jsonb' && !type.endsWith('[]')

/** `unnest` flattens arrays of arrays, so the inner arrays are sent as text and cast here. */
function selection(name: string, type: Type): string {
  if (isPlain(type)) return name
  const cast =
    type === 'text[]'
      ? `case when ${name} is not null then array(select json_array_elements_text(${name}::json)) end`
      : `${name}::${type}`
  return `${cast} as ${name}`
}

const parameter = <T, K extends Type>(items: readonly T[], [type, of]: RowColumn<T, K>): string => {
  const element: (value: Values[K]) => string = ELEMENTS[type]
  return arrayOf(items, (item) => {
    const value = of(item)
    return value === null ? 'NULL' : element(value)
  })
}

const arrayOf = <T>(items: readonly T[], element: (item: T) => string): string => {
  let text = ''
  for (const item of items) text += text === '' ? element(item) : `,${element(item)}`
  return `{${text}}`
}

const same = (value: string): string => value
const inQuotes = (text: string): string => `"${text}"`

/**
 * Functions that write array elements in PostgreSQL's notation. Most elements need no quoting. If
 * the driver wrote them, it would search each one for characters to escape, which takes a tenth of
 * the time of a large statement.
 */
const ELEMENTS: { [K in Type]: (value: Values[K]) => string } = {
  uuid: same,
  text: (value) => inQuotes(value.replace(/["\\]/g, '\\$&')),
  integer: String,
  bigint: String,
  boolean: String,
  numeric: quantityToSql,
  timestamptz: boundToSql,
  jsonb: quotedJson,
  'uuid[]': (keys) => inQuotes(arrayOf(keys, same)),
  'integer[]': (numbers) => inQuotes(arrayOf(numbers, String)),
  'numeric[]': (quantities) => inQuotes(arrayOf(quantities, quantityToSql)),
  'timestamptz[]': (instants) => inQuotes(arrayOf(instants, instantToWire)),
  'text[]': (texts) => quotedJson(JSON.stringify(texts)),
}

/**
 * A JSON string that contains the JSON is also a valid quoted element of an array, because the JSON
 * has no raw control characters. Other ways of quoting take seconds for megabytes of quotation
 * marks, and block the event loop.
 */
function quotedJson(json: string): string {
  return JSON.stringify(json)
}
