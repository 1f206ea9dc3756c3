import { type Node, newNode, step } from './tree.ts'

/** A value that can be sent as a parameter. The statement casts it, as in `${ids}::text[]`. */
export type SqlValue = string | number | boolean | null | Buffer | readonly SqlValue[]

/**
 * A statement or a part of one: pieces of text with values and other parts between them. Only the
 * `sql` tag and `rows` make one.
 */
export type Sql = { readonly text: readonly string[]; readonly values: readonly (SqlValue | Sql)[] }

const isSql = (value: SqlValue | Sql): value is Sql =>
  typeof value === 'object' && value !== null && 'text' in value

/**
 * Returns a statement. Interpolated values become parameters, interpolated statements are inserted.
 * Text cannot be inserted, so input can never become SQL.
 */
export const sql = (text: TemplateStringsArray, ...values: (SqlValue | Sql)[]): Sql => ({
  text,
  values,
})

/** An empty part of a statement. */
export const nothing: Sql = sql``

/** Returns an SQL expression for an instant as it is in JSON: the milliseconds since 1970. */
export const milliseconds = (at: Sql): Sql => sql`(extract(epoch from ${at}) * 1000)::bigint`

/** A statement as it is sent. Statements with the same text have the same name. */
export type Statement = {
  readonly name: string
  readonly text: string
  readonly values: readonly SqlValue[]
}

/**
 * Returns the text of a statement, with numbered parameters. The text is cached by the shape of the
 * statement, because composing a long text would take as long as the rest of a read.
 */
export function rendered(statement: Sql): Statement {
  const values: SqlValue[] = []
  const shape = shapeOf(ROOT, statement, values)
  shape.value ??= named(textOf(statement, { parameters: 0 }))
  return { ...shape.value, values }
}

/**
 * A node of a tree in which the pieces of a statement are the path to its text. Pieces are compared
 * by identity. Each template literal in the sources has one array of pieces, so their number is
 * bounded.
 */
type Shape = Node<object, Omit<Statement, 'values'>>

const ROOT: Shape = newNode()
const A_VALUE = {}

function shapeOf(from: Shape, { text, values: parts }: Sql, values: SqlValue[]): Shape {
  let shape = step(from, text)
  for (const part of parts) {
    if (isSql(part)) shape = shapeOf(shape, part, values)
    else {
      values.push(part)
      shape = step(shape, A_VALUE)
    }
  }
  return shape
}

function textOf({ text, values }: Sql, count: { parameters: number }): string {
  const pieces = values.map((part, index) => {
    if (isSql(part)) return `${textOf(part, count)}${text[index + 1]}`
    count.parameters += 1
    return `$${count.parameters}${text[index + 1]}`
  })
  return `${text[0]}${pieces.join('')}`
}

/** Names of prepared statements by their text. Different shapes may have the same text. */
const names = new Map<string, string>()

function named(text: string): Omit<Statement, 'values'> {
  const name = names.get(text) ?? `bursar_${names.size}`
  names.set(text, name)
  return { name, text }
}
