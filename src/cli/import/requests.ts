import { type FileRow, ROW_LIMIT, RowError, TOO_LONG } from './row-error.ts'

/** The limit of the API document. */
const ROWS = 1000
/** The limit for the rows of a request, in bytes. The server accepts bodies of 1,048,576 bytes. */
const BYTES = 1_000_000
/** Node replaces bytes that are not valid UTF-8 by this character. */
const REPLACEMENT = '\ufffd'

/**
 * Groups rows into requests of at most `ROWS` rows and `BYTES` bytes. The server refuses requests
 * with duplicate ids, so a row whose id is already in the request goes into the next one, and wins.
 * If `rows` throws, the rows before the error are yielded first.
 */
export async function* requestsOf(
  rows: AsyncIterable<FileRow>,
): AsyncGenerator<readonly FileRow[]> {
  let filling = emptyRequest()
  let failure: { error: unknown } | null = null
  try {
    for await (const row of rows) {
      const bytes = bytesOf(row)
      const id = row.value.id
      const isFull =
        filling.rows.length === ROWS || filling.bytes + bytes > BYTES || filling.ids.has(id)
      if (isFull) {
        yield filling.rows
        filling = emptyRequest()
      }
      filling.rows.push(row)
      filling.ids.add(id)
      filling.bytes += bytes
    }
  } catch (error) {
    failure = { error }
  }
  if (filling.rows.length > 0) yield filling.rows
  if (failure !== null) throw failure.error
}

const emptyRequest = () => ({ rows: [] as FileRow[], ids: new Set<unknown>(), bytes: 0 })

/** Returns the length of a row in a request body, in bytes, with its comma. */
function bytesOf({ line, value }: FileRow): number {
  const text = JSON.stringify(value)
  if (text.includes(REPLACEMENT))
    throw new RowError(line, 'contains text that is not UTF-8, or the replacement character U+FFFD')
  const bytes = Buffer.byteLength(text) + 1
  if (bytes > ROW_LIMIT) throw new RowError(line, TOO_LONG)
  return bytes
}
