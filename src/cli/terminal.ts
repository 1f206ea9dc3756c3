import type { Writable } from 'node:stream'
import type { Environment } from '../config.ts'
import type { Screen } from './progress.ts'

/** The signals that ask a command to end. */
export type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'

/** Ends what was begun. Idempotent. */
export type Release = () => void

/**
 * All that a command has of the process in which it runs. Commands use no global of the process
 * that another command could use, so that several can run in one process.
 */
export type Terminal = {
  /** The command line after the name of the program, as in `['key', 'list']`. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** The working directory. Relative paths begin here. */
  readonly cwd: string
  /** Whether standard output is shown to a person. */
  readonly isTTY: boolean
  /** Standard error, for progress and log lines. */
  readonly screen: Screen
  /** Prints a line of the result to standard output, for people and scripts. */
  print(line: string): void
  /** Prints a line to standard error, for people only: scripts capture standard output. */
  note(line: string): void
  /**
   * Returns standard output as a stream of bytes. From then on, the stream reports it as an error
   * if its reader closes the pipe. Otherwise this ends the process successfully.
   */
  takeOutput(): Writable
  /** Calls `react` on each stop signal, which then does not end the process. */
  onSignal(react: (signal: StopSignal) => void): Release
  /** Calls `react` when the bootstrap process that started this one has ended. */
  onOrphan(react: () => void): Release
  /** Ends the process at once. */
  exit(code: number): void
}
