import type { StopSignal, Terminal } from './terminal.ts'

const STOP_SIGNALS: readonly StopSignal[] = ['SIGTERM', 'SIGINT', 'SIGHUP']

/** Returns the terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process
  // The reader of the output may close the pipe, as in `bursar key list | head -1`.
  const leave = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  }
  stdout.on('error', leave)
  return {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    isTTY: stdout.isTTY === true,
    screen: stderr,
    print: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    takeOutput: () => stdout.off('error', leave),
    onSignal: (react) => {
      for (const signal of STOP_SIGNALS) process.on(signal, react)
      return () => {
        for (const signal of STOP_SIGNALS) process.off(signal, react)
      }
    },
    onOrphan: (react) => {
      if (!process.connected) return () => {}
      process.on('disconnect', react)
      // The listener alone would keep the process alive.
      process.channel?.unref()
      return () => void process.off('disconnect', react)
    },
    exit: (code) => process.exit(code),
  }
}
