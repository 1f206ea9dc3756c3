/** How long an orderly stop may take, in milliseconds, before the process gives up on it. */
const STOP_LIMIT_MS = 30_000

/**
 * Resolves at the first SIGTERM, SIGINT or SIGHUP, or when the bootstrap that started this process
 * is gone. At a terminal Ctrl-C arrives twice (from the terminal and from the bootstrap), so later
 * signals change nothing.
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      setTimeout(() => {
        process.stderr.write('bursar: the stop took too long; leaving\n')
        process.exit(1)
      }, STOP_LIMIT_MS).unref()
      resolve()
    }
    let heard = false
    const once = () => {
      if (!heard) stop()
      heard = true
    }
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, once)
    if (process.connected) {
      process.on('disconnect', once)
      process.channel?.unref()
    }
  })
}
