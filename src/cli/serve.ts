import type { ConfiguredKey } from '../access/index.ts'
import { type Config, readConfig } from '../config.ts'
import { type Serving, serve } from '../main.ts'
import { type Command, print } from './command.ts'

export const serveCommand: Command = {
  summary: 'run the server (what npm start does)',
  usage: `Usage: bursar serve

Runs until SIGTERM or SIGINT, then finishes what is in flight and exits 0.
Everything is configured by environment variables; docs/OPERATING.md lists them.`,
  run: async () => {
    const config = readConfig(process.env, process.cwd())
    // Heard from the first moment on: a signal during the start stops the server once it is up.
    const stopped = stopSignal()
    const serving = await serve(config, announceKey)
    announce(serving, config)
    await stopped
    await serving.stop()
    return 0
  },
}

/** How long an orderly stop may take, in milliseconds, before the process gives up on it. */
const STOP_LIMIT_MS = 30_000

/**
 * Resolves at the first SIGTERM, SIGINT or SIGHUP, or when the bootstrap that started this process
 * is gone. At a terminal Ctrl-C arrives twice (from the terminal and from the bootstrap), so later
 * signals change nothing.
 */
function stopSignal(): Promise<void> {
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

function announceKey(key: ConfiguredKey): void {
  if (key.from === 'file' && key.made !== null)
    print(`API key (full access, printed this once, kept in ${key.file}): ${key.made}`)
  if (key.from === 'elsewhere')
    print(
      'The database has an API key that this directory does not hold; bursar key create makes one',
    )
}

function announce(serving: Serving, config: Config): void {
  if (config.testClock)
    print('The clock can be moved by POST /test/clock: never serve production so')
  const where = serving.clusterDir === null ? 'DATABASE_URL' : serving.clusterDir
  print(`Bursar is listening on ${serving.url} (database: ${where})`)
}
