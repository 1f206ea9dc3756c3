import type { Terminal } from './terminal.ts'

/** A command of the CLI. `run` returns the exit code. */
export type Command = {
  readonly summary: string
  readonly usage: string
  run(args: readonly string[], terminal: Terminal): Promise<number>
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command failed: exit code 1. The message says why and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
