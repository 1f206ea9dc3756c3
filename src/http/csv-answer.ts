import { stringify } from 'csv-stringify/sync'
import Negotiator from 'negotiator'
import type { Csv } from '../operation.ts'
import { JSON_TYPE } from './content-types.ts'

export const CSV_TYPE = 'text/csv; charset=utf-8; header=present'

/** What begins so is a formula to a spreadsheet, which would run it. */
const FORMULA = /^[=+\-@\t\r]/

/** Returns whether a request prefers CSV to JSON. Without a preference it is JSON. */
export const prefersCsv = (headers: Readonly<Record<string, string | string[] | undefined>>) =>
  new Negotiator({ headers }).mediaType([JSON_TYPE, 'text/csv']) === 'text/csv'

/**
 * Returns the text of a table, with its columns in the first row and CRLF after each row. Texts
 * that begin like a formula get an apostrophe in front, unless the table is raw. Numbers never do.
 */
export const csvText = ({ columns, rows, isRaw }: Csv): string =>
  stringify([[...columns], ...rows.map((row) => row.map((cell) => cellOf(cell, isRaw)))], {
    record_delimiter: 'windows',
  })

const cellOf = (cell: string | number | null, isRaw: boolean): string | number | null =>
  typeof cell === 'string' && !isRaw && FORMULA.test(cell) ? `'${cell}` : cell
