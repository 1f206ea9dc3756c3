import pg from 'pg'
import type { RawRow } from './decode.ts'

/** The rows that a statement returned, as text, and how many it returned or changed. */
export type StatementResult = {
  readonly rows: RawRow[]
  readonly rowCount: number
  /** What PostgreSQL did, such as `COMMIT`. */
  readonly command: string
}

/** A statement as it is sent. Without a name, it is sent as it is, and has no values. */
export type SentStatement = {
  readonly name?: string
  readonly text: string
  readonly values?: readonly unknown[]
}

/**
 * The columns of prepared statements, by the names of these. Rows with the same texts as names have
 * the same shape, and are read faster. Their number is that of the statements in the sources.
 */
const columnsByName = new Map<string, readonly string[]>()

/**
 * One statement on its way. It replaces the query of the driver, which makes descriptions of all
 * columns, and objects that are slow to read, for each result: a fifth of the processor time that a
 * small statement takes. The driver calls the methods as the response arrives.
 */
export class StatementQuery extends pg.Query {
  readonly name: string | undefined
  readonly text: string
  readonly values: readonly unknown[] | undefined
  /** Called once: with an error, or with null and the result. */
  callback: (error: Error | null, result?: StatementResult) => void
  /** Rejects with the error of the driver or of PostgreSQL. */
  readonly result: Promise<StatementResult>
  private readonly found: RawRow[] = []
  private columns: readonly string[] = []
  private tag = ''

  constructor({ name, text, values }: SentStatement) {
    // The driver would copy an object, which takes longer than to send a statement.
    super('')
    this.name = name
    this.text = text
    this.values = values
    const { promise, resolve, reject } = Promise.withResolvers<StatementResult>()
    this.result = promise
    this.callback = (error, result) => (result === undefined ? reject(error) : resolve(result))
  }

  handleRowDescription({ fields }: { fields: readonly { name: string }[] }): void {
    const known = columnsByName.get(this.name ?? '')
    const isSame =
      known?.length === fields.length && fields.every(({ name }, index) => name === known[index])
    this.columns = isSame ? known : fields.map(({ name }) => name)
    if (this.name !== undefined) columnsByName.set(this.name, this.columns)
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const { columns } = this
    const row: Record<string, string | null> = {}
    for (let index = 0; index < columns.length; index += 1)
      row[columns[index] as string] = fields[index] as string | null
    this.found.push(row)
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.tag = text
  }

  handleReadyForQuery(): void {
    const [command = '', ...rest] = this.tag.split(' ')
    // Some tags end with a word, as in `CREATE TABLE`.
    this.callback(null, { rows: this.found, rowCount: Number(rest.at(-1)) || 0, command })
  }
}
