import type { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { type FileRow, ROW_LIMIT, RowError, TOO_LONG } from './row-error.ts'

/** Columns that a file must have. An empty cell clears the stored value. */
const REQUIRED = ['id', 'email', 'name']
/** Columns that a file may have. An empty cell leaves the stored value unchanged. */
const OPTIONAL = ['billingId', 'paymentMethodId', 'salesforceId', 'updatedAt']
const METADATA = 'metadata.'

/**
 * Yields the rows of a CSV file (RFC 4180, UTF-8, with or without a byte order mark). Its first
 * line contains the names of the columns. Ignores empty lines, lines that contain only commas, and
 * blanks around cells. Throws a `RowError` at the first invalid row.
 */
export async function* csvRows(input: Readable): AsyncGenerator<FileRow> {
  let columns: readonly string[] | null = null
  for await (const { line, cells } of recordsOf(input)) {
    if (columns === null) columns = checkedColumns(cells, line)
    else yield { line, value: rowOf(columns, cells) }
  }
  if (columns === null) throw new RowError(1, 'the first line must name the columns')
}

type CsvRecord = { line: number; cells: readonly string[] }

/** Yields records with the lines on which they begin. Throws after the records before an error. */
async function* recordsOf(input: Readable): AsyncGenerator<CsvRecord> {
  const lines = createLineCount()
  const found: CsvRecord[] = []
  const parser = parse({
    bom: true,
    trim: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: ROW_LIMIT,
    // As a stream, the parser would drop the records that are buffered when it fails.
    on_record: (cells: string[], context) => {
      found.push({ line: lines.firstOf(cells, context.lines), cells })
      return null
    },
  })
  const failures: Error[] = []
  parser.on('error', (error) => failures.push(error))
  for await (const chunk of input) {
    await new Promise((resolve) => parser.write(chunk, resolve))
    yield* found.splice(0)
    if (failures[0] !== undefined) throw rowErrorOf(failures[0], lines)
  }
  await new Promise((resolve) => parser.end(resolve))
  yield* found
  if (failures[0] !== undefined) throw rowErrorOf(failures[0], lines)
}

type LineCount = ReturnType<typeof createLineCount>

/**
 * Counts lines like an editor. The parser counts up to the end of a record, and counts a CR LF
 * within quotes as two lines.
 */
function createLineCount() {
  let doubled = 0
  let last = 0
  return {
    /** Returns the line on which a record begins. `counted` is the parser's count. */
    firstOf: (cells: readonly string[], counted: number): number => {
      const breaks = cells.flatMap((cell) => cell.match(/\r\n|\n|\r/g) ?? [])
      doubled += breaks.filter((each) => each.length === 2).length
      last = counted - doubled
      return last - breaks.length
    },
    /** Returns the line for the parser's count. */
    lineOf: (counted: number): number => counted - doubled,
    /** Returns the line below the last record. */
    next: (): number => last + 1,
  }
}

function checkedColumns(names: readonly string[], line: number): readonly string[] {
  const known = [...REQUIRED, ...OPTIONAL]
  names.forEach((name, index) => {
    if (names.indexOf(name) < index) throw new RowError(line, `the column ${name} appears twice`)
    const isMetadata = name.startsWith(METADATA) && name !== METADATA
    if (!isMetadata && !known.includes(name))
      throw new RowError(
        line,
        `"${name}" is not a column; the columns are ${known.join(', ')} and ${METADATA}<key>`,
      )
  })
  const missing = REQUIRED.filter((name) => !names.includes(name))
  if (missing.length > 0) throw new RowError(line, `the column ${missing.join(', ')} is missing`)
  return names
}

function rowOf(columns: readonly string[], cells: readonly string[]): FileRow['value'] {
  const entries = columns.map((name, index) => [name, cells[index] ?? ''] as const)
  const metadata = entries
    .filter(([name, cell]) => name.startsWith(METADATA) && cell !== '')
    .map(([name, cell]) => [name.slice(METADATA.length), cell])
  const required = entries
    .filter(([name]) => REQUIRED.includes(name))
    .map(([name, cell]) => [name, cell === '' ? null : cell])
  const optional = entries.filter(([name, cell]) => OPTIONAL.includes(name) && cell !== '')
  return {
    ...Object.fromEntries([...required, ...optional]),
    ...(metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata) }),
  }
}

/** Replaces the parser's messages, which are about its internals. */
function rowErrorOf(error: Error, lines: LineCount): RowError {
  const { code, lines: counted } = error as Error & { code?: string; lines?: number }
  const line = counted === undefined ? lines.next() : lines.lineOf(counted)
  switch (code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return new RowError(line, 'the row has more or fewer cells than there are columns')
    case 'CSV_QUOTE_NOT_CLOSED':
      return new RowError(lines.next(), 'a quote that is opened here, or below, is never closed')
    case 'INVALID_OPENING_QUOTE':
      return new RowError(
        line,
        'a quote inside a cell: put the cell in quotes, and write this quote twice',
      )
    case 'CSV_INVALID_CLOSING_QUOTE':
      return new RowError(
        line,
        'text after the closing quote of a cell: write quotes inside a cell twice',
      )
    case 'CSV_MAX_RECORD_SIZE':
      return new RowError(lines.next(), TOO_LONG)
    default:
      return new RowError(line, error.message)
  }
}
