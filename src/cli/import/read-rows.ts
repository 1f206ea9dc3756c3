import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { CommandError, UsageError } from '../command.ts'
import { csvRows } from './csv-rows.ts'
import { jsonRows } from './json-rows.ts'
import type { FileRow } from './row-error.ts'

export const FORMATS = ['csv', 'json'] as const
export type Format = (typeof FORMATS)[number]

const BY_EXTENSION: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.json': 'json',
  '.jsonl': 'json',
  '.ndjson': 'json',
}

/** The format that a file's name tells. */
export function formatOf(file: string): Format {
  const format = BY_EXTENSION[extname(file).toLowerCase()]
  if (format === undefined)
    throw new UsageError(`say by --format whether ${file} is ${FORMATS.join(' or ')}`)
  return format
}

export type RowFile = {
  readonly sizeBytes: number
  /** How much of it has been read so far. */
  readBytes(): number
  readonly rows: AsyncIterable<FileRow>
}

/** The rows of a file that begin on `fromLine` or below. Few of them are in memory at a time. */
export async function openRows(file: string, format: Format, fromLine: number): Promise<RowFile> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${file} cannot be read: ${error.code ?? error.message}`)
  })
  if (!found.isFile()) throw new CommandError(`${file} is no file`)
  const input = createReadStream(file)
  const rows = format === 'csv' ? csvRows(input) : jsonRows(input)
  return {
    sizeBytes: found.size,
    readBytes: () => input.bytesRead,
    rows: beginningOn(fromLine, rows),
  }
}

async function* beginningOn(
  fromLine: number,
  rows: AsyncIterable<FileRow>,
): AsyncGenerator<FileRow> {
  for await (const row of rows) if (row.line >= fromLine) yield row
}
