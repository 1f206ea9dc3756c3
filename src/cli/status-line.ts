import type { Screen } from './progress.ts'

/** A line with the current status, below the printed lines. */
export type StatusLine = {
  /** How often the status should be shown, in milliseconds. */
  readonly everyMs: number
  /** Replaces the status. */
  show(status: string): void
  /** Prints a line above the status. */
  print(line: string): void
  /** Ends the display. The last status remains, and later lines are printed below it. */
  end(): void
}

const ON_A_TERMINAL_MS = 250
const IN_A_FILE_MS = 10_000

/**
 * Returns a status line. On a terminal the status is redrawn. Otherwise each status is a new line,
 * so that log files contain no control characters. `printLine` prints the lines above it.
 */
export function showStatus(screen: Screen, printLine: (line: string) => void): StatusLine {
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
