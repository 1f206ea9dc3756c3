/** A value that may be sent as a parameter. The statement casts it in place (`${ids}::text[]`). */
export type SqlValue = string | number | boolean | null | Buffer | readonly SqlValue[]

/** A statement with its parameters, or a part of one. Made only by the `sql` tag. */
export type Sql = { readonly text: readonly string[]; readonly values: readonly SqlValue[] }

const isSql = (value: SqlValue | Sql): value is Sql =>
  typeof value === 'object' && value !== null && 'text' in value

/**
 * Builds a statement: interpolated values become parameters, interpolated statements are spliced
 * in. There is no way to splice text, so that input can never become SQL.
 */
export function sql(strings: TemplateStringsArray, ...parts: (SqlValue | Sql)[]): Sql {
  const text: string[] = [strings[0] ?? '']
  const values: SqlValue[] = []
  const append = (piece: string) => {
    text.push((text.pop() ?? '') + piece)
  }
  parts.forEach((part, index) => {
    if (isSql(part)) {
      append(part.text[0] ?? '')
      text.push(...part.text.slice(1))
      values.push(...part.values)
    } else {
      values.push(part)
      text.push('')
    }
    append(strings[index + 1] ?? '')
  })
  return { text, values }
}

/** Nothing, for a part that a statement does without. */
export const nothing: Sql = sql``

/** An instant within JSON, where it is a number: milliseconds since 1970. */
export const milliseconds = (at: Sql): Sql => sql`(extract(epoch from ${at}) * 1000)::bigint`

/** The statement's text with numbered parameters. */
export const numbered = (statement: Sql): string =>
  statement.text.reduce((text, piece, index) => `${text}$${index}${piece}`)
