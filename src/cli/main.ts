import { ConfigError } from '../config.ts'
import { EmbeddedStartError } from '../db/embedded/index.ts'
import { MigrationError } from '../db/index.ts'
import { Refusal } from '../kernel/errors.ts'
import type { Command } from './command.ts'
import { UsageError } from './command.ts'
import { serveCommand } from './serve.ts'

/** Every command by its name, in the order of the help. */
const COMMANDS: Readonly<Record<string, Command>> = {
  serve: serveCommand,
}

const help = (): string =>
  [
    'Usage: bursar <command> [options]',
    '',
    ...Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`),
    '',
    'bursar <command> --help says more of each.',
  ].join('\n')

/** Runs one command. The exit code: 0 done, 1 refused or failed, 2 wrong usage. */
async function main(argv: readonly string[]): Promise<number> {
  const [name, ...args] = argv
  if (name === undefined || name === 'help' || name === '--help') {
    process.stdout.write(`${help()}\n`)
    return name === undefined ? 2 : 0
  }
  const command = COMMANDS[name]
  if (command === undefined) throw new UsageError(`there is no command ${name}\n\n${help()}`)
  if (args.includes('--help')) {
    process.stdout.write(`${command.usage}\n`)
    return 0
  }
  return command.run(args)
}

/** What a person can act on is one sentence; anything else is our defect and keeps its stack. */
function report(error: unknown): number {
  const isSentence =
    error instanceof ConfigError ||
    error instanceof EmbeddedStartError ||
    error instanceof MigrationError ||
    error instanceof Refusal ||
    error instanceof UsageError
  const text = isSentence || !(error instanceof Error) ? sentenceOf(error) : error.stack
  process.stderr.write(`bursar: ${text}\n`)
  return error instanceof UsageError ? 2 : 1
}

const sentenceOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

process.exitCode = await main(process.argv.slice(2)).catch(report)
