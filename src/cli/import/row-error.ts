import { CommandError } from '../command.ts'

/** What a row of a file says. Lines count from 1; a row ends on the line before the next one's. */
export type FileRow = { line: number; value: Readonly<Record<string, unknown>> }

/** A row that cannot be imported. The message names its line. */
export class RowError extends CommandError {
  readonly line: number
  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`)
    this.line = line
  }
}

/** The longest row of a file, in bytes: about what a request may have. */
export const ROW_LIMIT = 1_000_000
export const TOO_LONG = `a row of more than ${ROW_LIMIT} bytes, or one whose end is missing`
