import { readConfig } from '../config.ts'
import { createApi } from './api.ts'
import { oneOf, readArguments, runAction, takePositionals } from './arguments.ts'
import { type Command, CommandError, print, UsageError } from './command.ts'
import { rowChecker } from './import/check-rows.ts'
import { FORMATS, formatOf, openRows, type RowFile } from './import/read-rows.ts'
import { requestsOf } from './import/requests.ts'
import { type FileRow, RowError } from './import/row-error.ts'
import { rowIn, rowSender, type SendRows } from './import/send-rows.ts'
import { numberOf } from './number-of.ts'
import { showProgress } from './progress.ts'
import { SERVER_OPTIONS, serverOf } from './server-of.ts'

export const importCommand: Command = {
  summary: 'create and update customers from a CSV or JSON file',
  usage: `Usage: bursar import customers <file> [--dry-run] [--from-line <n>] [--format <format>]
                               [--integration <id>] [--url <url>] [--key <key>]

Sends the rows of a file to a running server, at most 1,000 in a request, each of which is taken as
a whole or not at all. Customers that are there already are updated; one whose row says when it was
changed (updatedAt) is skipped if the server has changed it since. Doing it again changes nothing.
If an id stands twice, the later row wins. The file may be larger than the memory.

CSV    UTF-8, separated by commas. The first line names the columns: id, email, name, and if need be
       billingId, paymentMethodId, salesforceId, updatedAt, metadata.<key>. An empty cell clears the
       email or the name; in other columns it says nothing
JSON   an array of objects, or one object on each line, with the fields of the operation
       POST /api/v1/customers/import

At the first row that cannot be imported it stops, and names the line. What was imported stays; the
line to go on with is named, too.

  --dry-run      check the rows, send nothing
  --from-line    leave out the rows above this line
  --format       ${FORMATS.join(', ')} (default: what the file's name ends with)
  --integration  the billing integration whose ids billingId and paymentMethodId are
  --url          the server (default: http://BURSAR_HOST:BURSAR_PORT)
  --key          a key that may write customers; its environment is filled
                 (default: BURSAR_API_KEY, else the key file of the data directory)`,
  run: runAction({ customers }),
}

/** Nobody need watch: a server that is restarted, or asks to wait a minute, is waited for. */
const PATIENCE = { attempts: 10, longestPauseMs: 60_000 }

async function customers(args: readonly string[]): Promise<number> {
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
  const config = readConfig(process.env, process.cwd())
  const send = dryRun
    ? await rowChecker()
    : rowSender(createApi(await serverOf(values, config), PATIENCE), values.integration)
  const { rows, created } = await importRows(await openRows(file, format, fromLine), send, dryRun)
  const count = numberOf(rows, 'row')
  print(
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

/** Sends all rows of a file. What fails says which rows stay, and where to go on. */
async function importRows(file: RowFile, send: SendRows, dryRun: boolean): Promise<ImportCount> {
  const imported = { rows: 0, created: 0 }
  const progress = progressOf(file)
  // Where to go on: the first row of a request that failed, else the row that cannot be read.
  let pending: number | null = null
  try {
    for await (const rows of requestsOf(file.rows)) {
      pending = rows[0]?.line ?? null
      imported.created += await sent(rows, send)
      pending = null
      imported.rows += rows.length
      progress.advance()
    }
  } catch (error) {
    if (dryRun || !(error instanceof CommandError)) throw error
    throw new CommandError(`${error.message}\n${whatStays(imported, pending ?? lineIn(error))}`)
  } finally {
    progress.end()
  }
  return imported
}

/** Answers how many of the rows were new. A `RowError` for the one that is refused. */
async function sent(rows: readonly FileRow[], send: SendRows): Promise<number> {
  const answer = await send(rows.map(({ value }) => value))
  if ('created' in answer) return answer.created
  const { index, what } = rowIn(answer.refused)
  throw new RowError(rows[index]?.line ?? 0, what)
}

const lineIn = (error: CommandError): number | null =>
  error instanceof RowError ? error.line : null

function whatStays({ rows }: ImportCount, line: number | null): string {
  if (rows === 0) return 'Nothing was imported.'
  const goOn = line === null ? '' : `; go on with --from-line ${line}`
  return `${numberOf(rows, 'row')} above are imported and stay${goOn}.`
}

const KILOBYTE = 1000

/** Progress goes by what was read: how many rows a file has is known only at its end. */
function progressOf(file: RowFile) {
  const kilobytes = (bytes: number) => Math.ceil(bytes / KILOBYTE)
  const progress = showProgress('customers (kB)', kilobytes(file.sizeBytes))
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
