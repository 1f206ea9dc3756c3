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
