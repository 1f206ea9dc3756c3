import { type FileRow, ROW_LIMIT, RowError, TOO_LONG } from './row-error.ts'

/** As many as the API document takes at once. */
const ROWS = 1000
/** Bytes of the rows of a request; the server takes 1,048,576 for the whole body. */
const BYTES = 1_000_000
/** What stands for bytes that are no UTF-8. */
const REPLACEMENT = '\ufffd'

/**
 * Rows in requests of at most `ROWS` rows and `BYTES` bytes. A request has no id twice, since that
 * would be refused: the later row goes into the next one, and so wins. When the rows end in an
 * error, those before it still make a request.
 */
export async function* requestsOf(
  rows: AsyncIterable<FileRow>,
): AsyncGenerator<readonly FileRow[]> {
  let batch = emptyBatch()
  let failure: { error: unknown } | null = null
  try {
    for await (const row of rows) {
      const bytes = bytesOf(row)
      const id = row.value.id
      const isFull = batch.rows.length === ROWS || batch.bytes + bytes > BYTES || batch.ids.has(id)
      if (isFull) {
        yield batch.rows
        batch = emptyBatch()
      }
      batch.rows.push(row)
      batch.ids.add(id)
      batch.bytes += bytes
    }
  } catch (error) {
    failure = { error }
  }
  if (batch.rows.length > 0) yield batch.rows
  if (failure !== null) throw failure.error
}

const emptyBatch = () => ({ rows: [] as FileRow[], ids: new Set<unknown>(), bytes: 0 })

/** What a row adds to a body, with the comma behind it. */
function bytesOf({ line, value }: FileRow): number {
  const text = JSON.stringify(value)
  if (text.includes(REPLACEMENT))
    throw new RowError(line, 'text that is not UTF-8, or the character that stands for such text')
  const bytes = Buffer.byteLength(text) + 1
  if (bytes > ROW_LIMIT) throw new RowError(line, TOO_LONG)
  return bytes
}
