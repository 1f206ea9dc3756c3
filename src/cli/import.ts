import { readConfig } from '../config.ts'
import { createApi } from './api.ts'
import { oneOf, readArguments, runAction, takePositionals } from './arguments.ts'
import { type Command, CommandError, UsageError } from './command.ts'
import { rowChecker } from './import/check-rows.ts'
import { FORMATS, formatOf, openRows, type RowFile } from './import/read-rows.ts'
import { requestsOf } from './import/requests.ts'
import { type FileRow, RowError } from './import/row-error.ts'
import { rowOfRefusal, rowSender, type SendRows } from './import/send-rows.ts'
import { numberOf } from './number-of.ts'
import { type Progress, type Screen, showProgress } from './progress.ts'
import { SERVER_OPTIONS, serverOf } from './server-of.ts'
import type { Terminal } from './terminal.ts'

export const importCommand: Command = {
  summary: 'create and update customers from a CSV or NDJSON file',
  usage: `Usage: bursar import customers <file> [--dry-run] [--from-line <n>] [--format <format>]
                               [--integration <id>] [--url <url>] [--key <key>]

Sends the rows of a file to a running server, at most 1,000 in a request. Each request is imported
completely or not at all. Existing customers are updated. If a row has an updatedAt, and the
customer was changed on the server after it, the row is skipped. A second import changes nothing. If
an id occurs twice, the later row takes precedence. The file may be larger than the memory.

CSV    UTF-8, separated by commas. The first line names the columns: id, email, name, and optionally
       billingId, paymentMethodId, salesforceId, updatedAt, metadata.<key>. An empty cell clears the
       email or the name; in other columns it has no effect
NDJSON one JSON object on each line, with the fields of POST /api/v1/customers/import

The import stops at the first row that cannot be imported, and names its line. Rows that were
imported stay imported. The line to continue with is named, too.

  --dry-run      check the rows, send nothing
  --from-line    leave out the rows above this line
  --format       ${FORMATS.join(', ')} (default: by the ending of the file name)
  --integration  the billing integration that billingId and paymentMethodId belong to
  --url          the server (default: http://BURSAR_HOST:BURSAR_PORT)
  --key          a key that may write customers; its environment is filled
                 (default: BURSAR_API_KEY, else the key file of the data directory)`,
  run: runAction({ customers }),
}

/** An import may run unattended, so it waits for a restart of the server or a rate limit. */
const RETRIES = { attempts: 10, maxPauseMs: 60_000 }

async function customers(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    ...SERVER_OPTIONS,
    'dry-run': { type: 'boolean', default: false },
    'from-line': { type: 'string', default: '1' },
    format: { type: 'string' },
    integration: { type: 'string' },
  })
  const [file = ''] = takePositionals(positionals, 'the file')
  const format =
    values.format === undefined ? formatOf(file) : oneOf('--format', values.format, FORMATS)
  const fromLine = lineOf(values['from-line'])
  const dryRun = values['dry-run']
  const config = readConfig(terminal.env, terminal.cwd)
  const send = dryRun
    ? await rowChecker()
    : rowSender(createApi(await serverOf(values, config), RETRIES), values.integration)
  const rowFile = await openRows({ name: file, cwd: terminal.cwd }, format, fromLine)
  const progress = progressOf(rowFile, terminal.screen)
  const { rows, created } = await importRows(rowFile, progress, { send, dryRun })
  const count = numberOf(rows, 'row')
  terminal.print(
    dryRun
      ? `${count} of ${file} can be sent; nothing was.`
      : `${count} of ${file} imported: ${numberOf(created, 'new customer')}.`,
  )
  return 0
}

function lineOf(text: string): number {
  const line = Number(text)
  if (!/^\d+$/.test(text) || line < 1 || !Number.isSafeInteger(line))
    throw new UsageError(`--from-line must be the number of a line, not "${text}"`)
  return line
}

type ImportCount = { rows: number; created: number }

/**
 * Sends all rows of a file. If a row fails, the error says which rows were imported and from which
 * line to continue.
 */
async function importRows(
  file: RowFile,
  progress: Progress,
  { send, dryRun }: { send: SendRows; dryRun: boolean },
): Promise<ImportCount> {
  const imported = { rows: 0, created: 0 }
  // The line from which to continue: that of the first row of a failed request. It is null if the
  // failure is a row that cannot be read. Then the error contains the line.
  let pending: number | null = null
  try {
    for await (const rows of requestsOf(file.rows)) {
      pending = rows[0]?.line ?? null
      imported.created += await sendRequest(rows, send)
      pending = null
      imported.rows += rows.length
      progress.advance()
    }
  } catch (error) {
    if (dryRun || !(error instanceof CommandError)) throw error
    const line = pending ?? lineOfError(error)
    throw new CommandError(`${error.message}\n${importedText(imported, line)}`)
  } finally {
    progress.end()
  }
  return imported
}

/** Returns how many of the rows were new. Throws a `RowError` for a row that is refused. */
async function sendRequest(rows: readonly FileRow[], send: SendRows): Promise<number> {
  const result = await send(rows.map(({ value }) => value))
  if ('created' in result) return result.created
  const { index, what } = rowOfRefusal(result.refused)
  throw new RowError(rows[index]?.line ?? 0, what)
}

const lineOfError = (error: CommandError): number | null =>
  error instanceof RowError ? error.line : null

function importedText({ rows }: ImportCount, line: number | null): string {
  if (rows === 0) return 'Nothing was imported.'
  const goOn = line === null ? '' : `; go on with --from-line ${line}`
  return `${numberOf(rows, 'row')} above are imported and stay${goOn}.`
}

const KILOBYTE = 1000

/** Shows progress in bytes, because the number of rows is known only at the end of the file. */
function progressOf(file: RowFile, screen: Screen): Progress {
  const kilobytes = (bytes: number) => Math.ceil(bytes / KILOBYTE)
  const progress = showProgress('customers (kB)', kilobytes(file.sizeBytes), screen)
  let shown = 0
  return {
    end: progress.end,
    advance: () => {
      const read = kilobytes(file.readBytes())
      progress.advance(read - shown)
      shown = read
    },
  }
}
