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
import { MIGRATIONS } from '../main.ts'
import { VERSION } from '../version.ts'
import { readArguments, takePositionals } from './arguments.ts'
import { type Command, CommandError, UsageError } from './command.ts'
import { type Progress, showProgress } from './progress.ts'
import type { Terminal } from './terminal.ts'
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
  run: async (args, terminal) => {
    const { values, positionals } = readArguments(args, { verify: { type: 'boolean' } })
    const [file = ''] = takePositionals(positionals, '<file>')
    return values.verify === true ? verify(file, terminal) : backUp(file, terminal)
  },
}

async function backUp(file: string, terminal: Terminal): Promise<number> {
  if (file === '-' && terminal.isTTY)
    throw new UsageError('standard output is a terminal: name a file, or redirect it')
  const { signal, exitCode, release } = abortOnSignal(terminal)
  const write = (target: Writable) => writeTo(target, signal, terminal)
  try {
    await (file === '-' ? toStandardOutput(write, terminal) : toFile(file, write, terminal))
    return 0
  } catch (error) {
    if (signal.aborted) return exitCode()
    throw commandErrorFrom(error, terminal)
  } finally {
    release()
  }
}

type Write = (target: Writable) => Promise<BackupResult>

async function toFile(file: string, write: Write, terminal: Terminal): Promise<void> {
  const path = resolve(terminal.cwd, file)
  const written = await writeAtomically(path, write)
  noteForeign(written, terminal)
  terminal.print(`${sizeOf(written)} are in ${path}, ${(await stat(path)).size} bytes.`)
}

async function toStandardOutput(write: Write, terminal: Terminal): Promise<void> {
  const written = await write(terminal.takeOutput())
  noteForeign(written, terminal)
  terminal.note(`${sizeOf(written)} are in the backup.`)
}

function noteForeign({ foreign }: BackupResult, terminal: Terminal): void {
  if (foreign.length === 0) return
  terminal.note(`Left out, because no migration creates them: ${foreign.join(', ')}`)
}

const sizeOf = ({ header, rows }: Pick<BackupResult, 'header' | 'rows'>): string =>
  `${rows} rows of ${header.tables.length} tables`

async function writeTo(
  target: Writable,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<BackupResult> {
  const migrations = await readMigrations(MIGRATIONS)
  return withDatabase(terminal, commandConfig(terminal), ({ connection }) =>
    withProgress('backed up', terminal, (progress) =>
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

async function verify(file: string, terminal: Terminal): Promise<number> {
  const { print } = terminal
  const header = await checkFile(file, terminal)
  const rows = header.tables.reduce((sum, table) => sum + table.rows, 0)
  print(`${resolve(terminal.cwd, file)} is whole: ${sizeOf({ header, rows })},`)
  print(`made at ${header.madeAt} by Bursar ${header.bursar} from PostgreSQL ${header.postgres},`)
  print(`schema at migration ${header.migrations.length}.`)
  return 0
}

/**
 * Reads a whole backup and returns its header. Throws a `CommandError` if it is incomplete or
 * damaged.
 */
export const checkFile = (file: string, terminal: Terminal): Promise<BackupHeader> =>
  withProgress('checked', terminal, (progress) =>
    verifyBackup(openFile(file, terminal), progress),
  ).catch((error) => {
    throw commandErrorFrom(error, terminal)
  })

export const openFile = (file: string, { cwd }: Terminal): Readable =>
  createReadStream(resolve(cwd, file))

/** Shows how many rows are done, from the call of `start` until `work` has ended. */
export async function withProgress<T>(
  title: string,
  { screen }: Terminal,
  work: (progress: RowProgress) => Promise<T>,
): Promise<T> {
  let shown: Progress | null = null
  try {
    return await work({
      start: (total) => {
        shown = showProgress(title, total, screen)
      },
      rows: (count) => shown?.advance(count),
    })
  } finally {
    ;(shown as Progress | null)?.end()
  }
}

/**
 * Returns a `CommandError` for an error that the operator can act on, and other errors unchanged.
 * Its message names files as seen from the working directory, as the operator has named them.
 */
export function commandErrorFrom(error: unknown, { cwd }: Terminal): unknown {
  const { syscall = '', message } = error as NodeJS.ErrnoException
  const isTold = error instanceof BackupError || ['open', 'read', 'write'].includes(syscall)
  return isTold ? new CommandError(message.replaceAll(`${cwd}/`, ''), { cause: error }) : error
}

/** Aborts on a signal instead of ending the process, so that the partial file is removed first. */
function abortOnSignal({ onSignal }: Terminal) {
  const controller = new AbortController()
  let code = 1
  const release = onSignal((signal) => {
    code = 128 + constants.signals[signal]
    controller.abort()
  })
  return { signal: controller.signal, exitCode: () => code, release }
}
