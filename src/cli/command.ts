/** A command of the CLI. `run` returns the exit code. */
export type Command = {
  readonly summary: string
  readonly usage: string
  run(args: readonly string[]): Promise<number>
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command failed: exit code 1. The message says why and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** Prints a line of the result to standard output, for people and scripts. */
export const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** Prints a line to standard error, for people only: scripts capture standard output. */
export const note = (line: string): void => {
  process.stderr.write(`${line}\n`)
}
