/** One file of the schema's history. Numbers run from 1 without a gap. */
export type Migration = {
  number: number
  name: string
  sql: string
  checksum: string
  /** A server of the version before cannot work on what it has changed. */
  breaking: boolean
}

/** A schema that this version must not touch, or cannot now. The message says what to do. */
export class MigrationError extends Error {
  override readonly name: string = 'MigrationError'
}
