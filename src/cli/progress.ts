/** A stream that shows progress. */
export type Screen = { write(text: string): unknown; isTTY?: boolean; columns?: number }

export type Progress = {
  /** Adds `count` to what is done. */
  advance(count?: number): void
  /** Ends the display. One line with the final count remains. */
  end(): void
}

const BAR_WIDTH = 28

/**
 * Shows the progress of work. On a terminal it redraws a bar. Otherwise it writes one line at the
 * end, so that log files contain no control characters.
 */
export function showProgress(title: string, total: number, screen: Screen): Progress {
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
