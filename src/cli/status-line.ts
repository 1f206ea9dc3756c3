import { print } from './command.ts'
import type { Screen } from './progress.ts'

/** One line about what is going on, below lines that stay. */
export type StatusLine = {
  /** How often it is worth showing, in milliseconds. */
  readonly everyMs: number
  /** What is going on now. */
  show(status: string): void
  /** Prints a line that stays. */
  print(line: string): void
  /** Leaves the line that was shown last; lines that are printed then follow it. */
  end(): void
}

const ON_A_TERMINAL_MS = 250
const IN_A_FILE_MS = 10_000

/**
 * On a terminal the status is redrawn in its line. Elsewhere each one is a line of its own, so that
 * a log file gets no control characters.
 */
export function showStatus(screen: Screen = process.stderr, printLine = print): StatusLine {
  const isTerminal = screen.isTTY === true
  let shown: string | null = null
  const draw = (text: string) =>
    screen.write(`\r${text.slice(0, (screen.columns ?? 80) - 1)}\u001b[K`)
  return {
    everyMs: isTerminal ? ON_A_TERMINAL_MS : IN_A_FILE_MS,
    show: (status) => {
      shown = status
      if (isTerminal) draw(status)
      else screen.write(`${status}\n`)
    },
    print: (line) => {
      const covered = isTerminal ? shown : null
      if (covered !== null) draw('')
      printLine(line)
      if (covered !== null) draw(covered)
    },
    end: () => {
      if (isTerminal && shown !== null) screen.write('\n')
      shown = null
    },
  }
}
