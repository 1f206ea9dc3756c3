import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { CommandError, UsageError } from '../command.ts'
import { csvRows } from './csv-rows.ts'
import { jsonRows } from './json-rows.ts'
import { type FileRow, RowError } from './row-error.ts'

export const FORMATS = ['csv', 'ndjson'] as const
export type Format = (typeof FORMATS)[number]

const BY_EXTENSION: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.jsonl': 'ndjson',
  '.ndjson': 'ndjson',
}

/** Returns the format for the extension of a file. Throws a `UsageError` if it is unknown. */
export function formatOf(file: string): Format {
  const format = BY_EXTENSION[extname(file).toLowerCase()]
  if (format === undefined)
    throw new UsageError(`say with --format whether ${file} is ${FORMATS.join(' or ')}`)
  return format
}

export type RowFile = {
  readonly sizeBytes: number
  /** Returns how many bytes have been read so far. */
  readBytes(): number
  readonly rows: AsyncIterable<FileRow>
}

/**
 * Opens a file and returns its rows from `fromLine` on. Few of them are in memory at a time. Throws
 * a `CommandError` if the file cannot be read.
 */
export async function openRows(
  { name, cwd }: { name: string; cwd: string },
  format: Format,
  fromLine: number,
): Promise<RowFile> {
  const file = resolve(cwd, name)
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${name} cannot be read: ${error.code ?? error.message}`)
  })
  if (!found.isFile()) throw new CommandError(`${name} is not a file`)
  await refuseUtf16(file)
  const input = createReadStream(file)
  const rows = format === 'csv' ? csvRows(input) : jsonRows(input)
  return {
    sizeBytes: found.size,
    readBytes: () => input.bytesRead,
    rows: beginningOn(fromLine, rows),
  }
}

/**
 * Refuses UTF-16, which spreadsheets save as "Unicode text". It begins with a byte order mark, or
 * every second byte of the first characters is NUL.
 */
async function refuseUtf16(file: string): Promise<void> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    const start = buffer.subarray(0, bytesRead).toString('hex')
    if (start === 'fffe' || start === 'feff' || /^00|^..00$/.test(start))
      throw new RowError(1, 'the file is not UTF-8 but UTF-16: save it as UTF-8')
  } finally {
    await handle.close()
  }
}

async function* beginningOn(
  fromLine: number,
  rows: AsyncIterable<FileRow>,
): AsyncGenerator<FileRow> {
  for await (const row of rows) if (row.line >= fromLine) yield row
}
