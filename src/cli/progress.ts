/** What progress is shown on; standard error, but for tests. */
export type Screen = { write(text: string): unknown; isTTY?: boolean; columns?: number }

export type Progress = {
  /** `count` more are done. */
  advance(count?: number): void
  /** Leaves one line that says what was done. */
  end(): void
}

const BAR_WIDTH = 28

/**
 * Shows how far a piece of work is: a bar that is redrawn on a terminal, else one line at the end,
 * so that a log file gets no control characters.
 */
export function showProgress(
  title: string,
  total: number,
  screen: Screen = process.stderr,
): Progress {
  let done = 0
  const draw = () => {
    if (screen.isTTY !== true) return
    const filled = total === 0 ? BAR_WIDTH : Math.round((BAR_WIDTH * Math.min(done, total)) / total)
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
    const line = `${title.padEnd(14)} ${bar} ${done}/${total}`
    screen.write(`\r${line.slice(0, (screen.columns ?? 80) - 1)}\u001b[K`)
  }
  draw()
  return {
    advance: (count = 1) => {
      done += count
      draw()
    },
    end: () => {
      screen.write(screen.isTTY === true ? '\n' : `${title}: ${done}/${total}\n`)
    },
  }
}
