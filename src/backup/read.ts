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
  /** Must read all rows of the table. Each part consists of complete rows. */
  table(table: BackupTable, rows: AsyncIterable<Buffer>): Promise<void>
}

const CHUNK_BYTES = 64 * 1024
/**
 * The maximum length of a header or row. Objects have at most 1 MB, so only damaged files have
 * longer ones.
 */
const MAX_LINE_BYTES = 64 * 1024 * 1024
const NEWLINE = 0x0a
const LAST = Buffer.from(`${END_OF_ROWS}\n`)
const BEFORE_LAST = Buffer.from(`\n${END_OF_ROWS}\n`)

/**
 * Reads a whole backup in bounded memory and returns its header. Only when it returns is the
 * content verified, so the visitor must be able to undo what it did with the content. Throws a
 * `BackupError` if the file is not a backup, is incomplete, or was changed.
 */
export async function readBackup(file: Readable, visitor: Visitor): Promise<BackupHeader> {
  const plain = createGunzip({ chunkSize: CHUNK_BYTES })
  // Errors of the file are passed on to `plain`.
  pipeline(file, plain, () => {})
  try {
    const scanner = createScanner(plain)
    const header = headerFromLine(await scanner.line().catch(refuseStart))
    if ((await scanner.line()) !== ENCODING_LINE) throw damaged('its second line was changed')
    await visitor.header(header)
    for (const table of header.tables) await readTable(scanner, table, visitor)
    await scanner.end()
    return header
  } catch (error) {
    throw isUnzipError(error) ? damaged('it is incomplete or was changed') : error
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
  /** Checks the last line and that nothing follows it. */
  end(): Promise<void>
}

/** Everything that is read, except the last line, is added to the checksum. */
function createScanner(source: AsyncIterable<Buffer>): Scanner {
  const chunks = source[Symbol.asyncIterator]()
  const hash = createHash('sha256')
  /** What has been read from the source but not used yet. It begins at the start of a line. */
  let rest: Buffer = Buffer.alloc(0)

  /** Doubles `rest`, so that a long line is not copied for each of its chunks. */
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

/**
 * Returns the index at which the line that ends the rows begins, or null. `text` must begin at the
 * start of a line.
 */
function lastLineIn(text: Buffer): number | null {
  if (text.subarray(0, LAST.length).equals(LAST)) return 0
  const at = text.indexOf(BEFORE_LAST)
  return at < 0 ? null : at + 1
}

/** Reads a whole backup and checks it. Returns its header. Throws like `readBackup`. */
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
