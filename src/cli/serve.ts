import type { ConfiguredKey } from '../access/index.ts'
import { type Config, readConfig } from '../config.ts'
import { type ServerHandle, serve } from '../main.ts'
import { type Command, print } from './command.ts'
import { stopSignal } from './stop-signal.ts'

export const serveCommand: Command = {
  summary: 'run the server (what npm start does)',
  usage: `Usage: bursar serve

Runs until SIGTERM or SIGINT, then finishes what is in flight and exits 0.
Everything is configured by environment variables; docs/OPERATING.md lists them.`,
  run: async () => {
    const config = readConfig(process.env, process.cwd())
    // Heard from the first moment on: a signal during the start ends what it waits for, else it
    // stops the server once it is up.
    const stopped = stopSignal()
    const waits = new AbortController()
    void stopped.then(() => waits.abort())
    const { signal } = waits
    const serving = await serve(config, { signal, onKey: announceKey }).catch((error) => {
      if (signal.aborted && error === signal.reason) return null
      throw error
    })
    if (serving === null) return 0
    announce(serving, config)
    await stopped
    await serving.stop()
    return 0
  },
}

function announceKey(key: ConfiguredKey): void {
  if (key.from === 'file' && key.made !== null)
    print(`API key (full access, printed this once, kept in ${key.file}): ${key.made}`)
  if (key.from === 'elsewhere')
    print(
      'The database has an API key that this directory does not hold; bursar key create makes one',
    )
}

function announce(serving: ServerHandle, config: Config): void {
  if (config.testClock)
    print('The clock can be moved by POST /test/clock: never serve production so')
  const where = serving.clusterDir === null ? 'DATABASE_URL' : serving.clusterDir
  print(`Bursar is listening on ${serving.url} (database: ${where})`)
}
