import { createHash } from 'node:crypto'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import {
  BackupError,
  type BackupHeader,
  type BackupTable,
  checksumLine,
  copyLine,
  damaged,
  ENCODING_LINE,
  END_OF_ROWS,
  headerFromLine,
  noBackup,
} from './format.ts'
import { countRows } from './rows.ts'

export type Visitor = {
  header(header: BackupHeader): void | Promise<void>
  /** Takes the rows of a table, in parts that hold whole rows, to their end. */
  table(table: BackupTable, rows: AsyncIterable<Buffer>): Promise<void>
}

const CHUNK_BYTES = 64 * 1024
/** Of a header or a row. Requests have 1 MB; only a damaged file has longer ones. */
const MAX_LINE_BYTES = 64 * 1024 * 1024
const NEWLINE = 0x0a
const LAST = Buffer.from(`${END_OF_ROWS}\n`)
const BEFORE_LAST = Buffer.from(`\n${END_OF_ROWS}\n`)

/**
 * Reads a backup to its end, in bounded memory. What it shows to the visitor is verified only when
 * it returns: whoever acts on it must be able to undo that. Throws a `BackupError` for a file that
 * is no backup, is not whole, or differs from what was written.
 */
export async function readBackup(file: Readable, visitor: Visitor): Promise<BackupHeader> {
  const plain = createGunzip({ chunkSize: CHUNK_BYTES })
  // Errors of the file arrive at whoever reads `plain`.
  pipeline(file, plain, () => {})
  try {
    const scanner = createScanner(plain)
    const header = headerFromLine(await scanner.line().catch(refuseStart))
    if ((await scanner.line()) !== ENCODING_LINE) throw damaged('its second line is another one')
    await visitor.header(header)
    for (const table of header.tables) await readTable(scanner, table, visitor)
    await scanner.end()
    return header
  } catch (error) {
    throw isUnzipError(error) ? damaged('it is not whole, or was changed') : error
  } finally {
    plain.destroy()
  }
}

function refuseStart(error: unknown): never {
  throw isUnzipError(error) || error instanceof BackupError ? noBackup() : error
}

const isUnzipError = (error: unknown): boolean =>
  String((error as NodeJS.ErrnoException).code).startsWith('Z_')

async function readTable(scanner: Scanner, table: BackupTable, visitor: Visitor): Promise<void> {
  if ((await scanner.line()) !== copyLine(table))
    throw damaged(`the rows of ${table.name} are not where they belong`)
  let count = 0
  async function* counted() {
    for await (const part of scanner.rows()) {
      count += countRows(part)
      yield part
    }
    if (count !== table.rows)
      throw damaged(`it has ${count} rows of ${table.name} instead of ${table.rows}`)
  }
  await visitor.table(table, counted())
}

type Scanner = {
  line(): Promise<string>
  rows(): AsyncGenerator<Buffer>
  /** The last line and the end of the file. */
  end(): Promise<void>
}

/** Everything but the last line goes into the checksum as it is read. */
function createScanner(source: AsyncIterable<Buffer>): Scanner {
  const chunks = source[Symbol.asyncIterator]()
  const hash = createHash('sha256')
  /** Always begins at the start of a line. */
  let rest: Buffer = Buffer.alloc(0)

  /** As much again as there is, so that a long line is not copied for each of its chunks. */
  const more = async () => {
    const parts = [rest]
    let added = 0
    do {
      const { done, value } = await chunks.next()
      if (done && added === 0) throw damaged('it ends too early')
      if (done) break
      parts.push(value)
      added += value.length
      if (rest.length + added > MAX_LINE_BYTES) throw damaged('it has a line without an end')
    } while (added < rest.length)
    rest = Buffer.concat(parts)
  }
  const take = (length: number): Buffer => {
    const taken = rest.subarray(0, length)
    rest = rest.subarray(length)
    return taken
  }
  const takeLine = async (): Promise<Buffer> => {
    while (!rest.includes(NEWLINE)) await more()
    return take(rest.indexOf(NEWLINE) + 1)
  }
  const hashed = (part: Buffer): Buffer => {
    hash.update(part)
    return part
  }
  return {
    line: async () =>
      hashed(await takeLine())
        .toString('utf8')
        .slice(0, -1),
    rows: async function* () {
      for (;;) {
        const end = lastLineIn(rest)
        const whole = end ?? rest.lastIndexOf(NEWLINE) + 1
        if (whole > 0) yield hashed(take(whole))
        if (end !== null) break
        await more()
      }
      hashed(take(LAST.length))
    },
    end: async () => {
      const last = (await takeLine()).toString('utf8').slice(0, -1)
      if (last !== checksumLine(hash.digest('hex'))) throw damaged('its checksum does not fit')
      if (rest.length > 0 || !(await chunks.next()).done) throw damaged('something follows its end')
    },
  }
}

/** Where the line that ends the rows begins, or null. `text` begins at the start of a line. */
function lastLineIn(text: Buffer): number | null {
  if (text.subarray(0, LAST.length).equals(LAST)) return 0
  const at = text.indexOf(BEFORE_LAST)
  return at < 0 ? null : at + 1
}

/** Reads all of it for the sake of its checksum. */
export const verifyBackup = (
  file: Readable,
  progress: { start(total: number): void; rows(count: number): void },
): Promise<BackupHeader> =>
  readBackup(file, {
    header: ({ tables }) => progress.start(tables.reduce((sum, { rows }) => sum + rows, 0)),
    table: async (_, rows) => {
      for await (const part of rows) progress.rows(countRows(part))
    },
  })
