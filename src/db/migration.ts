/** One file of SQL that changes the schema. Numbers run from 1 without a gap. */
export type Migration = {
  number: number
  name: string
  sql: string
  checksum: string
  /** Whether servers of the previous version cannot use the changed schema. */
  breaking: boolean
}

/** The schema must not be migrated, or cannot be now. The message says what to do. */
export class MigrationError extends Error {
  override readonly name: string = 'MigrationError'
}
