import type { Readable } from 'node:stream'
import { type FileRow, ROW_LIMIT, RowError, TOO_LONG } from './row-error.ts'

/**
 * Yields the rows of a file with one JSON object on each line (NDJSON). The file is read in chunks,
 * so it may be larger than the memory. Throws a `RowError` at the first invalid row.
 */
export async function* jsonRows(input: Readable): AsyncGenerator<FileRow> {
  let line = 1
  let isEmpty = true
  for await (const text of linesOf(input)) {
    const row = rowOf(line === 1 ? text.replace(BYTE_ORDER_MARK, '') : text, line)
    if (row !== null) yield row
    isEmpty &&= row === null
    line += 1
  }
  if (isEmpty) throw new RowError(1, FORM)
}

const BYTE_ORDER_MARK = /^\ufeff/
const FORM = 'the file must have one JSON object on each line'
/** More than a valid row needs, and few enough for `JSON.stringify`. */
const DEPTH_LIMIT = 32

async function* linesOf(input: Readable): AsyncGenerator<string> {
  let rest = ''
  let line = 1
  for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>) {
    const [first = '', ...others] = chunk.split('\n')
    rest += first
    for (const next of others) {
      yield rest
      rest = next
      line += 1
    }
    if (rest.length > ROW_LIMIT) throw new RowError(line, TOO_LONG)
  }
  yield rest
}

/** Returns null for a blank line. */
function rowOf(text: string, line: number): FileRow | null {
  const trimmed = text.trim()
  if (trimmed === '') return null
  if (!trimmed.startsWith('{')) throw new RowError(line, FORM)
  const value = parsed(trimmed, line)
  if (isDeeper(value, DEPTH_LIMIT)) throw new RowError(line, 'the row is nested too deeply')
  return { line, value }
}

function parsed(text: string, line: number): FileRow['value'] {
  try {
    return JSON.parse(text) as FileRow['value']
  } catch (error) {
    throw new RowError(line, `not valid JSON: ${(error as Error).message}`)
  }
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1)))
