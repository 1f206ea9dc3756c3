import { makeSignInCode, SESSION_KINDS } from '../access/index.ts'
import { oneOf, readArguments, takePositionals } from './arguments.ts'
import type { Command } from './command.ts'
import { urlOf } from './server-of.ts'
import type { Terminal } from './terminal.ts'
import { commandConfig, requireEnvironment, withApp } from './with-app.ts'

export const consoleCommand: Command = {
  summary: 'print a link that signs in to the console',
  usage: `Usage: bursar console [--environment <id>] [--kind <kind>] [--url <url>]

Prints a link to standard output, and nothing else. The link works once, within 5 minutes. Whoever
opens it gets an API key of their own for 12 hours, which bursar key list shows.

  --environment  the environment to open (default: default)
  --kind         what the key may do: ${SESSION_KINDS.join(', ')}
                 (default: full-access)
  --url          the address of the server, if it is not the configured one`,
  run,
}

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    environment: { type: 'string', default: 'default' },
    kind: { type: 'string', default: 'full-access' },
    url: { type: 'string' },
  })
  takePositionals(positionals)
  const kind = oneOf('--kind', values.kind, SESSION_KINDS)
  const baseUrl = urlOf(values.url, commandConfig(terminal))
  const code = await withApp(terminal, async (app) =>
    makeSignInCode(app, await requireEnvironment(app, values.environment), kind),
  )
  terminal.note(`Opens the environment ${values.environment} (${kind}), once, within 5 minutes:`)
  terminal.print(signInLink(baseUrl, code.text))
  return 0
}

/** Browsers send the fragment of a URL to no server, so no log contains the code. */
export const signInLink = (baseUrl: string, code: string): string =>
  `${baseUrl}/sign-in#code=${code}`
