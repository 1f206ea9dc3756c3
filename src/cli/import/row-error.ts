import { CommandError } from '../command.ts'

/** A row of a file, with the line on which it begins. Lines count from 1. */
export type FileRow = { line: number; value: Readonly<Record<string, unknown>> }

/** A row cannot be imported. The message contains its line. */
export class RowError extends CommandError {
  readonly line: number
  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`)
    this.line = line
  }
}

/** The maximum length of a row, in bytes. It is about the limit of a request. */
export const ROW_LIMIT = 1_000_000
export const TOO_LONG = `a row of more than ${ROW_LIMIT} bytes, or one whose end is missing`
