/** A value that may be sent as a parameter. The statement casts it in place (`${ids}::text[]`). */
export type SqlValue = string | number | boolean | null | Buffer | readonly SqlValue[]

/**
 * A statement, or a part of one: pieces of text, and between them values and other parts. Made only
 * by the `sql` tag.
 */
export type Sql = { readonly text: readonly string[]; readonly values: readonly (SqlValue | Sql)[] }

const isSql = (value: SqlValue | Sql): value is Sql =>
  typeof value === 'object' && value !== null && 'text' in value

/**
 * Builds a statement: interpolated values become parameters, interpolated statements are spliced
 * in. There is no way to splice text, so that input can never become SQL.
 */
export const sql = (text: TemplateStringsArray, ...values: (SqlValue | Sql)[]): Sql => ({
  text,
  values,
})

/** Nothing, for a part that a statement does without. */
export const nothing: Sql = sql``

/** An instant within JSON, where it is a number: milliseconds since 1970. */
export const milliseconds = (at: Sql): Sql => sql`(extract(epoch from ${at}) * 1000)::bigint`

/** A statement as it is sent. Those of one text have one name. */
export type Statement = {
  readonly name: string
  readonly text: string
  readonly values: readonly SqlValue[]
}

/**
 * Numbers the parameters of a statement. The text is put together once for each way in which parts
 * are put into each other: for a long statement that took as long as all else that a read does.
 */
export function rendered(statement: Sql): Statement {
  const values: SqlValue[] = []
  const shape = shapeOf(ROOT, statement, values)
  shape.known ??= named(textOf(statement, { parameters: 0 }))
  return { ...shape.known, values }
}

/**
 * Where a walk through a statement has come to. Pieces of text are told apart by their identity,
 * which is that of the place in the sources where they stand: their number is bounded.
 */
type Shape = { next: Map<object, Shape>; known: Omit<Statement, 'values'> | null }

const ROOT: Shape = { next: new Map(), known: null }
const A_VALUE = {}

function shapeOf(from: Shape, { text, values: parts }: Sql, values: SqlValue[]): Shape {
  let shape = stepTo(from, text)
  for (const part of parts) {
    if (isSql(part)) shape = shapeOf(shape, part, values)
    else {
      values.push(part)
      shape = stepTo(shape, A_VALUE)
    }
  }
  return shape
}

function stepTo({ next }: Shape, what: object): Shape {
  const known = next.get(what)
  if (known !== undefined) return known
  const shape = { next: new Map(), known: null }
  next.set(what, shape)
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

/** Names of statements on the server, by text: different shapes may come to the same one. */
const names = new Map<string, string>()

function named(text: string): Omit<Statement, 'values'> {
  const name = names.get(text) ?? `bursar_${names.size}`
  names.set(text, name)
  return { name, text }
}
