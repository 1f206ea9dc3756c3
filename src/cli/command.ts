/** A command of the CLI. `run` answers the exit code. */
export type Command = {
  readonly summary: string
  readonly usage: string
  run(args: readonly string[]): Promise<number>
}

/** The command line itself is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What was asked for cannot be done: exit code 1. The message says why, and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** For people and scripts: what the command was asked for. */
export const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** For people only: explanations, which a script that captures the output must not get. */
export const note = (line: string): void => {
  process.stderr.write(`${line}\n`)
}
