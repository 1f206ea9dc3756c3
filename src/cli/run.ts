import { ConfigError } from '../config.ts'
import { MigrationError, MigrationLater } from '../db/index.ts'
import { EmbeddedStartError } from '../embedded-postgres/index.ts'
import { ApiError } from '../kernel/errors.ts'
import { backupCommand } from './backup.ts'
import { catalogCommand } from './catalog.ts'
import { type Command, CommandError, UsageError } from './command.ts'
import { consoleCommand } from './console.ts'
import { connectionFailure } from './database-failure.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { environmentCommand } from './environment.ts'
import { importCommand } from './import.ts'
import { integrationCommand } from './integration.ts'
import { keyCommand } from './key.ts'
import { memberCommand } from './member.ts'
import { migrateCommand } from './migrate.ts'
import { repairCommand } from './repair.ts'
import { restoreCommand } from './restore.ts'
import { serveCommand } from './serve.ts'
import { signingCommand } from './signing.ts'
import type { Terminal } from './terminal.ts'
import { verifyCommand } from './verify.ts'

/** All commands by name, in the order of the help. */
const COMMANDS: Readonly<Record<string, Command>> = {
  serve: serveCommand,
  demo: demoCommand,
  console: consoleCommand,
  import: importCommand,
  catalog: catalogCommand,
  key: keyCommand,
  signing: signingCommand,
  environment: environmentCommand,
  member: memberCommand,
  integration: integrationCommand,
  verify: verifyCommand,
  repair: repairCommand,
  migrate: migrateCommand,
  backup: backupCommand,
  restore: restoreCommand,
  doctor: doctorCommand,
}

const help = (): string =>
  [
    'Usage: bursar <command> [options]',
    '',
    ...Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`),
    '',
    'bursar <command> --help explains each command.',
  ].join('\n')

/** `EX_TEMPFAIL` of `sysexits.h`: the same command may succeed later. */
const TEMPORARY_FAILURE = 75

/**
 * Runs the command of the terminal's command line. Returns the exit code: 0 done, 1 failed, 2 wrong
 * usage, 75 failed for now. It leaves nothing behind in the process.
 */
export async function runBursar(terminal: Terminal): Promise<number> {
  try {
    return await run(terminal)
  } catch (error) {
    terminal.note(`bursar: ${textOf(error)}`)
    return exitCodeOf(error)
  }
}

async function run(terminal: Terminal): Promise<number> {
  const [name, ...args] = terminal.argv
  if (name === undefined || name === 'help' || name === '--help') {
    terminal.print(help())
    return name === undefined ? 2 : 0
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) throw new UsageError(`there is no command ${name}\n\n${help()}`)
  if (args.includes('--help')) {
    terminal.print(command.usage)
    return 0
  }
  try {
    return await command.run(args, terminal)
  } catch (error) {
    if (error instanceof UsageError)
      throw new UsageError(`${error.message} (see bursar ${name} --help)`, { cause: error })
    throw error
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof MigrationLater) return TEMPORARY_FAILURE
  return error instanceof UsageError ? 2 : 1
}

/** An error that a person can act on is one sentence. Any other is our defect, with its stack. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const failure = connectionFailure(error)
  if (failure !== null) return `the database cannot be reached: ${failure}`
  const isSentence =
    error instanceof CommandError ||
    error instanceof ConfigError ||
    error instanceof EmbeddedStartError ||
    error instanceof MigrationError ||
    error instanceof ApiError ||
    error instanceof UsageError ||
    // The port is in use, or the address does not belong to this machine.
    (error as NodeJS.ErrnoException).syscall === 'listen'
  return isSentence ? error.message : (error.stack ?? error.message)
}
