import { once } from 'node:events'
import type { ConfiguredKey } from '../access/index.ts'
import { type Config, readConfig } from '../config.ts'
import { createLog } from '../log.ts'
import { type ServerHandle, serve } from '../main.ts'
import { baseUrlOf } from './base-url.ts'
import type { Command } from './command.ts'
import { signInLink } from './console.ts'
import { withStopSignal } from './stop-signal.ts'
import type { Terminal } from './terminal.ts'

export const serveCommand: Command = {
  summary: 'run the server (what npm start does)',
  usage: `Usage: bursar serve

Runs until SIGTERM or SIGINT, then finishes the running requests and exits with 0.
Environment variables configure everything; docs/OPERATING.md lists them.`,
  run: async (_, terminal) => {
    const config = readConfig(terminal.env, terminal.cwd)
    // Signals are handled from the beginning. A signal during the start ends what the start waits
    // for. If it waits for nothing, the server stops once it is up.
    await withStopSignal(terminal, (stop) => serveUntil(stop, config, terminal))
    return 0
  },
}

async function serveUntil(signal: AbortSignal, config: Config, terminal: Terminal): Promise<void> {
  const log = createLog(config, terminal.screen)
  const onKey = (key: ConfiguredKey) => printKey(key, terminal)
  const server = await serve(config, { log, signal, onKey }).catch((error) => {
    if (signal.aborted && error === signal.reason) return null
    throw error
  })
  if (server === null) return
  printAddress(server, config, terminal)
  if (terminal.isTTY || config.printSignIn) await printSignIn(server, config, terminal)
  if (!signal.aborted) await once(signal, 'abort')
  await server.stop()
}

function printKey(key: ConfiguredKey, { print }: Terminal): void {
  if (key.from === 'file' && key.made !== null)
    print(`API key (full access, printed only now, stored in ${key.file}): ${key.made}`)
  if (key.from === 'elsewhere')
    print(
      'The database has an API key that this directory does not contain; bursar key create makes one',
    )
}

/**
 * Only for a person who reads it now: under a service manager, it would stand in a log. A server
 * that cannot write now, as on a standby, starts without it.
 */
async function printSignIn(server: ServerHandle, config: Config, terminal: Terminal) {
  const code = await server.makeSignInCode().catch(() => null)
  if (code === null) return
  const link = signInLink(baseUrlOf(config) ?? server.url, code)
  terminal.print(`Sign in to the console within 5 minutes (later: bursar console): ${link}`)
}

function printAddress(server: ServerHandle, config: Config, { print }: Terminal): void {
  if (config.testClock)
    print('The clock can be moved by POST /test/clock: never do this in production')
  const where = server.clusterDir === null ? 'DATABASE_URL' : server.clusterDir
  print(`Bursar is listening on ${server.url} (database: ${where})`)
}
