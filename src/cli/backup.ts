import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import {
  BackupError,
  type BackupHeader,
  type BackupResult,
  type Progress as RowProgress,
  verifyBackup,
  writeAtomically,
  writeBackup,
} from '../backup/index.ts'
import { readMigrations } from '../db/index.ts'
import { systemClock } from '../kernel/clock.ts'
import { MIGRATIONS, VERSION } from '../main.ts'
import { readArguments, takePositionals } from './arguments.ts'
import { type Command, CommandError, note, print, UsageError } from './command.ts'
import { type Progress, showProgress } from './progress.ts'
import { commandConfig, withDatabase } from './with-app.ts'

export const backupCommand: Command = {
  summary: 'write everything to a file, while servers run',
  usage: `Usage: bursar backup <file>
       bursar backup --verify <file>

Writes the content of the database at one instant to a file, which restore reads. Servers can keep
running. Every write that was answered before the command began is in the backup. The file appears
when it is complete. Only its owner can read it, because it contains the hashes of all keys. An
existing file is not replaced. With - the backup goes to standard output.

The other files of the data directory are not in the backup: keep api-key and secret-key, or
BURSAR_API_KEY and BURSAR_SECRET_KEY. Without the latter, stored secrets cannot be decrypted.

  --verify   reads the file to its end and compares its checksum; needs no database`,
  run: async (args) => {
    const { values, positionals } = readArguments(args, { verify: { type: 'boolean' } })
    const [file = ''] = takePositionals(positionals, '<file>')
    return values.verify === true ? verify(file) : backUp(file)
  },
}

async function backUp(file: string): Promise<number> {
  if (file === '-' && process.stdout.isTTY)
    throw new UsageError('standard output is a terminal: name a file, or redirect it')
  const { signal, exitCode } = abortOnSignal()
  const write = (target: Writable) => writeTo(target, signal)
  try {
    const written = await (file === '-' ? toStandardOutput(write) : writeAtomically(file, write))
    report(file, written, file === '-' ? null : (await stat(file)).size)
    return 0
  } catch (error) {
    if (signal.aborted) return exitCode()
    throw commandErrorFrom(error)
  }
}

function report(file: string, { header, rows, foreign }: BackupResult, bytes: number | null): void {
  const say = bytes === null ? note : print
  if (foreign.length > 0) note(`Left out, because no migration creates them: ${foreign.join(', ')}`)
  const size = bytes === null ? '' : `, ${bytes} bytes`
  say(`${rows} rows of ${header.tables.length} tables are in ${nameOf(file)}${size}.`)
}

const nameOf = (file: string): string => (file === '-' ? 'the backup' : resolve(file))

async function writeTo(target: Writable, signal: AbortSignal): Promise<BackupResult> {
  const migrations = await readMigrations(MIGRATIONS)
  return withDatabase(commandConfig(), ({ connection }) =>
    withProgress('backed up', (progress) =>
      writeBackup({
        connection,
        migrations,
        version: VERSION,
        now: systemClock.now(),
        target,
        progress,
        signal,
      }),
    ),
  )
}

/**
 * Other commands end successfully if the reader of their output closes the pipe. For a backup this
 * is an error, because the rest of it is lost.
 */
function toStandardOutput(
  write: (target: Writable) => Promise<BackupResult>,
): Promise<BackupResult> {
  process.stdout.removeAllListeners('error')
  return write(process.stdout)
}

async function verify(file: string): Promise<number> {
  const header = await checkFile(file)
  const rows = header.tables.reduce((sum, table) => sum + table.rows, 0)
  print(`${resolve(file)} is whole: ${rows} rows of ${header.tables.length} tables,`)
  print(`made at ${header.madeAt} by Bursar ${header.bursar} from PostgreSQL ${header.postgres},`)
  print(`schema at migration ${header.migrations.length}.`)
  return 0
}

/**
 * Reads a whole backup and returns its header. Throws a `CommandError` if it is incomplete or
 * damaged.
 */
export const checkFile = (file: string): Promise<BackupHeader> =>
  withProgress('checked', (progress) => verifyBackup(openFile(file), progress)).catch((error) => {
    throw commandErrorFrom(error)
  })

export const openFile = (file: string): Readable => createReadStream(file)

/** Shows how many rows are done, from the call of `start` until `work` has ended. */
export async function withProgress<T>(
  title: string,
  work: (progress: RowProgress) => Promise<T>,
): Promise<T> {
  let shown: Progress | null = null
  try {
    return await work({
      start: (total) => {
        shown = showProgress(title, total)
      },
      rows: (count) => shown?.advance(count),
    })
  } finally {
    ;(shown as Progress | null)?.end()
  }
}

/**
 * Returns a `CommandError` for an error that the operator can act on, and other errors unchanged.
 */
export function commandErrorFrom(error: unknown): unknown {
  if (error instanceof BackupError) return new CommandError(error.message, { cause: error })
  const { syscall, message } = error as NodeJS.ErrnoException
  return syscall === 'open' || syscall === 'read' || syscall === 'write'
    ? new CommandError(message, { cause: error })
    : error
}

/** Aborts on a signal instead of ending the process, so that the partial file is removed first. */
function abortOnSignal() {
  const controller = new AbortController()
  let code = 1
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      code = 128 + constants.signals[signal]
      controller.abort()
    })
  return { signal: controller.signal, exitCode: () => code }
}
