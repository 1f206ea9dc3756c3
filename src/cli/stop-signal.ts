/** How long an orderly stop may take before the process exits, in milliseconds. */
const STOP_LIMIT_MS = 30_000

/**
 * Resolves at the first SIGTERM, SIGINT or SIGHUP, or when the bootstrap process that started this
 * one has ended. After that, the process exits with 1 unless it ends within 30 s. Later signals are
 * ignored, because in a terminal Ctrl-C arrives twice: from the terminal and from the bootstrap.
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
    let isStopping = false
    const once = () => {
      if (!isStopping) stop()
      isStopping = true
    }
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, once)
    if (process.connected) {
      process.on('disconnect', once)
      process.channel?.unref()
    }
  })
}
