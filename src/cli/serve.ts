import type { ConfiguredKey } from '../access/index.ts'
import { type Config, readConfig } from '../config.ts'
import { type ServerHandle, serve } from '../main.ts'
import { type Command, print } from './command.ts'
import { stopSignal } from './stop-signal.ts'

export const serveCommand: Command = {
  summary: 'run the server (what npm start does)',
  usage: `Usage: bursar serve

Runs until SIGTERM or SIGINT, then finishes the running requests and exits with 0.
Environment variables configure everything; docs/OPERATING.md lists them.`,
  run: async () => {
    const config = readConfig(process.env, process.cwd())
    // Signals are handled from the beginning. A signal during the start ends what the start waits
    // for. If it waits for nothing, the server stops once it is up.
    const stopped = stopSignal()
    const waits = new AbortController()
    void stopped.then(() => waits.abort())
    const { signal } = waits
    const server = await serve(config, { signal, onKey: printKey }).catch((error) => {
      if (signal.aborted && error === signal.reason) return null
      throw error
    })
    if (server === null) return 0
    printAddress(server, config)
    await stopped
    await server.stop()
    return 0
  },
}

function printKey(key: ConfiguredKey): void {
  if (key.from === 'file' && key.made !== null)
    print(`API key (full access, printed only now, stored in ${key.file}): ${key.made}`)
  if (key.from === 'elsewhere')
    print(
      'The database has an API key that this directory does not contain; bursar key create makes one',
    )
}

function printAddress(server: ServerHandle, config: Config): void {
  if (config.testClock)
    print('The clock can be moved by POST /test/clock: never do this in production')
  const where = server.clusterDir === null ? 'DATABASE_URL' : server.clusterDir
  print(`Bursar is listening on ${server.url} (database: ${where})`)
}
