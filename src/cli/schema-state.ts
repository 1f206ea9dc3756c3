import type { Connection, Reader } from '../db/index.ts'
import { column, openDatabase, readMigrations, row, sql } from '../db/index.ts'
import { MIGRATIONS } from '../main.ts'

/** The migrations of a database compared with those of this version. File names, in order. */
export type SchemaState = {
  applied: string[]
  pending: string[]
  /** Applied by a newer version. */
  newer: string[]
  /** Applied, but the file has changed since. */
  changed: string[]
}

const appliedRow = row({ number: column.integer, name: column.text, checksum: column.text })
const existsRow = row({ there: column.boolean })

/** Compares the migrations. Changes nothing. */
export async function readSchemaState(reader: Reader): Promise<SchemaState> {
  const known = await readMigrations(MIGRATIONS)
  const { there } = await reader.one(
    existsRow,
    sql`select to_regclass('schema_migrations') is not null as there`,
  )
  const applied = there
    ? await reader.many(
        appliedRow,
        sql`select number, name, checksum from schema_migrations order by number`,
      )
    : []
  const byNumber = new Map(applied.map((each) => [each.number, each]))
  return {
    applied: applied.map(({ name }) => name),
    pending: known.filter(({ number }) => !byNumber.has(number)).map(({ name }) => name),
    newer: applied.filter(({ number }) => number > known.length).map(({ name }) => name),
    changed: known
      .filter(({ number, checksum }) => (byNumber.get(number)?.checksum ?? checksum) !== checksum)
      .map(({ name }) => name),
  }
}

/** Runs `work` with a reader on a new connection. Does not migrate. */
export async function withReader<T>(
  connection: Connection,
  work: (reader: Reader) => Promise<T>,
): Promise<T> {
  const db = openDatabase({ connection, poolSize: 1, onlyReads: true, onIdleError: () => {} })
  try {
    return await work(db.read)
  } finally {
    await db.close()
  }
}
