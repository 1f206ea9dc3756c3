import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { boundToSql } from '../kernel/period.ts'
import { type Quantity, quantityToSql } from '../kernel/quantity.ts'
import type { Sql } from './sql.ts'

/** The types that a column of `rows` may have, each with the values that it takes. */
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

/** A column's type, and the value that it has of an item. */
export type RowColumn<T, K extends Type = Type> = {
  [P in K]: readonly [type: P, of: (item: T) => Values[P] | null]
}[K]

/** By their names in SQL. */
export type RowColumns<T> = Readonly<Record<string, RowColumn<T>>>

/**
 * Items as rows of a statement: a subquery with these columns. Each column is one parameter.
 */
export const rows = <T>(items: readonly T[], columns: RowColumns<T>): Sql =>
  relation(items, columns, PLAIN)

/**
 * Items as rows, as by `rows`, of which the planner cannot see how many there are. A plan for any
 * number then looks as cheap as one for these, so PostgreSQL keeps it. For statements that take
 * longer to plan than to run.
 */
export const rowsOfAnyNumber = <T>(items: readonly T[], columns: RowColumns<T>): Sql =>
  relation(items, columns, HIDDEN)

/** As `rows`, with the column `position`: that of the item, from 1. */
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
  pieces.text ??= textOf(columns, kind)
  return { text: pieces.text, values }
}

/**
 * The text is made once for each list of columns. That of one list is one array always: a statement
 * is known by its pieces.
 */
type Pieces = { next: Map<string, Pieces>; text: readonly string[] | null }

const PLAIN: Pieces = { next: new Map(), text: null }
const HIDDEN: Pieces = { next: new Map(), text: null }
const NUMBERED: Pieces = { next: new Map(), text: null }

function step({ next }: Pieces, name: string): Pieces {
  const known = next.get(name)
  if (known !== undefined) return known
  const pieces = { next: new Map(), text: null }
  next.set(name, pieces)
  return pieces
}

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

/** `unnest` takes arrays of arrays apart down to their elements, hence these come as text. */
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
 * The elements in PostgreSQL's notation of arrays. Made here since most need no quoting: the driver
 * would look at each of them for what to escape, which takes a tenth of the time of a large batch.
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
 * As text within JSON, JSON is what PostgreSQL reads as a quoted element, since it has no raw
 * control characters. Other quoting takes seconds, and blocks everybody, for megabytes of quotes.
 */
function quotedJson(json: string): string {
  return JSON.stringify(json)
}
