import type { Terminal } from './terminal.ts'

/** How long an orderly stop may take before the process exits, in milliseconds. */
const STOP_LIMIT_MS = 30_000

/**
 * Runs `work` with a signal that is aborted at the first SIGTERM, SIGINT or SIGHUP, or when the
 * bootstrap process that started this one has ended. After that, the process exits with 1 unless it
 * ends within 30 s. Later signals are ignored until it has ended, because in a terminal Ctrl-C
 * arrives twice: from the terminal and from the bootstrap.
 */
export async function withStopSignal<T>(
  { onSignal, onOrphan, note, exit }: Terminal,
  work: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController()
  const { signal } = stopping
  const stop = () => {
    if (signal.aborted) return
    setTimeout(() => {
      note('bursar: the stop took too long; exiting')
      exit(1)
    }, STOP_LIMIT_MS).unref()
    stopping.abort()
  }
  const releases = [onSignal(stop), onOrphan(stop)]
  try {
    return await work(signal)
  } finally {
    if (!signal.aborted) for (const release of releases) release()
  }
}
