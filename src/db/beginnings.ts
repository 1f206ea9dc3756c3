import type { Scope } from '../kernel/scope.ts'
import { boolean, type DecodeRow, nullable, row, text, uuid } from './decode.ts'
import { rowReader } from './row-reader.ts'
import { type Sql, sql } from './sql.ts'

/** Texts are indexed up to this many characters. */
export const BEGINNING_LENGTH = 100

/** The last character that there is: no text with a beginning comes after beginning and this. */
const LAST = '\u{10FFFF}'

/** What is sought: a folded text of at most `BEGINNING_LENGTH` characters, and how many rows. */
export type SearchText = { readonly text: string; readonly limit: number }

/**
 * The folded name of a row, with `folded` and `name` as its columns. Names that an older version
 * wrote are not folded yet.
 */
const foldedName = (folded: Sql, name: Sql): Sql =>
  sql`(coalesce(${folded}, lower(${name} collate "C")) collate "C")`

/** The texts of a row, each indexed: its id, and its name from the first, second and third word. */
export const textsOf = (id: Sql, folded: Sql, name: Sql): Sql[] => {
  const whole = foldedName(folded, name)
  return [
    sql`lower(${id})`,
    sql`left(${whole}, 100)`,
    sql`left(substring(${whole} from '^[^ ]+ +(.+)$'), 100)`,
    sql`left(substring(${whole} from '^[^ ]+ +[^ ]+ +(.+)$'), 100)`,
  ]
}

/** The texts of a row whose columns have the usual names. */
export const NAME_TEXTS = textsOf(sql`id`, sql`folded_name`, sql`display_name`)

/** The indexed text of an e-mail address. */
export const textOfEmail = (email: Sql): Sql => sql`left(lower(${email} collate "C"), 100)`

/** What every row that is found has; `key` and `is_archived` are computed. */
export const candidateColumns = {
  key: uuid,
  id: text,
  displayName: nullable(text),
  isArchived: boolean,
}
const candidateRow = row(candidateColumns)

/** Rows that can be sought by their texts, in a table with the column `environment_key`. */
type Index<T> = {
  row: DecodeRow<T>
  columns: Sql
  table: Sql
  texts: readonly Sql[]
  /** Makes the rows of `row` out of those of the table. Default: they are the same. */
  completed?: (found: Sql) => Sql
}

/**
 * Returns a function that returns the rows of an environment one of whose texts has a beginning,
 * for each text the first `limit` in its order. A row with several such texts comes several times.
 */
export const searchReader = <T>({ row, completed = (found) => found, ...index }: Index<T>) =>
  rowReader(row, (scope: Scope, sought: SearchText) =>
    completed(rowsBeginning(scope, index, sought)),
  )

/** As `searchReader`, for objects in a table whose columns have the usual names. */
export const nameReader = (index: Pick<Index<unknown>, 'columns' | 'table'>) =>
  searchReader({ ...index, row: candidateRow, texts: NAME_TEXTS })

function rowsBeginning(
  { environmentKey }: Scope,
  { columns, table, texts }: Omit<Index<unknown>, 'row'>,
  { text, limit }: SearchText,
): Sql {
  const parts = texts.map(
    (each) => sql`(
      select ${columns} from ${table}
      where environment_key = ${environmentKey}::uuid and ${each} is not null
        and ${each} >= ${text}::text and ${each} < ${text + LAST}::text
      order by ${each} limit ${limit}::integer)`,
  )
  return parts.reduce((all, part) => sql`${all} union all ${part}`)
}
